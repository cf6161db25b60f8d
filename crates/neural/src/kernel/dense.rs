//! Dense layers: a matrix product of rows by weights.

use fearless_simd::{f32x16, prelude::*};

use super::finish::bound;
use super::pointwise::add;
use super::{each, in_tiles};
use crate::bounds::Bounds;
use crate::lane::{CHANNELS, Lane};
use crate::packed::Group;

/// A product of rows of `inputs` numbers; it has `outputs` a row.
#[derive(Debug)]
pub(crate) struct Dense {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// A term for each input.
    pub(crate) groups: Vec<Group>,
    pub(crate) bounds: Option<Bounds>,
}

impl Dense {
    #[inline(always)]
    pub(crate) fn run<S: Simd>(&self, simd: S, rows: usize, numbers: &[f32], out: &mut [f32]) {
        for group in &self.groups {
            if rows == 1 {
                // A row by itself waits for memory, so it need not be part of a tile.
                in_tiles!(S, group.blocks, |_PIXELS, BLOCKS| self
                    .tiles::<S, 1, BLOCKS>(simd, group, rows, numbers, out));
            } else {
                in_tiles!(S, group.blocks, |ROWS, BLOCKS| self
                    .tiles::<S, ROWS, BLOCKS>(simd, group, rows, numbers, out));
            }
        }
    }

    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "there are as many numbers as rows have")]
    fn tiles<S: Simd, const ROWS: usize, const BLOCKS: usize>(
        &self,
        simd: S,
        group: &Group,
        rows: usize,
        numbers: &[f32],
        out: &mut [f32],
    ) {
        for start in (0..rows).step_by(ROWS) {
            // The last tile computes some rows again rather than fewer than it can.
            let start = rows.checked_sub(ROWS).map_or(start, |last| start.min(last));
            let (numbers, out) = (&numbers[start * self.inputs..], &mut out[start * self.outputs..]);
            self.tile::<S, ROWS, BLOCKS>(simd, group, rows - start, numbers, out);
        }
    }

    /// Of `count` rows, if there are fewer than the tile has.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "of constant length, or counted by the sizes of the layer")]
    fn tile<S: Simd, const ROWS: usize, const BLOCKS: usize>(
        &self,
        simd: S,
        group: &Group,
        count: usize,
        numbers: &[f32],
        out: &mut [f32],
    ) {
        let mut sums = [[f32x16::splat(simd, 0.0); ROWS]; BLOCKS];
        let (weights, _) = group.weights.as_chunks::<BLOCKS>();
        let (whole, rest) = weights.as_chunks::<CHANNELS>();
        // Copies, as rows of some lengths lie so that they drive each other out of the cache.
        let mut lanes = [Lane::ZERO; ROWS];
        for (part, weights) in whole.iter().enumerate() {
            each!(ROWS, row => if row < count {
                let numbers = &numbers[row * self.inputs..(row + 1) * self.inputs][part * CHANNELS..];
                lanes[row].0.copy_from_slice(&numbers[..CHANNELS]);
            });
            add(simd, &mut sums, weights, |row| &lanes[row]);
        }
        if !rest.is_empty() {
            each!(ROWS, row => if row < count {
                let numbers = &numbers[row * self.inputs..(row + 1) * self.inputs][whole.len() * CHANNELS..];
                lanes[row].0.iter_mut().zip(numbers).for_each(|(to, from)| *to = *from);
            });
            add(simd, &mut sums, rest, |row| &lanes[row]);
        }
        each!(BLOCKS, block => {
            let first = (group.first + block) * CHANNELS;
            let end = self.outputs.min(first + CHANNELS);
            // Last, as in the graph: what is large rounds as other runtimes round it.
            let bias = f32x16::load_array_ref(simd, &group.bias[block].0);
            each!(ROWS, row => if row < count {
                let sum = bound(simd, self.bounds, sums[block][row] + bias);
                let out = &mut out[row * self.outputs..(row + 1) * self.outputs][first..end];
                match out.first_chunk_mut() {
                    Some(out) => sum.store_array(out),
                    None => out.iter_mut().zip(sum.to_array()).for_each(|(to, from)| *to = from),
                }
            });
        });
    }
}
