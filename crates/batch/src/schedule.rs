//! Who works next: queues ask for turns, threads take them, and sleep while there are none.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use crate::clock::Clock;
use crate::sync::{Condvar, Mutex, lock};
use crate::turns::{Turn, Turns};

/// A queue, whatever its items are.
pub(crate) trait Scheduled: Send + Sync {
    /// What there is to do in this turn; `None` if that has been done meanwhile.
    fn take(self: Arc<Self>, turn: Turn) -> Option<Work>;

    /// Takes no more items.
    fn close(&self);

    /// Answers all that waits with a refusal; how much that was.
    fn refuse_waiting(&self) -> usize;
}

/// One batch to run.
pub(crate) type Work = Box<dyn FnOnce() + Send>;

/// What the queues and the threads of a pool share.
pub(crate) struct Schedule {
    clock: Clock,
    line: Mutex<Line>,
    /// A thread sleeps on it while there is no turn to take.
    wake: Condvar,
}

struct Line {
    turns: Turns<Arc<dyn Scheduled>>,
    /// Threads that sleep.
    idle: usize,
    /// Threads that have a turn in hand, or run what came of it: more turns may come of that.
    busy: usize,
    /// No turns come after those that are there.
    closing: bool,
}

impl Schedule {
    pub(crate) fn new(clock: Clock) -> Schedule {
        let line = Line { turns: Turns::new(), idle: 0, busy: 0, closing: false };
        Schedule { clock, line: Mutex::new(line), wake: Condvar::new() }
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Puts a queue in line, and wakes a thread for it if one sleeps.
    pub(crate) fn ask(&self, queue: Arc<dyn Scheduled>, turn: Turn) {
        let mut line = lock(&self.line);
        line.turns.ask(queue, turn);
        let sleeps = line.idle > 0;
        drop(line);
        if sleeps {
            self.wake.notify_one();
        }
    }

    /// Waits for a turn and works through it; `false` when there will be none any more.
    pub(crate) fn work_once(&self) -> bool {
        let Some((queue, turn)) = self.next_turn() else { return false };
        let busy = Busy(self);
        // Panics of a runner are caught where it is called, so that its tickets can tell. This is for those of observers,
        // of wakers and of items that are dropped, which must not cost a thread.
        let worked = catch_unwind(AssertUnwindSafe(|| {
            if let Some(work) = queue.take(turn) {
                work();
            }
        }));
        drop(busy);
        drop(worked);
        true
    }

    /// A batch that a thread would run, if there is one now.
    #[cfg(test)]
    pub(crate) fn try_next(&self) -> Option<Work> {
        loop {
            let (queue, turn) = lock(&self.line).turns.next(|| self.clock.now())?;
            if let Some(work) = queue.take(turn) {
                return Some(work);
            }
        }
    }

    fn next_turn(&self) -> Option<(Arc<dyn Scheduled>, Turn)> {
        let mut line = lock(&self.line);
        loop {
            if let Some(next) = line.turns.next(|| self.clock.now()) {
                line.busy += 1;
                // Several may have become due at once, and the others may have gone to sleep before there was a time to
                // watch for.
                if line.idle > 0 && (line.turns.is_waited_for() || line.turns.next_due().is_some()) {
                    self.wake.notify_one();
                }
                return Some(next);
            }
            if line.closing && line.busy == 0 {
                return None;
            }
            line.idle += 1;
            line = match line.turns.next_due() {
                None => self.wake.wait(line).unwrap_or_else(PoisonError::into_inner),
                Some(due) => {
                    let left = due.saturating_duration_since(Instant::now());
                    self.wake.wait_timeout(line, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
            line.idle -= 1;
        }
    }

    /// Lets the threads end once nothing is left to do.
    pub(crate) fn close(&self) {
        let mut line = lock(&self.line);
        line.closing = true;
        line.turns.hurry();
        drop(line);
        self.wake.notify_all();
    }
}

/// A thread that has a turn in hand, until it is dropped.
struct Busy<'a>(&'a Schedule);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let mut line = lock(&self.0.line);
        line.busy -= 1;
        if line.closing && line.busy == 0 {
            drop(line);
            // They waited for what might still come.
            self.0.wake.notify_all();
        }
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schedule").finish_non_exhaustive()
    }
}
