//! A limit on how many may be inside at a time, without waiting.

use std::fmt;

use crate::sync::atomic::{AtomicUsize, Ordering};

/// Lets so many in at a time, and nobody wait: whoever finds it full is to be turned away.
pub struct Gate {
    inside: AtomicUsize,
    limit: usize,
}

impl Gate {
    /// A gate for at most `limit` at a time.
    pub fn new(limit: usize) -> Gate {
        Gate { inside: AtomicUsize::new(0), limit }
    }

    /// Lets one in unless it is full. Dropping the permit lets the next one in.
    pub fn try_enter(&self) -> Option<Permit<'_>> {
        // Nothing is published through the counter, so that its own consistency is all there is to order.
        let more = |inside: usize| (inside < self.limit).then_some(inside + 1);
        self.inside.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Permit { inside: &self.inside })
    }

    /// How many are inside.
    pub fn inside(&self) -> usize {
        self.inside.load(Ordering::Relaxed)
    }

    /// How many may be.
    pub fn limit(&self) -> usize {
        self.limit
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("inside", &self.inside()).field("limit", &self.limit).finish()
    }
}

/// A place inside of a [`Gate`], until it is dropped.
pub struct Permit<'a> {
    inside: &'a AtomicUsize,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.inside.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Permit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::Gate;

    #[test]
    fn so_many_and_no_more() {
        let gate = Gate::new(2);
        let (first, second) = (gate.try_enter(), gate.try_enter());
        assert!(first.is_some() && second.is_some() && gate.try_enter().is_none());
        drop(first);
        assert_eq!(gate.inside(), 1);
        assert!(gate.try_enter().is_some());
        assert!(Gate::new(0).try_enter().is_none());
    }
}

#[cfg(test)]
#[cfg(loom)]
mod loom_tests {
    use std::sync::Arc;

    use loom::thread;

    use super::Gate;

    #[test]
    fn never_more_inside_than_the_limit_and_none_left_behind() {
        loom::model(|| {
            let gate = Arc::new(Gate::new(1));
            let visits: Vec<_> = (0..2)
                .map(|_| {
                    let gate = Arc::clone(&gate);
                    thread::spawn(move || {
                        let permit = gate.try_enter();
                        assert!(gate.inside() <= 1);
                        permit.is_some()
                    })
                })
                .collect();
            let entered: Vec<bool> = visits.into_iter().map(|visit| visit.join().unwrap()).collect();
            assert!(entered.contains(&true));
            assert_eq!(gate.inside(), 0);
        });
    }
}
