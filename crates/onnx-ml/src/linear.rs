//! Linear scores: a dot product and an intercept per target. Shared by the linear classifier and regressor.

use tract_onnx::prelude::{Tensor, TractResult};
use tract_onnx::tract_hir::internal::bail;

use crate::row_program::View;
use crate::tensors::{numbers, rows};

/// How many rows are summed side by side. The additions of one sum wait for each other, those of several do not.
const BLOCK: usize = 8;

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
        let mut scores = Vec::new();
        self.add_scores(View::F64(&numbers::<f64>(self.operator, input)?), &mut scores)?;
        Ok(scores)
    }

    /// Adds the same for features that are known to be as many a row as there are coefficients.
    ///
    /// # Errors
    /// When they are no numbers.
    pub(crate) fn add_scores(&self, features: View<'_>, scores: &mut Vec<f32>) -> TractResult<()> {
        match features {
            View::F32(features) => self.sums(features, scores),
            features => self.sums(&features.to_f64()?, scores),
        }
        Ok(())
    }

    fn sums<T: Copy + Into<f64>>(&self, features: &[T], scores: &mut Vec<f32>) {
        scores.reserve(features.len() / self.width * self.intercepts.len());
        let mut blocks = features.chunks_exact(self.width * BLOCK);
        let mut columns = Vec::new();
        for block in &mut blocks {
            columns.clear();
            columns.resize(block.len(), 0.0);
            transpose(block, self.width, &mut columns);
            self.block_sums(&columns, scores);
        }
        for row in blocks.remainder().chunks_exact(self.width) {
            for (coefficients, &intercept) in self.coefficients.chunks_exact(self.width).zip(&self.intercepts) {
                let products = row.iter().zip(coefficients).map(|(&x, &coefficient)| x.into() * f64::from(coefficient));
                scores.push((products.fold(0.0, |sum, product| sum + product) + f64::from(intercept)) as f32);
            }
        }
    }

    /// The scores of a block, whose features come column after column. Each sum runs in the order of a single row's, so
    /// that a row's scores do not depend on the batch.
    fn block_sums(&self, columns: &[f64], scores: &mut Vec<f32>) {
        let (first, targets) = (scores.len(), self.intercepts.len());
        scores.resize(first + targets * BLOCK, 0.0);
        for (target, coefficients) in self.coefficients.chunks_exact(self.width).enumerate() {
            let mut sums = [0.0; BLOCK];
            for (column, &coefficient) in columns.chunks_exact(BLOCK).zip(coefficients) {
                sums.iter_mut().zip(column).for_each(|(sum, &x)| *sum += x * f64::from(coefficient));
            }
            let intercept = self.intercepts.get(target).copied().map_or(0.0, f64::from);
            let places = scores.iter_mut().skip(first + target).step_by(targets);
            places.zip(sums).for_each(|(score, sum)| *score = (sum + intercept) as f32);
        }
    }
}

/// Rows to columns of [`BLOCK`] values.
fn transpose<T: Copy + Into<f64>>(rows: &[T], width: usize, columns: &mut [f64]) {
    for (position, row) in rows.chunks_exact(width).enumerate() {
        let places = columns.iter_mut().skip(position).step_by(BLOCK);
        places.zip(row).for_each(|(place, &x)| *place = x.into());
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, Linear};
    use crate::row_program::View;

    #[test]
    fn scores_do_not_depend_on_the_batch() {
        let (width, targets, rows) = (5, 3, 2 * BLOCK + 3);
        let number = |position: usize| (position as f32 * 0.7).sin() * 10f32.powi(position as i32 % 7 - 3);
        let coefficients = (0..targets * width).map(number).collect();
        let linear = Linear::new("Linear", coefficients, (0..targets).map(number).collect()).unwrap();
        let features: Vec<f32> = (100..100 + rows * width).map(number).collect();
        let (mut together, mut apart) = (Vec::new(), Vec::new());
        linear.add_scores(View::F32(&features), &mut together).unwrap();
        features.chunks(width).for_each(|row| linear.add_scores(View::F32(row), &mut apart).unwrap());
        assert_eq!(together, apart);
        assert_eq!(together.len(), rows * targets);
    }
}
