//! Waiting for the loader thread, and what it reports.

use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

// The locks of std, or those that loom can interleave.
#[cfg(loom)]
use loom::sync::{Condvar, Mutex, MutexGuard};
#[cfg(not(loom))]
use std::sync::{Condvar, Mutex, MutexGuard};

use crate::error::LoadError;
use crate::name::Version;

/// A request that the loader thread works on: a future for any executor, or something to [`wait`](LoadTicket::wait) for.
/// Dropping it does not cancel the request.
#[derive(Debug)]
#[must_use = "the request goes on without it, but nobody learns how it ended"]
pub struct LoadTicket {
    answer: Result<Arc<Slot>, Option<LoadError>>,
}

impl LoadTicket {
    pub(crate) fn new(accepted: Result<Arc<Slot>, LoadError>) -> LoadTicket {
        LoadTicket { answer: accepted.map_err(Some) }
    }

    /// Blocks until every release that the request is about is ready, has failed, or is out of service.
    ///
    /// # Errors
    /// If the request could not be carried out. Releases that failed are in the report instead.
    pub fn wait(self) -> Result<LoadReport, LoadError> {
        let slot = self.answer.map_err(|error| error.unwrap_or(LoadError::Stopped))?;
        let mut state = slot.lock();
        loop {
            match state.outcome.take() {
                Some(outcome) => return outcome,
                None => state = slot.filled.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

impl Future for LoadTicket {
    type Output = Result<LoadReport, LoadError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.answer {
            Err(error) => Poll::Ready(Err(error.take().unwrap_or(LoadError::Stopped))),
            Ok(slot) => {
                let mut state = slot.lock();
                match state.outcome.take() {
                    Some(outcome) => Poll::Ready(outcome),
                    None => {
                        state.waker = Some(context.waker().clone());
                        Poll::Pending
                    }
                }
            }
        }
    }
}

/// Where the loader puts its report, once.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct State {
    outcome: Option<Result<LoadReport, LoadError>>,
    waker: Option<Waker>,
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fill(&self, outcome: Result<LoadReport, LoadError>) {
        let mut state = self.lock();
        state.outcome = Some(outcome);
        let waker = state.waker.take();
        drop(state);
        self.filled.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The loader's side of a ticket. Dropped without a report, it says that the loader has stopped.
#[derive(Debug)]
pub(crate) struct Promise(Option<Arc<Slot>>);

impl Promise {
    pub(crate) fn new() -> (Promise, Arc<Slot>) {
        let slot = Arc::new(Slot::default());
        (Promise(Some(Arc::clone(&slot))), slot)
    }

    pub(crate) fn keep(mut self, report: LoadReport) {
        if let Some(slot) = self.0.take() {
            slot.fill(Ok(report));
        }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if let Some(slot) = self.0.take() {
            slot.fill(Err(LoadError::Stopped));
        }
    }
}

/// What became of each release that a request was about, in the order of the work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// One for each version.
    pub outcomes: Vec<Outcome>,
}

impl LoadReport {
    /// Versions that failed, with reasons.
    pub fn failures(&self) -> impl Iterator<Item = (&Outcome, &Arc<str>)> {
        self.outcomes.iter().filter_map(|outcome| Some((outcome, outcome.result.as_ref().err()?)))
    }
}

/// What became of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The model.
    pub model: Arc<str>,
    /// The version.
    pub version: Version,
    /// What was done, or why it failed. After a failure an earlier load of the same version still serves.
    pub result: Result<Change, Arc<str>>,
}

/// What was done to a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Loaded and warmed up.
    Loaded {
        /// How long that took.
        took: Duration,
    },
    /// Its files are those that it serves from already.
    Unchanged,
    /// Taken out of service.
    Unloaded,
}

/// Every interleaving of the loader, which answers, and of the one who waits; loom finds a lost wake-up as a deadlock.
#[cfg(test)]
#[cfg(loom)]
mod loom_tests {
    use loom::future::block_on;
    use loom::thread;

    use super::{LoadError, LoadReport, LoadTicket, Promise};

    /// A ticket, and the thread that keeps its promise, or breaks it.
    fn promised(keeps: bool) -> (LoadTicket, thread::JoinHandle<()>) {
        let (promise, slot) = Promise::new();
        let loader = thread::spawn(move || if keeps { promise.keep(LoadReport::default()) } else { drop(promise) });
        (LoadTicket::new(Ok(slot)), loader)
    }

    #[test]
    fn who_waits_hears_of_the_end() {
        loom::model(|| {
            let (ticket, loader) = promised(true);
            assert!(ticket.wait().is_ok());
            loader.join().unwrap();
        });
    }

    #[test]
    fn who_awaits_hears_of_the_end() {
        loom::model(|| {
            let (ticket, loader) = promised(true);
            assert!(block_on(ticket).is_ok());
            loader.join().unwrap();
        });
    }

    #[test]
    fn a_broken_promise_is_heard_of() {
        loom::model(|| {
            let (ticket, loader) = promised(false);
            assert!(matches!(block_on(ticket), Err(LoadError::Stopped)));
            loader.join().unwrap();
        });
        loom::model(|| {
            let (ticket, loader) = promised(false);
            assert!(matches!(ticket.wait(), Err(LoadError::Stopped)));
            loader.join().unwrap();
        });
    }
}
