//! A forest in the precision that its file and its inputs ask for.
//!
//! As ONNX Runtime has it: thresholds and weights given as floats are compared and summed in single precision, unless
//! the input is `double`; those given as doubles, always in double precision. Integer inputs are floats here.

use tract_onnx::prelude::{DatumType, Tensor, TractResult};
use tract_onnx::tract_hir::internal::bail;

use super::compile::{Values, compile};
use super::forest::Forest;
use super::lists::Lists;
use super::walk::{Aggregate, Real, scores};
use crate::tensors::{numbers, rows};

/// A checked tree ensemble: rows of features in, rows of scores out.
#[derive(Debug)]
pub(crate) struct Ensemble {
    operator: &'static str,
    forest: Precision,
    aggregate: Aggregate,
}

#[derive(Debug)]
enum Precision {
    Single(Forest<f32>),
    Double(Forest<f64>),
}

impl Ensemble {
    /// Builds the ensemble that `lists` describe, with `targets` scores per row.
    ///
    /// # Errors
    /// When the lists describe none: see [`compile`].
    pub(crate) fn new(
        operator: &'static str,
        lists: &Lists<'_>,
        targets: usize,
        aggregate: Aggregate,
    ) -> TractResult<Ensemble> {
        let single = (lists.thresholds.single(), lists.weights.single(), lists.base_values.single());
        let forest = if let (Some(thresholds), Some(weights), Some(base_values)) = single {
            Precision::Single(compile(lists, targets, &Values { thresholds, weights, base_values })?)
        } else {
            let double = (lists.thresholds.double(), lists.weights.double(), lists.base_values.double());
            let values = Values { thresholds: &double.0, weights: &double.1, base_values: &double.2 };
            Precision::Double(compile(lists, targets, &values)?)
        };
        Ok(Ensemble { operator, forest, aggregate })
    }

    /// The number of scores per row, at least one.
    pub(crate) fn targets(&self) -> usize {
        match &self.forest {
            Precision::Single(forest) => forest.targets,
            Precision::Double(forest) => forest.targets,
        }
    }

    /// Fails when some branch reads a feature that rows of `width` do not have.
    ///
    /// # Errors
    /// Names the feature.
    pub(crate) fn expect_width(&self, width: usize) -> TractResult<()> {
        let needed = match &self.forest {
            Precision::Single(forest) => forest.features,
            Precision::Double(forest) => forest.features,
        };
        if needed <= width {
            return Ok(());
        }
        bail!("{}: a branch reads feature {}, the input has {width}", self.operator, needed - 1)
    }

    /// The scores of all rows, row after row; widened, where they were computed in single precision.
    ///
    /// # Errors
    /// When `input` is not `[rows, features]` of numbers, or has too few features.
    pub(crate) fn scores(&self, input: &Tensor) -> TractResult<Vec<f64>> {
        let (count, width) = rows(self.operator, input.shape())?;
        self.expect_width(width)?;
        let double_input = input.datum_type() == DatumType::F64;
        Ok(match &self.forest {
            Precision::Double(forest) => {
                scores(forest, self.aggregate, &numbers::<f64>(self.operator, input)?, count, width)
            }
            Precision::Single(forest) if double_input => {
                scores(forest, self.aggregate, &numbers::<f64>(self.operator, input)?, count, width)
            }
            Precision::Single(forest) => {
                widen(scores(forest, self.aggregate, &numbers::<f32>(self.operator, input)?, count, width))
            }
        })
    }
}

fn widen<A: Real>(scores: Vec<A>) -> Vec<f64> {
    scores.into_iter().map(Into::into).collect()
}
