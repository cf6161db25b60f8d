//! Convolutions of several pixels, from all input channels to all output channels.

use fearless_simd::prelude::*;

use super::finish::Finish;
use super::pointwise::add_blocks;
use super::{begun, each, in_tiles};
use crate::lane::Lane;
use crate::packed::Group;
use crate::window::Window;

/// A matrix product for each tap of the kernel, of the pixels that it sees.
#[derive(Debug)]
pub(crate) struct Spatial {
    pub(crate) window: Window,
    pub(crate) channels: usize,
    /// A term for each input channel of each tap.
    pub(crate) groups: Vec<Group>,
}

impl Spatial {
    #[inline(always)]
    pub(crate) fn run<S: Simd>(&self, simd: S, picture: &[Lane], finish: Finish<'_>, out: &mut [Lane]) {
        for group in &self.groups {
            in_tiles!(S, group.blocks, |PIXELS, BLOCKS| {
                self.rows::<S, PIXELS, BLOCKS>(simd, group, picture, finish, out)
            });
        }
    }

    #[inline(always)]
    fn rows<S: Simd, const PIXELS: usize, const BLOCKS: usize>(
        &self,
        simd: S,
        group: &Group,
        picture: &[Lane],
        finish: Finish<'_>,
        out: &mut [Lane],
    ) {
        let width = self.window.across.output;
        for row in 0..self.window.down.output {
            for start in (0..width).step_by(PIXELS) {
                // The last tile computes some pixels again rather than fewer than it can.
                let start = width.checked_sub(PIXELS).map_or(start, |last| start.min(last));
                // Distances that the compiler knows.
                match (self.window.across.is_inside(start, PIXELS), self.window.across.stride) {
                    (true, 1) => self.tile::<S, PIXELS, BLOCKS, 1>(simd, group, row, start, picture, finish, out),
                    (true, 2) => self.tile::<S, PIXELS, BLOCKS, 2>(simd, group, row, start, picture, finish, out),
                    (..) => self.tile::<S, PIXELS, BLOCKS, 0>(simd, group, row, start, picture, finish, out),
                }
            }
        }
    }

    /// `STRIDE` is that of the window if no tap of any pixel looks beside the picture, and zero where one may.
    #[inline(always)]
    #[allow(clippy::too_many_arguments, reason = "the hot loop; a struct of them would be taken apart again at once")]
    #[allow(
        clippy::indexing_slicing,
        reason = "of constant length, or counted by the shapes that buffers are made for"
    )]
    fn tile<'a, S: Simd, const PIXELS: usize, const BLOCKS: usize, const STRIDE: usize>(
        &self,
        simd: S,
        group: &Group,
        row: usize,
        start: usize,
        picture: &'a [Lane],
        finish: Finish<'_>,
        out: &mut [Lane],
    ) {
        let Window { down, across } = &self.window;
        let mut sums = begun::<S, PIXELS, BLOCKS>(simd, group);
        let (weights, _) = group.weights.as_chunks::<BLOCKS>();
        let mut taps = weights.chunks_exact(self.channels);
        for tap_down in 0..down.kernel {
            let source = down.source(row, tap_down);
            for (tap_across, weights) in (0..across.kernel).zip(&mut taps) {
                let Some(source) = source else { continue };
                let first = across.start(start).wrapping_add(tap_across * across.dilation);
                let planes = picture.chunks_exact(down.input * across.input);
                let line = |plane: &'a [Lane]| &plane[source * across.input..(source + 1) * across.input];
                if STRIDE > 0 {
                    add_blocks(simd, &mut sums, weights, planes, |plane| {
                        let seen = &line(plane)[first..=first + (PIXELS - 1) * STRIDE];
                        move |pixel| &seen[pixel * STRIDE]
                    });
                } else {
                    add_blocks(simd, &mut sums, weights, planes, |plane| {
                        let line = line(plane);
                        move |pixel| line.get(first.wrapping_add(pixel * across.stride)).unwrap_or(&Lane::ZERO)
                    });
                }
            }
        }
        each!(BLOCKS, block => {
            let first = ((group.first + block) * down.output + row) * across.output + start;
            finish.store(simd, sums[block], across.output - start, first, out);
        });
    }
}
