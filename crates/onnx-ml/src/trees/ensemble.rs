//! A forest with what the operators ask of it: inputs of all types, rows that are wide enough, scores in the precision of
//! the file.
//!
//! Floats are compared as floats and doubles as doubles, whichever the file and the input have; integers are rounded to
//! the precision of the file first, as in ONNX Runtime.
//!
//! Sums are made in double precision, and rounded to single where the file's numbers are single. In floats, where ONNX
//! Runtime has its sums, 50 votes of 0.02 make 0.50000006 and not a half: of a forest whose trees are evenly divided it then
//! answers the second class, and scikit-learn the first (so with 20, 50, 60, 250 and 500 trees). Unrounded doubles have the
//! same fault, as 0.02 itself was rounded when the file was written; rounded ones have none, for any number of trees, since
//! the error of equal weights is half a digit of the sum at most.

use tract_onnx::prelude::{DatumType, Tensor, TractResult};
use tract_onnx::tract_hir::internal::bail;

use super::columns::Rows;
use super::compile::Splits;
use super::lists::Lists;
use super::positions::Positions;
use super::scores::{Aggregate, Scorer};
use super::votes::Votes;
use crate::row_program::View;
use crate::tensors::{numbers, rows};

/// A checked tree ensemble: rows of features in, rows of scores out.
#[derive(Debug)]
pub(crate) struct Ensemble {
    operator: &'static str,
    scorer: Scorer,
    /// Whether all numbers of the file are single.
    single: bool,
    /// Rows need at least this many features.
    features: usize,
}

impl Ensemble {
    /// Builds the ensemble that `lists` describe, with `targets` scores per row.
    ///
    /// # Errors
    /// When the lists describe none: see [`Lists::compile`]; and when there are neither no base values nor
    /// one per target.
    pub(crate) fn of_lists(
        operator: &'static str,
        lists: &Lists<'_>,
        targets: usize,
        aggregate: Aggregate,
    ) -> TractResult<Ensemble> {
        let base_values = match lists.base_values.len() {
            0 => vec![0.0; targets],
            given if given == targets => lists.base_values.iter().collect(),
            given => bail!("{operator}: base_values has {given} values, expected none or {targets}"),
        };
        Ensemble::new(operator, lists.compile(targets)?, lists.are_single(), base_values, aggregate)
    }

    /// Builds the ensemble that `positions` describe, with `targets` scores per row.
    ///
    /// # Errors
    /// When they describe none: see [`Positions::compile`].
    pub(crate) fn of_positions(
        operator: &'static str,
        positions: &Positions<'_>,
        targets: usize,
        aggregate: Aggregate,
    ) -> TractResult<Ensemble> {
        let base_values = vec![0.0; targets];
        Ensemble::new(operator, positions.compile(targets)?, positions.are_single(), base_values, aggregate)
    }

    fn new(
        operator: &'static str,
        (groups, votes): (Vec<Splits>, Votes<'_>),
        single: bool,
        base_values: Vec<f64>,
        aggregate: Aggregate,
    ) -> TractResult<Ensemble> {
        let scorer = Scorer::new(operator, &groups, &votes, aggregate, base_values)?;
        let columns = groups.iter().flat_map(|group| &group.columns);
        let features = columns.map(|column| column.feature as usize + 1).max().unwrap_or(0);
        Ok(Ensemble { operator, scorer, single, features })
    }

    /// The number of scores per row, at least one.
    pub(crate) fn targets(&self) -> usize {
        self.scorer.targets
    }

    /// Fails when some branch reads a feature that rows of `width` do not have.
    ///
    /// # Errors
    /// Names the feature.
    pub(crate) fn expect_width(&self, width: usize) -> TractResult<()> {
        if self.features <= width {
            return Ok(());
        }
        bail!("{}: a branch reads feature {}, the input has {width}", self.operator, self.features - 1)
    }

    /// The scores of all rows, row after row. Single where the file is, though in doubles.
    ///
    /// # Errors
    /// When `input` is not `[rows, features]` of numbers, or has too few features.
    pub(crate) fn scores(&self, input: &Tensor) -> TractResult<Vec<f64>> {
        let (count, width) = rows(self.operator, input.shape())?;
        self.expect_width(width)?;
        // Single precision is not enough for doubles, nor for the integers of a model in doubles.
        if input.datum_type() == DatumType::F64 || !self.single && !input.datum_type().is_float() {
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
        let mut scores = match features {
            View::F64(features) => self.scorer.scores(Rows { features, width }, count),
            View::F32(features) => self.scorer.scores(Rows { features, width }, count),
            integers if self.single => self.scorer.scores(Rows { features: &integers.to_f32()?, width }, count),
            integers => self.scorer.scores(Rows { features: &integers.to_f64()?, width }, count),
        };
        if self.single {
            scores.iter_mut().for_each(|score| *score = f64::from(*score as f32));
        }
        Ok(scores)
    }
}
