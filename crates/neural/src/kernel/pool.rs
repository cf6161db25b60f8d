//! The greatest value or the mean of what a window sees of each channel.

use fearless_simd::{f32x16, prelude::*};

use crate::lane::Lane;
use crate::window::Window;

/// What becomes of the values of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pooling {
    /// The greatest; NaN if any is.
    Max,
    /// The mean of those that there are; with `padded`, of all that the kernel has, zeros beside the picture.
    Mean { padded: bool },
    /// Of all values, whatever their number.
    Sum,
}

/// A window over each channel.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) window: Window,
    pub(crate) pooling: Pooling,
}

impl Pool {
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "the window gives positions inside of the picture that it was made for")]
    pub(crate) fn run<S: Simd>(&self, simd: S, picture: &[Lane], out: &mut [Lane]) {
        let Window { down, across } = &self.window;
        let planes = picture.chunks_exact(down.input * across.input);
        for (plane, out) in planes.zip(out.chunks_exact_mut(down.output * across.output)) {
            for (row, out) in out.chunks_exact_mut(across.output).enumerate() {
                for (column, out) in out.iter_mut().enumerate() {
                    let seen = (0..down.kernel).filter_map(|tap| down.source(row, tap)).flat_map(|source| {
                        let line = &plane[source * across.input..(source + 1) * across.input];
                        (0..across.kernel).filter_map(move |tap| line.get(across.source(column, tap)?))
                    });
                    self.pool(simd, seen).store_array(&mut out.0);
                }
            }
        }
    }

    #[inline(always)]
    fn pool<'a, S: Simd>(&self, simd: S, seen: impl Iterator<Item = &'a Lane>) -> f32x16<S> {
        let seen = seen.map(|lane| f32x16::load_array_ref(simd, &lane.0));
        if self.pooling == Pooling::Max {
            let lowest = f32x16::splat(simd, f32::NEG_INFINITY);
            return seen.fold(lowest, |most, value| {
                let greater = value.simd_gt(most).select(value, most);
                value.simd_eq(value).select(greater, value)
            });
        }
        let zero = f32x16::splat(simd, 0.0);
        let (sum, count) = seen.fold((zero, 0), |(sum, count), value| (sum + value, count + 1));
        let count = match self.pooling {
            Pooling::Max | Pooling::Sum => return sum,
            Pooling::Mean { padded: true } => self.window.taps(),
            Pooling::Mean { padded: false } => count,
        };
        sum * (1.0 / count as f32)
    }
}
