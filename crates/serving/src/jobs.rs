//! Work for a request that is no prediction, and too much for the thread that reads requests.

use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ferrocast_batch::{BatchObserver, BatchPolicy, BatchRunner, Pool, Priority, Queue, Rejected, TicketError};

use crate::ServeError;
use crate::execute::by_deadline;

/// When to come back if too much waits.
const FULL_RETRY: Duration = Duration::from_secs(1);

/// The queue of all such work.
#[derive(Debug)]
pub(crate) struct Jobs(Queue<JobRunner>);

type Outcome = Box<dyn Any + Send>;

/// One piece of work.
struct Job {
    /// The memory that it holds while it waits.
    bytes: usize,
    work: Box<dyn FnOnce() -> Outcome + Send>,
}

#[derive(Debug)]
struct JobRunner;

impl BatchRunner for JobRunner {
    type Item = Job;
    type Output = Outcome;
    type Error = Infallible;

    fn rows(&self, _: &Job) -> usize {
        1
    }

    fn bytes(&self, job: &Job) -> usize {
        job.bytes
    }

    fn can_join(&self, _: &Job, _: &Job) -> bool {
        false
    }

    fn split(&self, job: Job, _: usize) -> Vec<Job> {
        vec![job]
    }

    fn join(&self, outcomes: Vec<Outcome>) -> Result<Outcome, Infallible> {
        // Nothing is ever cut.
        Ok(outcomes.into_iter().next().unwrap_or_else(|| Box::new(())))
    }

    fn run(&self, jobs: Vec<Job>) -> Vec<Result<Outcome, Infallible>> {
        jobs.into_iter().map(|job| Ok((job.work)())).collect()
    }
}

/// Nobody counts jobs yet.
struct Unobserved;

impl BatchObserver for Unobserved {}

impl Jobs {
    pub(crate) fn new(pool: &Pool) -> Jobs {
        Jobs(pool.queue(Arc::new(JobRunner), BatchPolicy::default(), Arc::new(Unobserved)))
    }

    /// Does the work on the pool. `bytes` is the memory that it holds while it waits.
    ///
    /// # Errors
    /// [`ServeError::JobsFull`], [`ServeError::DeadlineExceeded`], [`ServeError::ShuttingDown`]; [`ServeError::Job`] if it
    /// panics.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        bytes: usize,
        deadline: Option<Instant>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ServeError> {
        let job = Job { bytes, work: Box::new(|| Box::new(work())) };
        let ticket = self.0.try_submit(job, Priority::Live, deadline).map_err(|refused| match refused {
            Rejected::Full(_) => ServeError::JobsFull { retry_after: FULL_RETRY },
            Rejected::Closed(_) => ServeError::ShuttingDown,
        })?;
        let done = by_deadline(ticket, deadline).await.map_err(|error| match error {
            TicketError::Expired => ServeError::DeadlineExceeded,
            TicketError::Closed => ServeError::ShuttingDown,
            TicketError::Run(never) => match never {},
            TicketError::Panicked | TicketError::Unanswered => ServeError::Job,
        })?;
        done.output.downcast().map(|outcome| *outcome).map_err(|_| ServeError::Job)
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}
