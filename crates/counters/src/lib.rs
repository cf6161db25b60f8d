//! Counts that many threads add to without getting into each other's way.
//!
//! Each thread has a place, and its own copy of the counts there; whoever reads adds the copies up. Where nobody else adds, a
//! number is read and written; an addition that is atomic takes ten times as long, and more where two processors pass the
//! number to and fro. With more threads than places those that come last share some, and there additions are atomic.
//!
//! std only.
//!
//! ```
//! use ferrocast_counters::{Count, Sharded};
//!
//! #[derive(Default)]
//! struct Counts {
//!     requests: Count,
//!     bytes: Count,
//! }
//!
//! let counts = Sharded::new(Counts::default);
//! std::thread::scope(|scope| {
//!     for bytes in [10, 20] {
//!         let counts = &counts;
//!         scope.spawn(move || {
//!             let here = counts.here();
//!             here.requests.add_one();
//!             here.bytes.add(bytes);
//!         });
//!     }
//! });
//! assert_eq!(counts.sum(|counts| &counts.requests), 2);
//! assert_eq!(counts.sum(|counts| &counts.bytes), 30);
//! ```
//!
//! **Architecture Invariant:** nothing that was added is lost, however many threads there are.

use std::array;
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// How many copies there are.
const PLACES: usize = 16;

/// How many of them are one thread's alone: enough for those of a machine with a few cores.
const OWN: usize = 12;

/// How many threads have a place.
static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The place of this thread, once it has one.
    static PLACE: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// The place of this thread. One below [`OWN`] is no other thread's, not even after its end.
fn place() -> usize {
    let known = PLACE.get();
    if known < PLACES {
        return known;
    }
    let number = THREADS.fetch_add(1, Ordering::Relaxed);
    let place = if number < OWN { number } else { OWN + number % (PLACES - OWN) };
    PLACE.set(place);
    place
}

/// A count in the copy of one thread, to be added to [there](Sharded::here) and by that thread only.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// One more.
    pub fn add_one(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, number: u64) {
        if place() < OWN {
            self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(number), Ordering::Relaxed);
        } else {
            self.0.fetch_add(number, Ordering::Relaxed);
        }
    }

    /// How many so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Two lines of the cache, since processors fetch them in pairs: no two copies share one.
#[derive(Debug)]
#[repr(align(128))]
struct Lines<T>(T);

/// A copy of `T` for each place.
#[derive(Debug)]
pub struct Sharded<T> {
    copies: [Lines<T>; PLACES],
}

impl<T> Sharded<T> {
    /// Every copy made by `make`.
    pub fn new(make: impl Fn() -> T) -> Sharded<T> {
        Sharded { copies: array::from_fn(|_| Lines(make())) }
    }

    /// The copy of this thread, not to be handed to another one.
    pub fn here(&self) -> &T {
        let [first, ..] = &self.copies;
        let Lines(copy) = self.copies.get(place()).unwrap_or(first);
        copy
    }

    /// Every copy.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.copies.iter().map(|Lines(copy)| copy)
    }

    /// The sum of one count over all copies.
    pub fn sum(&self, count: impl Fn(&T) -> &Count) -> u64 {
        self.iter().map(|copy| count(copy).get()).fold(0, u64::wrapping_add)
    }
}

#[cfg(test)]
mod tests {
    use std::mem::size_of;
    use std::thread;

    use super::{Count, PLACES, Sharded};

    #[test]
    fn nothing_is_lost_between_threads() {
        let counts = Sharded::new(Count::default);
        thread::scope(|scope| {
            for _ in 0..3 * PLACES {
                scope.spawn(|| (0..1_000).for_each(|_| counts.here().add_one()));
            }
        });
        assert_eq!(counts.sum(|count| count), 3_000 * PLACES as u64);
    }

    #[test]
    fn copies_share_no_line() {
        assert_eq!(size_of::<Sharded<Count>>(), PLACES * 128);
    }
}

/// The README's example, run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
