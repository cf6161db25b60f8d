//! Linear scores: a dot product and an intercept per target. Shared by the linear classifier and regressor.

use tract_onnx::prelude::{Tensor, TractResult};
use tract_onnx::tract_hir::internal::bail;

use crate::row_program::View;
use crate::tensors::{numbers, rows};

/// One row of coefficients and one intercept per target.
#[derive(Debug)]
pub(crate) struct Linear {
    operator: &'static str,
    /// `targets` rows of `width` coefficients each.
    coefficients: Vec<f32>,
    /// One per target.
    intercepts: Vec<f32>,
    width: usize,
}

impl Linear {
    /// Rows of coefficients for as many targets as there are `intercepts`.
    ///
    /// # Errors
    /// When the coefficients do not make `intercepts.len()` rows of at least one.
    pub(crate) fn new(operator: &'static str, coefficients: Vec<f32>, intercepts: Vec<f32>) -> TractResult<Linear> {
        let (values, targets) = (coefficients.len(), intercepts.len());
        if values == 0 || targets == 0 || !values.is_multiple_of(targets) {
            bail!("{operator}: coefficients has {values} values, which do not make {targets} equal rows");
        }
        Ok(Linear { operator, coefficients, intercepts, width: values / targets })
    }

    /// Fails unless the input has as many features as a row has coefficients.
    ///
    /// # Errors
    /// Names both numbers.
    pub(crate) fn expect_width(&self, width: usize) -> TractResult<()> {
        if width == self.width {
            return Ok(());
        }
        bail!("{}: has coefficients for {} features, the input has {width}", self.operator, self.width)
    }

    /// Scores `[rows, targets]`, row after row.
    ///
    /// Summed in double precision: the answer then depends neither on the order of the sum nor on the batch.
    ///
    /// # Errors
    /// When `input` is not `[rows, features]` of numbers.
    pub(crate) fn scores(&self, input: &Tensor) -> TractResult<Vec<f32>> {
        let (_, width) = rows(self.operator, input.shape())?;
        self.expect_width(width)?;
        self.scores_of(View::F64(&numbers::<f64>(self.operator, input)?))
    }

    /// The same for features that are known to be as many a row as there are coefficients.
    ///
    /// # Errors
    /// When they are no numbers.
    pub(crate) fn scores_of(&self, features: View<'_>) -> TractResult<Vec<f32>> {
        match features {
            View::F32(features) => Ok(self.sums(features)),
            features => Ok(self.sums(&features.to_f64()?)),
        }
    }

    fn sums<T: Copy + Into<f64>>(&self, features: &[T]) -> Vec<f32> {
        let mut scores = Vec::with_capacity(features.len() / self.width * self.intercepts.len());
        for row in features.chunks_exact(self.width) {
            for (coefficients, &intercept) in self.coefficients.chunks_exact(self.width).zip(&self.intercepts) {
                let products = row.iter().zip(coefficients).map(|(&x, &coefficient)| x.into() * f64::from(coefficient));
                scores.push((products.sum::<f64>() + f64::from(intercept)) as f32);
            }
        }
        scores
    }
}
