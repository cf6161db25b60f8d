//! Memory for the pictures of a run: those that are needed at the same time have buffers of their own, others share one.

use crate::lane::Lane;

/// Buffers for one run at a time.
#[derive(Debug)]
pub(super) struct Buffers(Vec<Vec<Lane>>);

impl Buffers {
    pub(super) fn new(lengths: &[usize]) -> Buffers {
        Buffers(lengths.iter().map(|&length| vec![Lane::ZERO; length]).collect())
    }

    /// The picture of so many lanes in a buffer.
    pub(super) fn picture(&self, place: Place) -> &[Lane] {
        self.0.get(place.buffer).and_then(|buffer| buffer.get(..place.lanes)).unwrap_or_default()
    }

    /// Takes a buffer out, to be written while others are read.
    pub(super) fn take(&mut self, buffer: usize) -> Vec<Lane> {
        self.0.get_mut(buffer).map(std::mem::take).unwrap_or_default()
    }

    /// Puts it back.
    pub(super) fn put(&mut self, buffer: usize, lanes: Vec<Lane>) {
        if let Some(place) = self.0.get_mut(buffer) {
            *place = lanes;
        }
    }
}

/// Where a picture is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) buffer: usize,
    pub(super) lanes: usize,
}

/// Which buffer each picture has, decided in the order in which pictures are made.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Of each buffer.
    pub(super) lengths: Vec<usize>,
    free: Vec<usize>,
}

impl Plan {
    /// A buffer for a picture: of those that are free the one that has to grow least, and of those that need not grow the
    /// smallest.
    pub(super) fn assign(&mut self, lanes: usize) -> usize {
        let misfit = |buffer: &usize| {
            let length = self.lengths.get(*buffer).copied().unwrap_or_default();
            (lanes.saturating_sub(length), length)
        };
        let best = self.free.iter().copied().min_by_key(misfit);
        self.free.retain(|&free| Some(free) != best);
        let buffer = best.unwrap_or(self.lengths.len());
        match self.lengths.get_mut(buffer) {
            Some(length) => *length = lanes.max(*length),
            None => self.lengths.push(lanes),
        }
        buffer
    }

    /// The picture in the buffer is not needed any more.
    pub(super) fn release(&mut self, buffer: usize) {
        self.free.push(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::Plan;

    #[test]
    fn buffers_are_shared_by_pictures_that_do_not_meet() {
        let mut plan = Plan::default();
        let (small, large) = (plan.assign(10), plan.assign(100));
        plan.release(small);
        plan.release(large);
        assert_eq!(plan.assign(8), small);
        assert_eq!(plan.assign(120), large);
        assert_eq!(plan.lengths, [10, 120]);
    }
}
