//! From features to scores: which way through the forest, how votes become a score, the base values.

use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

use super::columns::{Feature, Rows};
use super::compile::Splits;
use super::entry::{Narrow, Wide};
use super::forest::Forest;
use super::shallow::Shallow;
use super::votes::Votes;

/// How the votes for one target become its score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aggregate {
    Sum,
    /// The sum divided by the number of trees.
    Average,
    Min,
    Max,
}

/// A forest in the layout that it runs in.
#[derive(Debug)]
pub(super) struct Scorer {
    layout: Layout,
    aggregate: Aggregate,
    pub(super) targets: usize,
    /// One per target.
    base_values: Vec<f64>,
}

#[derive(Debug)]
enum Layout {
    Narrow {
        forest: Forest<Narrow>,
        /// The same trees once more, when they are small enough, and votes are summed.
        shallow: Option<Shallow>,
    },
    Wide(Forest<Wide>),
}

impl Scorer {
    /// Lays the trees out, for as many targets as there are base values.
    ///
    /// # Errors
    /// When there are too many nodes for any layout.
    pub(super) fn new(
        operator: &str,
        groups: &[Splits],
        votes: &Votes<'_>,
        aggregate: Aggregate,
        base_values: Vec<f64>,
    ) -> TractResult<Scorer> {
        let targets = base_values.len();
        let layout = if let Some(forest) = Forest::<Narrow>::new(groups, votes, targets) {
            let summed = matches!(aggregate, Aggregate::Sum | Aggregate::Average);
            let shallow = if summed { Shallow::of(&forest) } else { None };
            Layout::Narrow { forest, shallow }
        } else if let Some(forest) = Forest::<Wide>::new(groups, votes, targets) {
            Layout::Wide(forest)
        } else {
            bail!("{operator}: has more nodes than fit")
        };
        Ok(Scorer { layout, aggregate, targets, base_values })
    }

    /// Scores `[count, targets]` of `count` rows.
    ///
    /// Votes are summed in double precision, in the order of the trees in the file.
    pub(super) fn scores<F: Feature>(&self, rows: Rows<'_, F>, count: usize) -> Vec<f64> {
        let no_vote = match self.aggregate {
            Aggregate::Sum | Aggregate::Average => 0.0,
            Aggregate::Min | Aggregate::Max => f64::NAN,
        };
        let mut scores = vec![no_vote; count * self.targets];
        match self.aggregate {
            Aggregate::Sum | Aggregate::Average => self.sum(rows, &mut scores),
            Aggregate::Min => {
                self.fold(
                    rows,
                    &mut scores,
                    |least, weight| if least.is_nan() || weight < least { weight } else { least },
                );
            }
            Aggregate::Max => {
                self.fold(rows, &mut scores, |most, weight| if most.is_nan() || weight > most { weight } else { most });
            }
        }
        for row in scores.chunks_exact_mut(self.targets) {
            for (score, base) in row.iter_mut().zip(&self.base_values) {
                *score = self.finish(*score) + base;
            }
        }
        scores
    }

    fn sum<F: Feature>(&self, rows: Rows<'_, F>, scores: &mut [f64]) {
        let add = |sum, weight| sum + weight;
        if let Layout::Narrow { forest, shallow: Some(trees) } = &self.layout {
            let taken = trees.add_votes(rows, &forest.columns, self.targets, scores);
            let rest = scores.get_mut(taken * self.targets..).unwrap_or_default();
            forest.fold(rows.skip(taken), self.targets, rest, add);
        } else {
            self.fold(rows, scores, add);
        }
    }

    fn fold<F: Feature>(&self, rows: Rows<'_, F>, scores: &mut [f64], vote: impl Fn(f64, f64) -> f64) {
        match &self.layout {
            Layout::Narrow { forest, .. } => forest.fold(rows, self.targets, scores, vote),
            Layout::Wide(forest) => forest.fold(rows, self.targets, scores, vote),
        }
    }

    fn finish(&self, votes: f64) -> f64 {
        match self.aggregate {
            Aggregate::Sum => votes,
            Aggregate::Average => votes / self.trees() as f64,
            // No vote at all leaves a zero.
            Aggregate::Min | Aggregate::Max if votes.is_nan() => 0.0,
            Aggregate::Min | Aggregate::Max => votes,
        }
    }

    fn trees(&self) -> usize {
        match &self.layout {
            Layout::Narrow { forest, .. } => forest.trees.len(),
            Layout::Wide(forest) => forest.trees.len(),
        }
    }
}
