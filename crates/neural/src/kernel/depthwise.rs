//! Convolutions of each channel by itself.

use fearless_simd::{f32x16, prelude::*};

use super::each;
use super::finish::Finish;
use crate::lane::Lane;
use crate::window::{Axis, Window};

/// Pixels of a tile. One sum each, and all of them take the weight that was loaded for a tap.
const PIXELS: usize = 7;

/// Results of a row up to which planes are copied with zeros beside them. Of longer rows few tiles are at an edge.
const NARROW: usize = 4 * PIXELS;

/// A product of vectors for each tap.
#[derive(Debug)]
pub(crate) struct Depthwise {
    pub(crate) window: Window,
    /// The taps of each block.
    pub(crate) weights: Vec<Lane>,
    pub(crate) bias: Vec<Lane>,
}

/// One block of channels.
#[derive(Clone, Copy)]
struct Block<'a> {
    down: Axis,
    across: Axis,
    weights: &'a [Lane],
    bias: &'a Lane,
    plane: &'a [Lane],
    /// The number of its first result.
    first: usize,
}

impl Depthwise {
    #[inline(always)]
    pub(crate) fn run<S: Simd>(&self, simd: S, picture: &[Lane], finish: Finish<'_>, out: &mut [Lane]) {
        let Window { down, across } = self.window;
        let planes = picture.chunks_exact(down.input * across.input);
        let weights = self.weights.chunks_exact(self.window.taps());
        let padded = Axis { before: 0, input: reach(&across), ..across };
        let mut copy = vec![Lane::ZERO; if across.output <= NARROW { down.input * padded.input } else { 0 }];
        for (number, ((plane, weights), bias)) in planes.zip(weights).zip(&self.bias).enumerate() {
            let first = number * down.output * across.output;
            if copy.is_empty() {
                Block { down, across, weights, bias, plane, first }.run(simd, finish, out);
            } else {
                for (to, from) in copy.chunks_exact_mut(padded.input).zip(plane.chunks_exact(across.input)) {
                    to.iter_mut().skip(across.before).zip(from).for_each(|(to, from)| *to = *from);
                }
                Block { down, across: padded, weights, bias, plane: &copy, first }.run(simd, finish, out);
            }
        }
    }
}

/// The lanes of a row that the taps of whole tiles see.
fn reach(across: &Axis) -> usize {
    (across.output.next_multiple_of(PIXELS) - 1) * across.stride + (across.kernel - 1) * across.dilation + 1
}

impl Block<'_> {
    #[inline(always)]
    fn run<S: Simd>(&self, simd: S, finish: Finish<'_>, out: &mut [Lane]) {
        // Sizes that the compiler knows, of what networks have.
        match (self.across.kernel, self.across.stride, self.across.dilation) {
            (3, 1, 1) => self.rows::<S, 3, 1>(simd, finish, out),
            (3, 2, 1) => self.rows::<S, 3, 2>(simd, finish, out),
            (5, 1, 1) => self.rows::<S, 5, 1>(simd, finish, out),
            (5, 2, 1) => self.rows::<S, 5, 2>(simd, finish, out),
            (7, 1, 1) => self.rows::<S, 7, 1>(simd, finish, out),
            (7, 2, 1) => self.rows::<S, 7, 2>(simd, finish, out),
            _ => self.rows::<S, 0, 0>(simd, finish, out),
        }
    }

    /// With a kernel of so many columns and that stride; zeros for any.
    #[inline(always)]
    fn rows<S: Simd, const KERNEL: usize, const STRIDE: usize>(&self, simd: S, finish: Finish<'_>, out: &mut [Lane]) {
        let width = self.across.output;
        for row in 0..self.down.output {
            for start in (0..width).step_by(PIXELS) {
                // The last tile computes some pixels again rather than fewer than it can.
                let start = width.checked_sub(PIXELS).map_or(start, |last| start.min(last));
                let sums = if KERNEL > 0 && self.across.is_inside(start, PIXELS) {
                    self.inside::<S, KERNEL, STRIDE>(simd, row, start)
                } else {
                    self.anywhere(simd, row, start)
                };
                finish.store(simd, sums, width - start, self.first + row * width + start, out);
            }
        }
    }

    /// Where no tap of any pixel looks beside the picture.
    #[inline(always)]
    #[allow(
        clippy::indexing_slicing,
        reason = "of constant length, or counted by the shapes that buffers are made for"
    )]
    fn inside<S: Simd, const KERNEL: usize, const STRIDE: usize>(
        &self,
        simd: S,
        row: usize,
        start: usize,
    ) -> [f32x16<S>; PIXELS] {
        let mut sums = [f32x16::load_array_ref(simd, &self.bias.0); PIXELS];
        let first = self.across.start(start);
        for tap_down in 0..self.down.kernel {
            let Some(source) = self.down.source(row, tap_down) else { continue };
            let first = source * self.across.input + first;
            let seen = &self.plane[first..first + (PIXELS - 1) * STRIDE + KERNEL];
            let weights = &self.weights[tap_down * KERNEL..(tap_down + 1) * KERNEL];
            each!(KERNEL, tap => {
                let weight = f32x16::load_array_ref(simd, &weights[tap].0);
                each!(PIXELS, pixel => {
                    let value = f32x16::load_array_ref(simd, &seen[pixel * STRIDE + tap].0);
                    sums[pixel] = value.mul_add(weight, sums[pixel]);
                });
            });
        }
        sums
    }

    /// Whatever the kernel, the stride and the place.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "counted by the shapes that buffers are made for")]
    fn anywhere<S: Simd>(&self, simd: S, row: usize, start: usize) -> [f32x16<S>; PIXELS] {
        let Block { down, across, .. } = self;
        let mut sums = [f32x16::load_array_ref(simd, &self.bias.0); PIXELS];
        for (tap_down, weights) in self.weights.chunks_exact(across.kernel).enumerate() {
            let Some(source) = down.source(row, tap_down) else { continue };
            let line = &self.plane[source * across.input..(source + 1) * across.input];
            for (tap, weight) in weights.iter().enumerate() {
                let weight = f32x16::load_array_ref(simd, &weight.0);
                let first = across.start(start).wrapping_add(tap * across.dilation);
                each!(PIXELS, pixel => {
                    let lane = line.get(first.wrapping_add(pixel * across.stride)).unwrap_or(&Lane::ZERO);
                    sums[pixel] = f32x16::load_array_ref(simd, &lane.0).mul_add(weight, sums[pixel]);
                });
            }
        }
        sums
    }
}
