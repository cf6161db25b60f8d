//! The two ends of one answer: the pool holds the [`Promise`], the caller the [`Ticket`].

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::sync::{Condvar, Mutex, lock};
use crate::{BatchReport, TicketError};

/// An item's output and what became of it on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed<T> {
    /// The output.
    pub output: T,
    /// The run that made it.
    pub report: BatchReport,
}

/// What a ticket is answered with.
pub(crate) type Answer<T, E> = Result<Completed<T>, TicketError<E>>;

/// A promise of an answer: await it, or [`wait`](Ticket::wait) for it. Dropping it takes the item out of the queue, and
/// the room that it held is free at once; an item that runs already is finished, and its output dropped.
///
/// As a future it has no timer. An item whose deadline has passed never begins to run, but a caller who wants to hear of
/// it in time, although all threads are busy, awaits the ticket under a timeout of its executor.
#[must_use = "dropping the ticket cancels the item"]
pub struct Ticket<T, E> {
    cell: Arc<Cell<T, E>>,
    deadline: Option<Instant>,
    id: u64,
    queue: Arc<dyn Withdraw>,
}

/// Where a cancelled item is taken out.
pub(crate) trait Withdraw: Send + Sync {
    /// Forgets the item if it still waits.
    fn withdraw(&self, id: u64);
}

impl<T, E> Ticket<T, E> {
    /// Blocks this thread until the answer is there, or until the deadline of the item.
    ///
    /// # Errors
    /// [`TicketError`]; [`TicketError::Expired`] as soon as the deadline passes, whatever the threads do, also if the item
    /// runs already.
    pub fn wait(self) -> Result<Completed<T>, TicketError<E>> {
        let mut state = lock(&self.cell.state);
        loop {
            if let Some(answer) = state.take() {
                return answer;
            }
            state = match self.deadline {
                None => self.cell.answered.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let Some(left) = deadline.checked_duration_since(Instant::now()) else {
                        return Err(TicketError::Expired);
                    };
                    let woken = self.cell.answered.wait_timeout(state, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

impl<T, E> Future for Ticket<T, E> {
    type Output = Result<Completed<T>, TicketError<E>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = lock(&self.cell.state);
        if let Some(answer) = state.take() {
            return Poll::Ready(answer);
        }
        let State::Waiting(waker) = &mut *state else { return Poll::Pending };
        if waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            return Poll::Pending;
        }
        let before = waker.replace(context.waker().clone());
        drop(state);
        // Without the lock: it may be the last that holds a task, and tasks hold tickets.
        drop(before);
        Poll::Pending
    }
}

impl<T, E> Drop for Ticket<T, E> {
    fn drop(&mut self) {
        let left = std::mem::replace(&mut *lock(&self.cell.state), State::Closed);
        if matches!(left, State::Waiting(_)) {
            self.queue.withdraw(self.id);
        }
    }
}

impl<T, E> fmt::Debug for Ticket<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("id", &self.id).field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

/// Where the answer passes from one end to the other.
struct Cell<T, E> {
    state: Mutex<State<T, E>>,
    answered: Condvar,
}

enum State<T, E> {
    /// No answer yet; the waker is that of the task that awaits it.
    Waiting(Option<Waker>),
    Answered(Answer<T, E>),
    /// The answer has been taken, or nobody wants it.
    Closed,
}

impl<T, E> State<T, E> {
    /// The answer, if there is one to take.
    fn take(&mut self) -> Option<Answer<T, E>> {
        match std::mem::replace(self, State::Closed) {
            State::Answered(answer) => Some(answer),
            // Only a future that is polled after it was ready comes here.
            State::Closed => Some(Err(TicketError::Unanswered)),
            waiting => {
                *self = waiting;
                None
            }
        }
    }
}

/// The pool's end. Whatever happens to it, the ticket gets one answer: dropped, it says
/// [`TicketError::Unanswered`].
pub(crate) struct Promise<T, E>(Option<Arc<Cell<T, E>>>);

impl<T, E> Promise<T, E> {
    /// A promise, and what to make the ticket of.
    pub(crate) fn new() -> (Promise<T, E>, TicketSeed<T, E>) {
        let cell = Arc::new(Cell { state: Mutex::new(State::Waiting(None)), answered: Condvar::new() });
        (Promise(Some(Arc::clone(&cell))), TicketSeed(cell))
    }

    /// Gives the answer, unless nobody wants it any more.
    pub(crate) fn answer(mut self, answer: Answer<T, E>) {
        self.settle(answer);
    }

    /// Whether nobody wants the answer any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.0.as_ref().is_none_or(|cell| matches!(*lock(&cell.state), State::Closed))
    }

    fn settle(&mut self, answer: Answer<T, E>) {
        let Some(cell) = self.0.take() else { return };
        let mut state = lock(&cell.state);
        if matches!(*state, State::Closed) {
            drop(state);
            // Here, without the lock: dropping an output may take long.
            return drop(answer);
        }
        let before = std::mem::replace(&mut *state, State::Answered(answer));
        drop(state);
        // Both: a ticket that has been polled may be waited for after all.
        cell.answered.notify_all();
        if let State::Waiting(Some(waker)) = before {
            waker.wake();
        }
    }
}

impl<T, E> Drop for Promise<T, E> {
    fn drop(&mut self) {
        self.settle(Err(TicketError::Unanswered));
    }
}

/// A ticket to be, of an item that is not in the queue yet.
pub(crate) struct TicketSeed<T, E>(Arc<Cell<T, E>>);

impl<T, E> TicketSeed<T, E> {
    pub(crate) fn ticket(self, id: u64, deadline: Option<Instant>, queue: Arc<dyn Withdraw>) -> Ticket<T, E> {
        Ticket { cell: self.0, deadline, id, queue }
    }
}
