//! What becomes of a sum before it is stored.

use fearless_simd::{f32x16, prelude::*};

use super::each;
use crate::bounds::Bounds;
use crate::lane::Lane;

/// The last steps of a convolution: another picture is added, then bounds hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finish<'a> {
    pub(crate) addend: Option<&'a [Lane]>,
    pub(crate) bounds: Option<Bounds>,
}

impl Finish<'_> {
    /// Stores the sums of pixels that lie side by side, `count` of them at most, from lane `first` on.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "lanes are counted by the shapes that buffers are made for")]
    pub(crate) fn store<S: Simd, const PIXELS: usize>(
        &self,
        simd: S,
        sums: [f32x16<S>; PIXELS],
        count: usize,
        first: usize,
        out: &mut [Lane],
    ) {
        let lanes = &mut out[first..first + count.min(PIXELS)];
        match self.addend.map(|addend| &addend[first..first + lanes.len()]) {
            Some(addend) => {
                each!(PIXELS, pixel => if let (Some(lane), Some(added)) = (lanes.get_mut(pixel), addend.get(pixel)) {
                    let sum = sums[pixel] + f32x16::load_array_ref(simd, &added.0);
                    bound(simd, self.bounds, sum).store_array(&mut lane.0);
                })
            }
            None => each!(PIXELS, pixel => if let Some(lane) = lanes.get_mut(pixel) {
                bound(simd, self.bounds, sums[pixel]).store_array(&mut lane.0);
            }),
        }
    }
}

/// Comparisons, not the processor's minimum and maximum: these differ on what they do with NaN.
#[inline(always)]
pub(crate) fn bound<S: Simd>(simd: S, bounds: Option<Bounds>, value: f32x16<S>) -> f32x16<S> {
    let Some(Bounds { low, high }) = bounds else { return value };
    let (low, high) = (f32x16::splat(simd, low), f32x16::splat(simd, high));
    let raised = value.simd_lt(low).select(low, value);
    raised.simd_gt(high).select(high, raised)
}
