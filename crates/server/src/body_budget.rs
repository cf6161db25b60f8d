//! How many bytes of request bodies are in memory, of all requests together: each has a bound of its own, and many at once do not
//! add up to more than the machine has.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ferrocast_protocol::{ApiError, ErrorCode};

use crate::error::Failure;

/// Bodies up to this size do not count: the bound on connections bounds them too, and most requests are spared the count.
const UNCOUNTED: usize = 4 << 10;

/// When to come back: by then some of what is being read has been answered.
const RETRY: Duration = Duration::from_secs(1);

/// The bytes that all requests may hold.
#[derive(Debug)]
pub(crate) struct BodyBudget {
    most: usize,
    held: AtomicUsize,
}

impl BodyBudget {
    /// Of so many bytes.
    pub(crate) fn new(most: usize) -> Arc<BodyBudget> {
        Arc::new(BodyBudget { most, held: AtomicUsize::new(0) })
    }

    /// Bytes that are held now.
    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    fn try_take(&self, bytes: usize) -> bool {
        let room = |held: usize| held.checked_add(bytes).filter(|&held| held <= self.most);
        self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_ok()
    }
}

/// What one request holds of it, given back with the request.
#[derive(Debug)]
pub(crate) struct HeldBytes {
    budget: Arc<BodyBudget>,
    bytes: AtomicUsize,
}

impl HeldBytes {
    /// Nothing yet.
    pub(crate) fn none_of(budget: Arc<BodyBudget>) -> HeldBytes {
        HeldBytes { budget, bytes: AtomicUsize::new(0) }
    }

    /// Whether a body that says it has so many bytes, or does not say, counts at all.
    pub(crate) fn counts(declared: Option<usize>) -> bool {
        declared.is_none_or(|bytes| bytes > UNCOUNTED)
    }

    /// Holds so many bytes in all, if it held fewer.
    ///
    /// # Errors
    /// If the budget does not have them; what was held is still held.
    pub(crate) fn grow_to(&self, bytes: usize) -> Result<(), Failure> {
        // Only one thread at a time reads or unpacks a body.
        let more = bytes.saturating_sub(self.bytes.load(Ordering::Relaxed));
        if bytes > self.budget.most {
            return Err(self.too_large());
        }
        if more > 0 && !self.budget.try_take(more) {
            return Err(self.full());
        }
        self.bytes.fetch_add(more, Ordering::Relaxed);
        Ok(())
    }

    /// It would not fit if there were no other.
    fn too_large(&self) -> Failure {
        let message = format!("The body takes more than {} bytes of memory (limits.in_flight_bytes)", self.budget.most);
        ApiError::new(ErrorCode::PayloadTooLarge, message).into()
    }

    fn full(&self) -> Failure {
        let most = self.budget.most;
        let message = format!(
            "The requests under way hold {most} bytes of bodies (limits.in_flight_bytes), so there is no room for this one"
        );
        ApiError::new(ErrorCode::Overloaded, message).with_retry_after(RETRY).into()
    }
}

impl Drop for HeldBytes {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(*self.bytes.get_mut(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{BodyBudget, HeldBytes};

    #[test]
    fn requests_share_the_budget_and_give_it_back() {
        let budget = BodyBudget::new(100);
        let (first, second) = (HeldBytes::none_of(Arc::clone(&budget)), HeldBytes::none_of(Arc::clone(&budget)));
        first.grow_to(60).unwrap();
        first.grow_to(50).unwrap();
        assert_eq!(budget.held(), 60);
        let refused = second.grow_to(41).unwrap_err();
        assert!(refused.api_error().message.contains("limits.in_flight_bytes"));
        assert_eq!((refused.api_error().code.status(), refused.api_error().retry_after_seconds()), (429, Some(1)));
        second.grow_to(40).unwrap();
        first.grow_to(61).unwrap_err();
        // What would not fit alone will not do so later.
        assert_eq!(first.grow_to(101).unwrap_err().api_error().code.status(), 413);
        drop(first);
        second.grow_to(100).unwrap();
        drop(second);
        assert_eq!(budget.held(), 0);
    }

    #[test]
    fn no_number_of_bytes_overflows() {
        let budget = BodyBudget::new(usize::MAX);
        let (first, second) = (HeldBytes::none_of(Arc::clone(&budget)), HeldBytes::none_of(budget));
        first.grow_to(usize::MAX).unwrap();
        second.grow_to(1).unwrap_err();
    }
}
