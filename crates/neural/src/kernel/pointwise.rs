//! Convolutions of one pixel: a matrix product of pixels by channels.

use fearless_simd::{f32x16, prelude::*};

use super::finish::Finish;
use super::{MIDDLE, NARROW_PIXELS, WIDE, each};
use crate::lane::{CHANNELS, Lane};
use crate::packed::Group;

/// Bytes of a picture that are taken through all groups before the next: what of it is read again should still be in the
/// second-level cache, of which processors have 256 KiB and more.
const READ_AGAIN: usize = 192 << 10;

/// Pixels are taken in parts that are whole numbers of tiles, of whatever size.
const TILES: usize = 42;

/// A matrix product of all pixels of a picture.
#[derive(Debug)]
pub(crate) struct Pointwise {
    pub(crate) pixels: usize,
    /// A term for each input channel.
    pub(crate) channels: usize,
    pub(crate) groups: Vec<Group>,
}

impl Pointwise {
    #[inline(always)]
    pub(crate) fn run<S: Simd>(&self, simd: S, picture: &[Lane], finish: Finish<'_>, out: &mut [Lane]) {
        let part = (READ_AGAIN / (self.channels * size_of::<f32>())).next_multiple_of(TILES);
        let mut start = 0;
        while start < self.pixels {
            let end = self.pixels.min(start + part);
            for group in &self.groups {
                match (S::f32s::LEN, group.blocks) {
                    (WIDE, 1) => self.tiles::<S, 14, 1>(simd, group, start..end, picture, finish, out),
                    (WIDE, 2) => self.tiles::<S, 14, 2>(simd, group, start..end, picture, finish, out),
                    (WIDE, _) => self.tiles::<S, 7, 3>(simd, group, start..end, picture, finish, out),
                    (MIDDLE, _) => self.tiles::<S, 6, 1>(simd, group, start..end, picture, finish, out),
                    (..) => self.tiles::<S, NARROW_PIXELS, 1>(simd, group, start..end, picture, finish, out),
                }
            }
            start = end;
        }
    }

    /// The last tile begins earlier where pixels would be missing, and computes some of them again.
    #[inline(always)]
    fn tiles<S: Simd, const PIXELS: usize, const BLOCKS: usize>(
        &self,
        simd: S,
        group: &Group,
        part: std::ops::Range<usize>,
        picture: &[Lane],
        finish: Finish<'_>,
        out: &mut [Lane],
    ) {
        for start in part.step_by(PIXELS) {
            match self.pixels.checked_sub(PIXELS) {
                Some(last) => {
                    self.tile::<S, PIXELS, BLOCKS, true>(simd, group, start.min(last), picture, finish, out);
                }
                None => self.tile::<S, PIXELS, BLOCKS, false>(simd, group, start, picture, finish, out),
            }
        }
    }

    /// `WHOLE` if the picture has all pixels of the tile; those that it has not are taken for zeros.
    #[inline(always)]
    #[allow(
        clippy::indexing_slicing,
        reason = "of constant length, or counted by the shapes that buffers are made for"
    )]
    fn tile<S: Simd, const PIXELS: usize, const BLOCKS: usize, const WHOLE: bool>(
        &self,
        simd: S,
        group: &Group,
        start: usize,
        picture: &[Lane],
        finish: Finish<'_>,
        out: &mut [Lane],
    ) {
        let mut sums = [[f32x16::splat(simd, 0.0); PIXELS]; BLOCKS];
        each!(BLOCKS, block => {
            let bias = f32x16::load_array_ref(simd, &group.bias[block].0);
            each!(PIXELS, pixel => sums[block][pixel] = bias);
        });
        let (weights, _) = group.weights.as_chunks::<BLOCKS>();
        for (plane, weights) in picture.chunks_exact(self.pixels).zip(weights.chunks(CHANNELS)) {
            if WHOLE {
                let pixels: &[Lane; PIXELS] = match plane[start..].first_chunk() {
                    Some(pixels) => pixels,
                    None => return,
                };
                match weights.first_chunk::<CHANNELS>() {
                    // Most often, and without a counter.
                    Some(weights) => add(simd, &mut sums, weights, |pixel| &pixels[pixel]),
                    None => add(simd, &mut sums, weights, |pixel| &pixels[pixel]),
                }
            } else {
                add(simd, &mut sums, weights, |pixel| plane.get(start + pixel).unwrap_or(&Lane::ZERO));
            }
        }
        let count = self.pixels - start;
        each!(BLOCKS, block => {
            let first = (group.first + block) * self.pixels + start;
            finish.store(simd, sums[block], count, first, out);
        });
    }
}

/// Adds a term for each entry of `weights` to the sums of every pixel: its channel of that number, times the entry.
#[inline(always)]
#[allow(clippy::indexing_slicing, reason = "of constant length; there are no more weights than channels of a block")]
pub(crate) fn add<'a, S: Simd, const PIXELS: usize, const BLOCKS: usize>(
    simd: S,
    sums: &mut [[f32x16<S>; PIXELS]; BLOCKS],
    weights: &[[Lane; BLOCKS]],
    pixel_at: impl Fn(usize) -> &'a Lane,
) {
    let mut pixels = [&Lane::ZERO; PIXELS];
    each!(PIXELS, pixel => pixels[pixel] = pixel_at(pixel));
    for (channel, weights) in weights.iter().enumerate().take(CHANNELS) {
        let mut loaded = [f32x16::splat(simd, 0.0); BLOCKS];
        each!(BLOCKS, block => loaded[block] = f32x16::load_array_ref(simd, &weights[block].0));
        each!(PIXELS, pixel => {
            let value = f32x16::splat(simd, pixels[pixel].0[channel]);
            each!(BLOCKS, block => sums[block][pixel] = value.mul_add(loaded[block], sums[block][pixel]));
        });
    }
}
