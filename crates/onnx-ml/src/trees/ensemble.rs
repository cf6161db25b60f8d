//! A forest in the precision that its file and its inputs ask for.
//!
//! As ONNX Runtime has it: thresholds and weights given as floats are compared and summed in single precision, unless
//! the input is `double`; those given as doubles, always in double precision. Integer inputs are floats here.

use tract_onnx::prelude::{DatumType, Tensor, TractResult};
use tract_onnx::tract_hir::internal::bail;

use super::compile::{Values, compile};
use super::lists::Lists;
use super::real::Real;
use super::scores::{Aggregate, Scorer};
use crate::row_program::View;
use crate::tensors::{numbers, rows};

/// A checked tree ensemble: rows of features in, rows of scores out.
#[derive(Debug)]
pub(crate) struct Ensemble {
    operator: &'static str,
    forest: Precision,
}

#[derive(Debug)]
enum Precision {
    Single(Scorer<f32>),
    Double(Scorer<f64>),
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
            let values = Values { thresholds, weights, base_values };
            Precision::Single(Scorer::new(compile(lists, targets, &values)?, aggregate))
        } else {
            let double = (lists.thresholds.double(), lists.weights.double(), lists.base_values.double());
            let values = Values { thresholds: &double.0, weights: &double.1, base_values: &double.2 };
            Precision::Double(Scorer::new(compile(lists, targets, &values)?, aggregate))
        };
        Ok(Ensemble { operator, forest })
    }

    /// The number of scores per row, at least one.
    pub(crate) fn targets(&self) -> usize {
        match &self.forest {
            Precision::Single(scorer) => scorer.forest.targets,
            Precision::Double(scorer) => scorer.forest.targets,
        }
    }

    /// Fails when some branch reads a feature that rows of `width` do not have.
    ///
    /// # Errors
    /// Names the feature.
    pub(crate) fn expect_width(&self, width: usize) -> TractResult<()> {
        let needed = match &self.forest {
            Precision::Single(scorer) => scorer.forest.features,
            Precision::Double(scorer) => scorer.forest.features,
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
        // Single precision is not enough for doubles, nor for the integers of a model in doubles.
        if input.datum_type() == DatumType::F64 || matches!(self.forest, Precision::Double(_)) {
            self.scores_of(View::F64(&numbers::<f64>(self.operator, input)?), count, width)
        } else {
            self.scores_of(View::F32(&numbers::<f32>(self.operator, input)?), count, width)
        }
    }

    /// The same for `count` rows of `width` features that are known to be enough.
    ///
    /// # Errors
    /// When they are no numbers.
    pub(crate) fn scores_of(&self, features: View<'_>, count: usize, width: usize) -> TractResult<Vec<f64>> {
        Ok(match (&self.forest, features) {
            (Precision::Double(scorer), features) => scorer.scores(&features.to_f64()?, count, width),
            (Precision::Single(scorer), View::F64(features)) => scorer.scores(features, count, width),
            (Precision::Single(scorer), features) => widen(scorer.scores(&features.to_f32()?, count, width)),
        })
    }
}

fn widen<A: Real>(scores: Vec<A>) -> Vec<f64> {
    scores.into_iter().map(Into::into).collect()
}
