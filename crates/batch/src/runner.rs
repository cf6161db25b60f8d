//! What a queue asks of its user: to run a few items at once.

/// Runs items, several at a time if they fit together.
///
/// Called on threads of the pool, except for [`rows`](BatchRunner::rows) and [`bytes`](BatchRunner::bytes), which are
/// called where an item is submitted.
pub trait BatchRunner: Send + Sync + 'static {
    /// What is submitted.
    type Item: Send + 'static;
    /// What it becomes.
    type Output: Send + 'static;
    /// Why an item has no output.
    type Error: Send + 'static;

    /// The size of an item, in whatever unit the policy's limits are meant. An item of none counts as one.
    fn rows(&self, item: &Self::Item) -> usize;

    /// The memory that an item occupies while it waits and that a run needs for it.
    fn bytes(&self, _item: &Self::Item) -> usize {
        0
    }

    /// Whether `next` may run together with `first`, which fits every other item of the run. Called under the lock of the
    /// queue: it must be quick, and must not touch the queue.
    fn can_join(&self, _first: &Self::Item, _next: &Self::Item) -> bool {
        true
    }

    /// Cuts an item into pieces of at most `max_rows` rows, in order. A runner whose items cannot be cut gives back the
    /// item alone, which then runs whatever its size.
    fn split(&self, item: Self::Item, max_rows: usize) -> Vec<Self::Item>;

    /// Puts the outputs of an item's pieces together again, in order. Called for items that were cut, only.
    ///
    /// # Errors
    /// If the outputs do not fit together.
    fn join(&self, outputs: Vec<Self::Output>) -> Result<Self::Output, Self::Error>;

    /// Runs the items: one answer for each, in their order. Items without an answer fail with
    /// [`TicketError::Unanswered`](crate::TicketError::Unanswered), and all of them with
    /// [`TicketError::Panicked`](crate::TicketError::Panicked) if this panics.
    fn run(&self, items: Vec<Self::Item>) -> Vec<Result<Self::Output, Self::Error>>;
}
