//! How a picture lies in memory: `[blocks of channels][rows][columns][16 channels]`.

/// Channels that lie side by side: one register of AVX-512, two of AVX2, four of SSE and NEON.
pub(crate) const CHANNELS: usize = 16;

/// A pixel's values of one block of channels. Aligned to a cache line, so that no load touches two.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Lane(pub(crate) [f32; CHANNELS]);

impl Lane {
    pub(crate) const ZERO: Lane = Lane([0.0; CHANNELS]);

    /// One value for each of all channels, or the same for all.
    pub(crate) fn blocks(values: &[f32]) -> Vec<Lane> {
        let block = |values: &[f32]| {
            let mut lane = Lane::ZERO;
            lane.0.iter_mut().zip(values).for_each(|(channel, value)| *channel = *value);
            lane
        };
        values.chunks(CHANNELS).map(block).collect()
    }
}

/// Channels, rows and columns of one picture; none is zero.
///
/// The last block may have fewer channels than [`CHANNELS`]. What is in the others' place is nobody's: it may be anything,
/// and nothing that counts is computed from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
}

impl Shape {
    /// The shape, if there is something in it and its size can be counted.
    pub(crate) fn new(channels: usize, height: usize, width: usize) -> Option<Shape> {
        let rounded = channels.checked_next_multiple_of(CHANNELS)?;
        let bytes = rounded.checked_mul(height)?.checked_mul(width)?.checked_mul(size_of::<f32>())?;
        (bytes > 0 && bytes <= isize::MAX as usize).then_some(Shape { channels, height, width })
    }

    pub(crate) fn pixels(&self) -> usize {
        self.height * self.width
    }

    pub(crate) fn blocks(&self) -> usize {
        self.channels.div_ceil(CHANNELS)
    }

    /// The length of the buffer that holds the picture.
    pub(crate) fn lanes(&self) -> usize {
        self.blocks() * self.pixels()
    }

    /// How many numbers tract has of it.
    pub(crate) fn numbers(&self) -> usize {
        self.channels * self.pixels()
    }
}

#[cfg(test)]
mod tests {
    use super::{Lane, Shape};

    #[test]
    fn the_last_block_is_filled_up() {
        let shape = Shape::new(20, 3, 2).unwrap();
        assert_eq!((shape.blocks(), shape.lanes(), shape.numbers()), (2, 12, 120));
        let lanes = Lane::blocks(&[1.0; 20]);
        assert_eq!(lanes[0], Lane([1.0; 16]));
        assert_eq!((lanes[1].0[3], lanes[1].0[4]), (1.0, 0.0));
    }

    #[test]
    fn nothing_and_too_much_are_no_shapes() {
        assert_eq!(Shape::new(0, 3, 2), None);
        assert_eq!(Shape::new(1, usize::MAX / 2, 2), None);
        assert_eq!(Shape::new(usize::MAX, 1, 1), None);
    }
}
