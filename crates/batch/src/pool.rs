//! A fixed number of named threads that work for any number of queues.

use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::sync::{Arc, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::schedule::{Schedule, Scheduled};
use crate::sync::{Condvar, Mutex, lock};
use crate::{BatchObserver, BatchPolicy, BatchRunner, Queue};

/// Nobody waits as long for company.
const LONGEST_DELAY: Duration = Duration::from_secs(3600);

/// How many threads, and what they are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolConfig {
    /// The threads.
    pub threads: NonZeroUsize,
    /// What each is called, with its number behind: `name-0`.
    pub name: String,
}

/// A fixed number of threads that run the batches of any number of queues, each queue in its turn.
///
/// Dropping the pool stops the intake of all its queues; what waits then is still run.
pub struct Pool {
    schedule: Arc<Schedule>,
    queues: Mutex<Queues>,
    crew: Arc<Crew>,
    threads: NonZeroUsize,
}

impl Pool {
    /// Starts the threads.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn new(config: &PoolConfig) -> io::Result<Pool> {
        let pool = Pool::idle(Clock::System, config.threads);
        for number in 0..config.threads.get() {
            let schedule = Arc::clone(&pool.schedule);
            let at_work = Crew::join(&pool.crew);
            thread::Builder::new().name(format!("{}-{number}", config.name)).spawn(move || {
                let _at_work = at_work;
                while schedule.work_once() {}
            })?;
        }
        Ok(pool)
    }

    /// A pool whose work is done by whoever calls [`Schedule::work_once`].
    pub(crate) fn idle(clock: Clock, threads: NonZeroUsize) -> Pool {
        let schedule = Arc::new(Schedule::new(clock));
        Pool { schedule, queues: Mutex::new(Queues::default()), crew: Arc::new(Crew::new()), threads }
    }

    /// A queue whose items these threads run. Its work ends with the last of its handles and tickets.
    pub fn queue<R: BatchRunner>(
        &self,
        runner: Arc<R>,
        policy: BatchPolicy,
        observer: Arc<dyn BatchObserver>,
    ) -> Queue<R> {
        let max_concurrency = Some(self.concurrency(policy.max_concurrency));
        let max_rows = policy.max_rows.max(1);
        // Longer ones could not be added to a time.
        let max_delay = policy.max_delay.min(LONGEST_DELAY);
        let policy = BatchPolicy { max_concurrency, max_rows, max_delay, ..policy };
        let queue = Queue::new(runner, policy, observer, Arc::clone(&self.schedule));
        let scheduled = queue.scheduled();
        let mut queues = lock(&self.queues);
        if queues.closed {
            scheduled.close();
        }
        queues.all.retain(|queue| queue.strong_count() > 0);
        queues.all.push(Arc::downgrade(&scheduled));
        queue
    }

    /// The threads that a queue gets at a time: as many as it wants and there are, and all but one if it does not say.
    pub fn concurrency(&self, wanted: Option<usize>) -> usize {
        let all = self.threads.get();
        wanted.unwrap_or(all - 1).clamp(1, all)
    }

    /// Stops the intake, lets what waits run until `deadline`, and then answers the rest with
    /// [`TicketError::Closed`](crate::TicketError::Closed). Returns when all threads have ended or the deadline has
    /// passed: how many items, or pieces of items, were refused. A run is never interrupted; one that goes on after the
    /// deadline still answers its tickets when it ends.
    pub fn shutdown(&self, deadline: Instant) -> usize {
        self.close();
        if self.crew.gone_by(deadline) {
            return 0;
        }
        lock(&self.queues).in_use().iter().map(|queue| queue.refuse_waiting()).sum()
    }

    pub(crate) fn close(&self) {
        let mut queues = lock(&self.queues);
        queues.closed = true;
        let in_use = queues.in_use();
        drop(queues);
        in_use.iter().for_each(|queue| queue.close());
        self.schedule.close();
    }

    #[cfg(test)]
    pub(crate) fn schedule(&self) -> Arc<Schedule> {
        Arc::clone(&self.schedule)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads).finish_non_exhaustive()
    }
}

/// The queues of a pool, for its end.
#[derive(Default)]
struct Queues {
    all: Vec<Weak<dyn Scheduled>>,
    closed: bool,
}

impl Queues {
    fn in_use(&self) -> Vec<Arc<dyn Scheduled>> {
        self.all.iter().filter_map(Weak::upgrade).collect()
    }
}

/// The threads that have not ended.
struct Crew {
    count: Mutex<usize>,
    changed: Condvar,
}

impl Crew {
    fn new() -> Crew {
        Crew { count: Mutex::new(0), changed: Condvar::new() }
    }

    fn join(crew: &Arc<Crew>) -> AtWork {
        *lock(&crew.count) += 1;
        AtWork(Arc::clone(crew))
    }

    /// Waits until all have ended; whether they did in time.
    fn gone_by(&self, deadline: Instant) -> bool {
        let mut count = lock(&self.count);
        while *count > 0 {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else { return false };
            count = self.changed.wait_timeout(count, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

/// One thread of a crew, until it is dropped.
struct AtWork(Arc<Crew>);

impl Drop for AtWork {
    fn drop(&mut self) {
        *lock(&self.0.count) -= 1;
        self.0.changed.notify_all();
    }
}
