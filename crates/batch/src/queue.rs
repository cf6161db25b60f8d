//! One queue of a pool: what waits, what runs, and when it wants its next turn.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::part::Part;
use crate::schedule::{Schedule, Scheduled, Work};
use crate::sync::{Mutex, lock};
use crate::ticket::{Promise, Withdraw};
use crate::turns::Turn;
use crate::waiting::{Assembly, Entry, Size, Waiting};
use crate::{BatchObserver, BatchPolicy, BatchRunner, ClosedBy, Priority, Rejected, Ticket, TicketError};

/// A bounded queue whose items run on the threads of a [`Pool`](crate::Pool). Clones are the same queue.
pub struct Queue<R: BatchRunner>(Arc<Inner<R>>);

/// The ticket of an item of such a runner.
pub type TicketOf<R> = Ticket<<R as BatchRunner>::Output, <R as BatchRunner>::Error>;

/// What waits in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueLoad {
    /// Items, or pieces of items, that wait.
    pub items: usize,
    /// Their rows.
    pub rows: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Threads that work for the queue: a moment longer than their runs take, as they answer the tickets first.
    pub running: usize,
    /// For how long the oldest has waited.
    pub oldest: Duration,
}

impl<R: BatchRunner> Queue<R> {
    pub(crate) fn new(
        runner: Arc<R>,
        policy: BatchPolicy,
        observer: Arc<dyn BatchObserver>,
        schedule: Arc<Schedule>,
    ) -> Queue<R> {
        let state = Mutex::new(State::new());
        Queue(Arc::new(Inner { runner, policy, observer, schedule, state }))
    }

    pub(crate) fn scheduled(&self) -> Arc<dyn Scheduled> {
        Arc::clone(&self.0) as Arc<dyn Scheduled>
    }

    /// Takes an item, or refuses it at once; never waits. An item whose deadline passes before it runs does not run.
    ///
    /// # Errors
    /// [`Rejected::Full`] if too much waits, [`Rejected::Closed`] once the pool is shutting down.
    pub fn try_submit(
        &self,
        item: R::Item,
        priority: Priority,
        deadline: Option<Instant>,
    ) -> Result<TicketOf<R>, Rejected<R::Item>> {
        let inner = &self.0;
        let size = inner.size(&item);
        let submitted = inner.schedule.clock().now();
        let (promise, seed) = Promise::new();
        let mut state = lock(&inner.state);
        if state.closed {
            return Err(Rejected::Closed(item));
        }
        if !state.waiting.has_room(size, priority, &inner.policy) {
            drop(state);
            inner.observer.rejected();
            return Err(Rejected::Full(item));
        }
        let id = state.next_id;
        state.next_id += 1;
        let Size { rows, bytes } = size;
        let part = Part::Whole(promise);
        state.waiting.push(Entry { id, item, rows, bytes, submitted, deadline, part, priority, uncuttable: false });
        inner.ask_next(&mut state, submitted);
        drop(state);
        Ok(seed.ticket(id, deadline, Arc::clone(inner) as Arc<dyn Withdraw>))
    }

    /// What waits now.
    pub fn load(&self) -> QueueLoad {
        let now = self.0.schedule.clock().now();
        let state = lock(&self.0.state);
        let Size { rows, bytes } = state.waiting.size();
        let oldest = state.waiting.oldest().map_or(Duration::ZERO, |oldest| now.saturating_duration_since(oldest));
        QueueLoad { items: state.waiting.len(), rows, bytes, running: state.running, oldest }
    }

    /// The limits.
    pub fn policy(&self) -> &BatchPolicy {
        &self.0.policy
    }
}

impl<R: BatchRunner> Clone for Queue<R> {
    fn clone(&self) -> Queue<R> {
        Queue(Arc::clone(&self.0))
    }
}

impl<R: BatchRunner> fmt::Debug for Queue<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("policy", &self.0.policy).field("load", &self.load()).finish_non_exhaustive()
    }
}

