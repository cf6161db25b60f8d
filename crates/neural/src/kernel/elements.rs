//! Arithmetic of values in the same place.

use fearless_simd::{f32x16, prelude::*};

use super::finish::bound;
use crate::bounds::Bounds;
use crate::lane::Lane;

/// A number of each channel is multiplied, another added.
#[derive(Clone, Debug)]
pub(crate) struct Affine {
    pub(crate) pixels: usize,
    /// Of each block.
    pub(crate) factors: Vec<Lane>,
    pub(crate) addends: Vec<Lane>,
}

impl Affine {
    #[inline(always)]
    pub(crate) fn run<S: Simd>(&self, simd: S, picture: &[Lane], bounds: Option<Bounds>, out: &mut [Lane]) {
        let planes = picture.chunks_exact(self.pixels).zip(out.chunks_exact_mut(self.pixels));
        for ((plane, out), (factor, addend)) in planes.zip(self.factors.iter().zip(&self.addends)) {
            let factor = f32x16::load_array_ref(simd, &factor.0);
            let addend = f32x16::load_array_ref(simd, &addend.0);
            for (value, out) in plane.iter().zip(out) {
                // Not fused, so that a factor of one or an addend of zero is as if it were not there.
                let value = f32x16::load_array_ref(simd, &value.0) * factor + addend;
                bound(simd, bounds, value).store_array(&mut out.0);
            }
        }
    }
}

/// Values within bounds.
#[inline(always)]
pub(crate) fn clamp<S: Simd>(simd: S, picture: &[Lane], bounds: Option<Bounds>, out: &mut [Lane]) {
    for (value, out) in picture.iter().zip(out) {
        bound(simd, bounds, f32x16::load_array_ref(simd, &value.0)).store_array(&mut out.0);
    }
}

/// What becomes of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
}

/// Two pictures become one. The second may have one pixel, which then counts for all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Combine {
    pub(crate) pixels: usize,
    pub(crate) arithmetic: Arithmetic,
}

impl Combine {
    #[inline(always)]
    pub(crate) fn run<S: Simd>(
        &self,
        simd: S,
        (left, right): (&[Lane], &[Lane]),
        bounds: Option<Bounds>,
        out: &mut [Lane],
    ) {
        match self.arithmetic {
            Arithmetic::Add => self.all(simd, (left, right), bounds, out, |left, right| left + right),
            Arithmetic::Subtract => self.all(simd, (left, right), bounds, out, |left, right| left - right),
            Arithmetic::Multiply => self.all(simd, (left, right), bounds, out, |left, right| left * right),
        }
    }

    #[inline(always)]
    fn all<S: Simd>(
        &self,
        simd: S,
        (left, right): (&[Lane], &[Lane]),
        bounds: Option<Bounds>,
        out: &mut [Lane],
        combine: impl Fn(f32x16<S>, f32x16<S>) -> f32x16<S>,
    ) {
        let each_pixel = right.len() == left.len();
        let planes = left.chunks_exact(self.pixels).zip(out.chunks_exact_mut(self.pixels));
        let others = right.chunks_exact(if each_pixel { self.pixels } else { 1 });
        for ((plane, out), other) in planes.zip(others) {
            for ((left, out), right) in plane.iter().zip(out).zip(other.iter().cycle()) {
                let left = f32x16::load_array_ref(simd, &left.0);
                let right = f32x16::load_array_ref(simd, &right.0);
                bound(simd, bounds, combine(left, right)).store_array(&mut out.0);
            }
        }
    }
}
