//! The buckets of a limiter, of which there can be no more than so many.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;

/// When each key has its whole burst again: the "theoretical arrival time" of GCRA, counted from the beginning of the
/// limiter. A full table takes no new keys: those that it does not know share one bucket, so that whoever fills it gets
/// through no more often than one of them.
#[derive(Debug)]
pub(super) struct Table<K> {
    most_entries: usize,
    full_again: Mutex<FullAgain<K>>,
}

#[derive(Debug)]
struct FullAgain<K> {
    known: HashMap<K, Nanos>,
    /// Of all others together.
    others: Option<Nanos>,
}

impl<K> Table<K> {
    pub(super) fn new(most_entries: usize) -> Table<K> {
        Table { most_entries, full_again: Mutex::new(FullAgain { known: HashMap::new(), others: None }) }
    }

    fn lock(&self) -> MutexGuard<'_, FullAgain<K>> {
        self.full_again.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash> StateStore for Table<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut at = self.lock();
        if let Some(known) = at.known.get_mut(key) {
            let (answer, next) = decide(Some(*known))?;
            *known = next;
            return Ok(answer);
        }
        if at.known.len() >= self.most_entries {
            let (answer, next) = decide(at.others)?;
            at.others = Some(next);
            return Ok(answer);
        }
        let (answer, next) = decide(None)?;
        at.known.insert(key.clone(), next);
        Ok(answer)
    }
}

impl<K: Clone + Eq + Hash> ShrinkableKeyedStateStore<K> for Table<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        self.lock().known.retain(|_, at| *at > drop_below);
    }

    fn len(&self) -> usize {
        self.lock().known.len()
    }

    fn is_empty(&self) -> bool {
        self.lock().known.is_empty()
    }
}