pub(crate) struct Inner<R: BatchRunner> {
    pub(crate) runner: Arc<R>,
    pub(crate) policy: BatchPolicy,
    pub(crate) observer: Arc<dyn BatchObserver>,
    pub(crate) schedule: Arc<Schedule>,
    state: Mutex<State<R>>,
}

/// An entry of the queue of such a runner.
pub(crate) type EntryOf<R> = Entry<<R as BatchRunner>::Item, Part<R>>;

struct State<R: BatchRunner> {
    waiting: Waiting<R::Item, Part<R>>,
    next_id: u64,
    /// Threads that work for this queue.
    running: usize,
    /// No more items are taken.
    closed: bool,
    /// What waited has been refused, and what would wait is too.
    refused: bool,
    /// The turns that the queue has asked for and not had yet.
    asked: Asked,
}

#[derive(Debug, Default)]
struct Asked {
    live: bool,
    background: bool,
    later: Option<(Instant, Priority)>,
}

impl<R: BatchRunner> State<R> {
    fn new() -> State<R> {
        State {
            waiting: Waiting::new(),
            next_id: 0,
            running: 0,
            closed: false,
            refused: false,
            asked: Asked::default(),
        }
    }

    /// The turn to ask for now, if any: there is something to run, a thread may work for it, and no turn that comes as
    /// early has been asked for.
    fn next_turn(&mut self, policy: &BatchPolicy, now: Instant) -> Option<Turn> {
        let priority = self.waiting.next_priority()?;
        if !self.may_run(policy) || self.asked.live {
            return None;
        }
        if let Some(due) = self.delayed_until(policy, now) {
            let is_asked = |(asked, before)| asked <= due && (before == priority || before == Priority::Live);
            if self.asked.later.is_some_and(is_asked) {
                return None;
            }
            self.asked.later = Some((due, priority));
            return Some(Turn::At(due, priority));
        }
        let asked = match priority {
            Priority::Live => &mut self.asked.live,
            Priority::Background => &mut self.asked.background,
        };
        (!std::mem::replace(asked, true)).then_some(Turn::Now(priority))
    }

    fn may_run(&self, policy: &BatchPolicy) -> bool {
        policy.max_concurrency.is_none_or(|most| self.running < most)
    }

    /// Until when a run may wait to fill up; `None` if it may not, or is full.
    fn delayed_until(&self, policy: &BatchPolicy, now: Instant) -> Option<Instant> {
        let Size { rows, bytes } = self.waiting.size();
        if policy.max_delay.is_zero() || self.closed || rows >= policy.max_rows || bytes >= policy.max_bytes {
            return None;
        }
        self.waiting.patient_until(policy.max_delay).filter(|due| *due > now)
    }

    fn had(&mut self, turn: Turn) {
        match turn {
            Turn::Now(Priority::Live) => self.asked.live = false,
            Turn::Now(Priority::Background) => self.asked.background = false,
            Turn::At(due, priority) if self.asked.later == Some((due, priority)) => self.asked.later = None,
            // Another one has been asked for since.
            Turn::At(..) => {}
        }
    }
}

impl<R: BatchRunner> Inner<R> {
    /// Asks for the next turn, if there is one to ask for. Under the lock of the state: once the queue is closed, and
    /// its lock was free for that, no turn comes that the threads have not seen before they end.
    fn ask_next(self: &Arc<Self>, state: &mut State<R>, now: Instant) {
        if let Some(turn) = state.next_turn(&self.policy, now) {
            self.schedule.ask(Arc::clone(self) as Arc<dyn Scheduled>, turn);
        }
    }

    pub(crate) fn size(&self, item: &R::Item) -> Size {
        Size { rows: self.runner.rows(item).max(1), bytes: self.runner.bytes(item) }
    }

