//! Convolutions of one pixel: a matrix product of pixels by channels.

use fearless_simd::{f32x16, prelude::*};

use super::finish::Finish;
use super::{begun, each, in_tiles};
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
                in_tiles!(S, group.blocks, |PIXELS, BLOCKS| {
                    self.tiles::<S, PIXELS, BLOCKS>(simd, group, start..end, picture, finish, out)
                });
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
        let mut sums = begun::<S, PIXELS, BLOCKS>(simd, group);
        let (weights, _) = group.weights.as_chunks::<BLOCKS>();
        let planes = picture.chunks_exact(self.pixels);
        if WHOLE {
            add_blocks(simd, &mut sums, weights, planes, |plane| {
                let pixels = &plane[start..start + PIXELS];
                move |pixel| &pixels[pixel]
            });
        } else {
            add_blocks(simd, &mut sums, weights, planes, |plane| {
                move |pixel| plane.get(start + pixel).unwrap_or(&Lane::ZERO)
            });
        }
        let count = self.pixels - start;
        each!(BLOCKS, block => {
            let first = (group.first + block) * self.pixels + start;
            finish.store(simd, sums[block], count, first, out);
        });
    }
}

/// Adds a term for each input channel, of a plane for each block of them; `at` finds the pixels of the tile in a plane.
///
/// The last block, if it has fewer channels, comes behind all others: a branch among them, and registers do not suffice.
#[inline(always)]
pub(crate) fn add_blocks<'a, S: Simd, const PIXELS: usize, const BLOCKS: usize, At: Fn(usize) -> &'a Lane>(
    simd: S,
    sums: &mut [[f32x16<S>; PIXELS]; BLOCKS],
    weights: &[[Lane; BLOCKS]],
    mut planes: impl Iterator<Item = &'a [Lane]>,
    at: impl Fn(&'a [Lane]) -> At,
) {
    let (whole, rest) = weights.as_chunks::<CHANNELS>();
    for (weights, plane) in whole.iter().zip(&mut planes) {
        add(simd, sums, weights, at(plane));
    }
    if let Some(plane) = planes.next() {
        add(simd, sums, rest, at(plane));
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
