//! Who does the tasks, and who delivers their ends: the two things that this crate cannot do itself.

use std::time::Duration;

use bytes::Bytes;

use crate::{BoxFuture, Claim, Delivery, DeliveryVerdict};

/// Does tasks.
pub trait Worker: Send + Sync + 'static {
    /// Tries a task once. The future is dropped if the task is called off meanwhile; a panic counts as a failed attempt.
    ///
    /// A task may be tried again after it was done, if the process died before that was stored: the same payload must
    /// do no harm the second time.
    fn run(&self, claim: Claim) -> BoxFuture<'_, Attempt>;
}

/// What came of trying a task once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// It is done, with this result.
    Done(Bytes),
    /// It cannot be done, now or later.
    Failed(Failure),
    /// It may go better another time; too many of these, and it has failed so.
    TryAgain(Failure),
    /// It could not be begun. This does not count.
    NotNow(Duration),
}

/// Why a task was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// A word for programs.
    pub code: String,
    /// A sentence for people.
    pub message: String,
}

/// Delivers the ends of tasks.
pub trait Courier: Send + Sync + 'static {
    /// Tries once to deliver. It may be asked again after a success, if the process died before that was stored. A panic counts
    /// as a callback that is not to be sent any more, as the next attempt would hardly end otherwise.
    fn deliver(&self, delivery: Delivery) -> BoxFuture<'_, DeliveryVerdict>;
}
