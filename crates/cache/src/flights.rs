//! Computations under way: whoever asks for what is being computed waits for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use crate::entry::Entry;
use crate::key::CacheKey;

/// How a computation ended for all who waited. A failure that is one caller's own never gets here.
type Landing<E> = OnceCell<Result<Entry, Arc<E>>>;

/// The computations under way, by key. The lock is held for a look into the map and never while anything is computed.
pub(crate) struct Flights<E>(Mutex<HashMap<CacheKey, Flight<E>>>);

struct Flight<E> {
    landing: Arc<Landing<E>>,
    aboard: usize,
}

impl<E> Flights<E> {
    pub(crate) fn new() -> Flights<E> {
        Flights(Mutex::new(HashMap::new()))
    }

    /// Boards the flight of `key`, or begins one if there is none or it has landed.
    pub(crate) fn board(&self, key: CacheKey) -> Seat<'_, E> {
        let mut flights = self.lock();
        let landing = match flights.get_mut(&key) {
            Some(flight) if !flight.landing.initialized() => {
                flight.aboard += 1;
                Arc::clone(&flight.landing)
            }
            _ => {
                let landing = Arc::new(OnceCell::new());
                flights.insert(key, Flight { landing: Arc::clone(&landing), aboard: 1 });
                landing
            }
        };
        Seat { flights: self, key, landing }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CacheKey, Flight<E>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place on a flight. The flight is forgotten when it has landed, or when nobody is aboard any more.
pub(crate) struct Seat<'a, E> {
    flights: &'a Flights<E>,
    key: CacheKey,
    landing: Arc<Landing<E>>,
}

impl<E> Seat<'_, E> {
    /// Where the outcome will be. One caller at a time computes it; when that one fails, panics or is dropped without
    /// an outcome, the next in line is let in.
    pub(crate) fn landing(&self) -> &Landing<E> {
        &self.landing
    }
}

impl<E> Drop for Seat<'_, E> {
    fn drop(&mut self) {
        let mut flights = self.flights.lock();
        // After a landing the key may already belong to another flight.
        if let Some(flight) = flights.get_mut(&self.key)
            && Arc::ptr_eq(&flight.landing, &self.landing)
        {
            flight.aboard = flight.aboard.saturating_sub(1);
            if flight.aboard == 0 || flight.landing.initialized() {
                flights.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn a_flight_is_forgotten_when_it_lands_or_is_empty() {
        let flights: Flights<()> = Flights::new();
        let key = CacheKey::builder("test").finish();

        let first = flights.board(key);
        let second = flights.board(key);
        assert!(Arc::ptr_eq(&first.landing, &second.landing));
        drop(first);
        assert_eq!(flights.lock().len(), 1);
        let entry = Entry::new(Bytes::new(), SystemTime::now(), Duration::from_secs(1));
        second.landing().set(Ok(entry)).unwrap();

        let next = flights.board(key);
        assert!(!Arc::ptr_eq(&next.landing, &second.landing), "it had landed");
        drop(second);
        assert_eq!(flights.lock().len(), 1, "of the next flight");
        drop(next);
        assert_eq!(flights.lock().len(), 0);
    }
}
