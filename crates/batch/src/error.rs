//! Refusals, and why an accepted item has no output.

/// Why an item was not taken, with the item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected<T> {
    /// Too much waits already.
    #[error("the queue is full")]
    Full(T),
    /// The pool is shutting down.
    #[error("the pool is shut down")]
    Closed(T),
}

impl<T> Rejected<T> {
    /// The item.
    pub fn into_item(self) -> T {
        match self {
            Rejected::Full(item) | Rejected::Closed(item) => item,
        }
    }
}

/// Why an accepted item has no output.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TicketError<E> {
    /// The runner says why.
    #[error(transparent)]
    Run(E),
    /// The runner panicked.
    #[error("the run panicked")]
    Panicked,
    /// The runner gave no answer for this item.
    #[error("the run gave no answer")]
    Unanswered,
    /// The deadline passed before the item, or a piece of it, ran, or before a caller who waits had the answer.
    #[error("the deadline passed")]
    Expired,
    /// The pool was shut down, and its patience ended, before the item ran.
    #[error("the pool is shut down")]
    Closed,
}
