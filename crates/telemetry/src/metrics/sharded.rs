//! Counts that many threads add to without getting into each other's way.
//!
//! Each thread has a place, and its own copy of the counts there; whoever reads adds the copies up. With more threads
//! than places some share one, so that the counts stay atomic.

use std::array;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// How many copies there are: a power of two, and enough for the threads of a machine with a few cores.
const PLACES: usize = 8;

/// The place that the next new thread gets.
static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The place of this thread.
    static PLACE: usize = NEXT.fetch_add(1, Ordering::Relaxed) % PLACES;
}

/// Two lines of the cache, since processors fetch them in pairs: no two copies share one.
#[derive(Debug)]
#[repr(align(128))]
struct Lines<T>(T);

/// A copy of `T` for each place.
#[derive(Debug)]
pub(crate) struct Sharded<T> {
    copies: [Lines<T>; PLACES],
}

impl<T> Sharded<T> {
    /// Every copy made by `make`.
    pub(crate) fn new(make: impl Fn() -> T) -> Sharded<T> {
        Sharded { copies: array::from_fn(|_| Lines(make())) }
    }

    /// The copy of this thread.
    pub(crate) fn here(&self) -> &T {
        let [first, ..] = &self.copies;
        let Lines(copy) = self.copies.get(PLACE.with(|place| *place)).unwrap_or(first);
        copy
    }

    /// Every copy.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.copies.iter().map(|Lines(copy)| copy)
    }

    /// The sum of one count over all copies.
    pub(crate) fn sum(&self, count: impl Fn(&T) -> &AtomicU64) -> u64 {
        self.iter().map(|copy| count(copy).load(Ordering::Relaxed)).fold(0, u64::wrapping_add)
    }
}

/// One more.
pub(crate) fn count(counter: &AtomicU64) {
    add(counter, 1);
}

/// So many more.
pub(crate) fn add(counter: &AtomicU64, number: u64) {
    counter.fetch_add(number, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use std::mem::size_of;
    use std::sync::atomic::AtomicU64;
    use std::thread;

    use super::{PLACES, Sharded, count};

    #[test]
    fn nothing_is_lost_between_threads() {
        let counts = Sharded::new(AtomicU64::default);
        thread::scope(|scope| {
            for _ in 0..3 * PLACES {
                scope.spawn(|| (0..1_000).for_each(|_| count(counts.here())));
            }
        });
        assert_eq!(counts.sum(|count| count), 3_000 * PLACES as u64);
    }

    #[test]
    fn copies_share_no_line() {
        assert_eq!(size_of::<Sharded<AtomicU64>>(), PLACES * 128);
    }
}
