//! What the pieces of a body take beside their bytes.
//!
//! The HTTP library keeps those that have arrived together in a queue, which never shrinks. For a body in chunks of one byte that is
//! more than thirty times the body.

use actix_web::web::Bytes;

/// So many pieces at a time are usual, and not worth counting.
const USUAL: usize = 64;

/// Pieces that were in the queue together.
#[derive(Debug, Default)]
pub(super) struct WaitingPieces {
    /// Taken since it was empty.
    taken: usize,
    /// The most that were ever taken so.
    most: usize,
}

impl WaitingPieces {
    /// A piece is taken out of the queue.
    pub(super) fn take_one(&mut self) {
        self.taken += 1;
        self.most = self.most.max(self.taken);
    }

    /// The queue is empty.
    pub(super) fn none_left(&mut self) {
        self.taken = 0;
    }

    /// Bytes that the queue has come to take: it doubles when it is full.
    pub(super) fn queue_bytes(&self) -> usize {
        if self.most <= USUAL { 0 } else { self.most.next_power_of_two() * size_of::<Bytes>() }
    }
}

#[cfg(test)]
mod tests {
    use super::{USUAL, WaitingPieces};

    #[test]
    fn the_longest_queue_counts() {
        let mut pieces = WaitingPieces::default();
        let mut take = |number| {
            (0..number).for_each(|_| pieces.take_one());
            pieces.none_left();
            pieces.queue_bytes()
        };
        assert_eq!([USUAL, 1, USUAL].map(&mut take), [0; 3]);
        let of_thousand = take(1000);
        assert_eq!(of_thousand, 1024 * size_of::<actix_web::web::Bytes>());
        assert_eq!([1, 500, 1024].map(&mut take), [of_thousand; 3]);
        assert_eq!(take(1025), 2 * of_thousand);
    }
}