    /// Puts the pieces of an entry that was taken to be cut, but for the first, where it stood.
    pub(crate) fn put_back(self: &Arc<Self>, pieces: Vec<EntryOf<R>>, whole: Size) {
        let now = self.schedule.clock().now();
        let mut state = lock(&self.state);
        let refused = state.refused;
        let (unwanted, pieces): (Vec<_>, Vec<_>) =
            pieces.into_iter().partition(|piece| refused || piece.part.is_abandoned());
        state.waiting.put_back(pieces, whole);
        self.ask_next(&mut state, now);
        drop(state);
        match refused {
            true => refuse_closed::<R>(unwanted),
            false => self.dismiss(Vec::new(), unwanted),
        }
    }

    /// Tells those whose entries are past running.
    fn dismiss(&self, expired: Vec<EntryOf<R>>, abandoned: Vec<EntryOf<R>>) {
        for entry in abandoned {
            contained(|| drop(entry));
            contained(|| self.observer.abandoned());
        }
        for entry in expired {
            contained(|| entry.part.refuse(TicketError::Expired));
            contained(|| self.observer.expired());
        }
    }
}

impl<R: BatchRunner> Scheduled for Inner<R> {
    fn take(self: Arc<Self>, turn: Turn) -> Option<Work> {
        let now = self.schedule.clock().now();
        let mut state = lock(&self.state);
        state.had(turn);
        if !state.may_run(&self.policy) {
            return None;
        }
        let mut taken = Assembly::default();
        if state.delayed_until(&self.policy, now).is_none() {
            // Who cannot even tell runs alone.
            let can_join = |first: &R::Item, next: &R::Item| {
                catch_unwind(AssertUnwindSafe(|| self.runner.can_join(first, next))).unwrap_or(false)
            };
            taken = state.waiting.assemble(now, &self.policy, can_join, Part::is_abandoned);
        }
        let working = (!taken.batch.is_empty()).then(|| Working::begin(&self, &mut state));
        self.ask_next(&mut state, now);
        drop(state);
        self.dismiss(taken.expired, taken.abandoned);
        let working = working?;
        let delayed = taken.closed_by == ClosedBy::Drained && !self.policy.max_delay.is_zero();
        let closed_by = if delayed { ClosedBy::Delay } else { taken.closed_by };
        Some(Box::new(move || {
            let _working = working;
            self.carry_out(taken.batch, closed_by);
        }))
    }

    fn close(&self) {
        lock(&self.state).closed = true;
    }

    fn refuse_waiting(&self) -> usize {
        let mut state = lock(&self.state);
        state.refused = true;
        let waiting = state.waiting.drain();
        drop(state);
        let count = waiting.len();
        refuse_closed::<R>(waiting);
        count
    }
}

impl<R: BatchRunner> Withdraw for Inner<R> {
    fn withdraw(&self, id: u64) {
        let taken = lock(&self.state).waiting.withdraw(id);
        if taken.is_empty() {
            return;
        }
        // Whoever gives up when the time is up has not gone.
        let now = self.schedule.clock().now();
        let (expired, abandoned) = taken.into_iter().partition(|entry| entry.is_expired(now));
        self.dismiss(expired, abandoned);
    }
}

fn refuse_closed<R: BatchRunner>(entries: Vec<EntryOf<R>>) {
    for entry in entries {
        contained(|| entry.part.refuse(TicketError::Closed));
    }
}

/// Runs what may panic in code that is not of this crate: wakers, observers, and items that are dropped. The others of
/// its batch must not suffer for it.
pub(crate) fn contained(part: impl FnOnce()) {
    drop(catch_unwind(AssertUnwindSafe(part)));
}

/// A thread that works for the queue, until it is dropped: also when what runs panics.
struct Working<R: BatchRunner>(Arc<Inner<R>>);

impl<R: BatchRunner> Working<R> {
    fn begin(inner: &Arc<Inner<R>>, state: &mut State<R>) -> Working<R> {
        state.running += 1;
        Working(Arc::clone(inner))
    }
}

impl<R: BatchRunner> Drop for Working<R> {
    fn drop(&mut self) {
        let inner = &self.0;
        let mut state = lock(&inner.state);
        state.running -= 1;
        inner.ask_next(&mut state, inner.schedule.clock().now());
    }
}
