//! How many pictures are decoded at a time: what decoding one may take of the memory, it may take that often.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A number of slots. Whoever finds none waits on its thread, which is one of the pool's.
#[derive(Debug)]
pub(crate) struct DecodeSlots {
    free: Mutex<usize>,
    returned: Condvar,
}

/// A slot in use, until it is dropped.
#[derive(Debug)]
pub(crate) struct DecodeSlot<'a>(&'a DecodeSlots);

impl DecodeSlots {
    /// One slot at least.
    pub(crate) fn new(count: usize) -> DecodeSlots {
        DecodeSlots { free: Mutex::new(count.max(1)), returned: Condvar::new() }
    }

    /// Takes a slot as soon as there is one.
    pub(crate) fn take(&self) -> DecodeSlot<'_> {
        let mut free = self.free();
        while *free == 0 {
            free = self.returned.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        DecodeSlot(self)
    }

    fn free(&self) -> MutexGuard<'_, usize> {
        // A number is never left half changed.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for DecodeSlot<'_> {
    fn drop(&mut self) {
        *self.0.free() += 1;
        self.0.returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::DecodeSlots;

    #[test]
    fn never_more_at_a_time_than_there_are_slots() {
        let (slots, inside, most) = (DecodeSlots::new(2), AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        let _slot = slots.take();
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)));
    }
}
