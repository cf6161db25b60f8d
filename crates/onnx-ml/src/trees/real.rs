//! The precisions that scores are computed in.

use std::fmt::Debug;
use std::ops::{Add, Div};

/// A floating point number.
pub(super) trait Real:
    Copy + Debug + Default + PartialOrd + Add<Output = Self> + Div<Output = Self> + Into<f64> + 'static
{
    /// In scores: no vote yet.
    const NAN: Self;

    fn is_nan(self) -> bool;

    /// A number of trees.
    fn count(count: usize) -> Self;
}

impl Real for f32 {
    const NAN: f32 = f32::NAN;

    fn is_nan(self) -> bool {
        self.is_nan()
    }

    fn count(count: usize) -> f32 {
        count as f32
    }
}

impl Real for f64 {
    const NAN: f64 = f64::NAN;

    fn is_nan(self) -> bool {
        self.is_nan()
    }

    fn count(count: usize) -> f64 {
        count as f64
    }
}
