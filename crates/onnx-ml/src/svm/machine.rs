//! From features to scores.

use tract_onnx::prelude::{Tensor, TractResult};
use tract_onnx::tract_hir::internal::bail;

use super::KernelFunction;
use super::vectors::SupportVectors;
use crate::row_program::View;
use crate::tensors::{numbers, rows};

/// Rows whose kernel values are held at once.
const ROWS: usize = 16;

/// One score: the weighted sum of kernel values, plus an offset.
#[derive(Debug)]
pub(crate) struct WeightedSum {
    pub(crate) offset: f64,
    pub(crate) weights: Vec<Weights>,
}

/// The weights of vectors that follow each other.
#[derive(Debug)]
pub(crate) struct Weights {
    /// The position of the first of these vectors.
    pub(crate) first: usize,
    pub(crate) values: Vec<f64>,
}

/// Support vectors and the scores that are made of them.
#[derive(Debug)]
pub(crate) struct Machine {
    operator: &'static str,
    vectors: SupportVectors,
    sums: Vec<WeightedSum>,
}

impl Machine {
    /// Scores by `kernel` between the features and `vectors`, each `width` long.
    ///
    /// A weighted sum of products is the product with the weighted sum: a linear kernel needs one vector per score,
    /// however many support vectors there are. (Unless there are fewer of those, as with one for each of many classes.)
    ///
    /// # Errors
    /// When the vectors have no features.
    pub(crate) fn new(
        operator: &'static str,
        kernel: KernelFunction,
        vectors: &[f32],
        width: usize,
        sums: Vec<WeightedSum>,
    ) -> TractResult<Machine> {
        if width == 0 {
            bail!("{operator}: support_vectors or coefficients hold no features");
        }
        let vectors: Vec<f64> = vectors.iter().copied().map(f64::from).collect();
        let (vectors, sums) = match kernel {
            KernelFunction::Linear if sums.len() <= vectors.len() / width => fold(&vectors, width, &sums),
            _ => (vectors, sums),
        };
        Ok(Machine { operator, vectors: SupportVectors::new(kernel, &vectors, width), sums })
    }

    /// One score per row of `coefficients`, each with the same offset: the form without support vectors.
    ///
    /// # Errors
    /// When the coefficients do not make `targets` rows of at least one.
    pub(crate) fn linear(
        operator: &'static str,
        coefficients: &[f32],
        targets: usize,
        offset: f64,
    ) -> TractResult<Machine> {
        let values = coefficients.len();
        if targets == 0 || !values.is_multiple_of(targets) {
            bail!("{operator}: coefficients has {values} values, which do not make {targets} equal rows");
        }
        let sums = (0..targets).map(|target| WeightedSum::unit(target, offset)).collect();
        Machine::new(operator, KernelFunction::Linear, coefficients, values / targets, sums)
    }

    /// Fails unless the input has as many features as a support vector.
    ///
    /// # Errors
    /// Names both numbers.
    pub(crate) fn expect_width(&self, width: usize) -> TractResult<()> {
        if width == self.vectors.width() {
            return Ok(());
        }
        bail!(
            "{}: support_vectors or coefficients are of {} features, the input has {width}",
            self.operator,
            self.vectors.width()
        )
    }

    /// Scores `[rows, sums]`, row after row.
    ///
    /// # Errors
    /// When `input` is not `[rows, features]` of numbers.
    pub(crate) fn scores(&self, input: &Tensor) -> TractResult<Vec<f64>> {
        self.expect_width(rows(self.operator, input.shape())?.1)?;
        self.scores_of(View::F64(&numbers::<f64>(self.operator, input)?))
    }

    /// The same for features that are known to be as many a row as a support vector has.
    ///
    /// # Errors
    /// When they are no numbers.
    pub(crate) fn scores_of(&self, features: View<'_>) -> TractResult<Vec<f64>> {
        let features = features.to_f64()?;
        let width = self.vectors.width();
        let mut scores = Vec::with_capacity(features.len() / width * self.sums.len());
        let mut values = Vec::new();
        for rows in features.chunks(width * ROWS) {
            self.vectors.kernel_values(rows, &mut values);
            for values in values.chunks_exact(self.vectors.count()) {
                scores.extend(self.sums.iter().map(|sum| sum.of(values)));
            }
        }
        Ok(scores)
    }
}

impl WeightedSum {
    /// One value as it is, plus the offset.
    fn unit(position: usize, offset: f64) -> WeightedSum {
        WeightedSum { offset, weights: vec![Weights { first: position, values: vec![1.0] }] }
    }

    fn of(&self, values: &[f64]) -> f64 {
        self.weights.iter().map(|weights| weights.of(values)).sum::<f64>() + self.offset
    }
}

impl Weights {
    fn of(&self, values: &[f64]) -> f64 {
        dot(&self.values, values.get(self.first..).unwrap_or_default())
    }
}

/// The product over the common length, in four sums that do not wait for each other.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    let length = left.len().min(right.len());
    let (left, left_rest) = left.get(..length).unwrap_or_default().as_chunks::<4>();
    let (right, right_rest) = right.get(..length).unwrap_or_default().as_chunks::<4>();
    let mut sums = [0.0; 4];
    for (left, right) in left.iter().zip(right) {
        sums.iter_mut().zip(left.iter().zip(right)).for_each(|(sum, (&a, &b))| *sum += a * b);
    }
    sums.iter().sum::<f64>() + left_rest.iter().zip(right_rest).map(|(&a, &b)| a * b).sum::<f64>()
}

/// One vector per sum: the weighted sum of its vectors.
fn fold(vectors: &[f64], width: usize, sums: &[WeightedSum]) -> (Vec<f64>, Vec<WeightedSum>) {
    let mut folded = Vec::with_capacity(sums.len() * width);
    for sum in sums {
        let mut row = vec![0.0; width];
        for weights in &sum.weights {
            for (vector, weight) in vectors.chunks_exact(width).skip(weights.first).zip(&weights.values) {
                row.iter_mut().zip(vector).for_each(|(total, &feature)| *total += weight * feature);
            }
        }
        folded.extend(row);
    }
    (folded, sums.iter().enumerate().map(|(position, sum)| WeightedSum::unit(position, sum.offset)).collect())
}
