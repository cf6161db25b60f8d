//! The first convolution of a network: of pictures of a few channels, as tract has them, a plane for each.
//!
//! In blocks of sixteen channels most of such a picture would be padding.

use fearless_simd::{f32x16, prelude::*};

use super::finish::Finish;
use super::{begun, each, in_tiles};
use crate::lane::Lane;
use crate::packed::Group;
use crate::window::Window;

/// A product for each tap of each plane.
#[derive(Debug)]
pub(crate) struct Planar {
    pub(crate) window: Window,
    /// A term for each tap of each input channel.
    pub(crate) groups: Vec<Group>,
}

impl Planar {
    #[inline(always)]
    pub(crate) fn run<S: Simd>(&self, simd: S, picture: &[f32], finish: Finish<'_>, out: &mut [Lane]) {
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
        picture: &[f32],
        finish: Finish<'_>,
        out: &mut [Lane],
    ) {
        let width = self.window.across.output;
        for row in 0..self.window.down.output {
            for start in (0..width).step_by(PIXELS) {
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
    fn tile<S: Simd, const PIXELS: usize, const BLOCKS: usize, const STRIDE: usize>(
        &self,
        simd: S,
        group: &Group,
        row: usize,
        start: usize,
        picture: &[f32],
        finish: Finish<'_>,
        out: &mut [Lane],
    ) {
        let Window { down, across } = &self.window;
        let mut sums = begun::<S, PIXELS, BLOCKS>(simd, group);
        let (weights, _) = group.weights.as_chunks::<BLOCKS>();
        let planes = picture.chunks_exact(down.input * across.input);
        for (plane, weights) in planes.zip(weights.chunks_exact(self.window.taps())) {
            for (tap_down, weights) in weights.chunks_exact(across.kernel).enumerate() {
                let Some(source) = down.source(row, tap_down) else { continue };
                let line = &plane[source * across.input..(source + 1) * across.input];
                for (tap_across, weights) in weights.iter().enumerate() {
                    let mut loaded = [f32x16::splat(simd, 0.0); BLOCKS];
                    each!(BLOCKS, block => loaded[block] = f32x16::load_array_ref(simd, &weights[block].0));
                    let first = across.start(start).wrapping_add(tap_across * across.dilation);
                    let seen = if STRIDE > 0 { &line[first..=first + (PIXELS - 1) * STRIDE] } else { line };
                    each!(PIXELS, pixel => {
                        let value = if STRIDE > 0 {
                            seen[pixel * STRIDE]
                        } else {
                            line.get(first.wrapping_add(pixel * across.stride)).copied().unwrap_or(0.0)
                        };
                        let value = f32x16::splat(simd, value);
                        each!(BLOCKS, block => sums[block][pixel] = value.mul_add(loaded[block], sums[block][pixel]));
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
