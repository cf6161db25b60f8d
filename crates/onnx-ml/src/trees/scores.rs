//! From features to scores: which way through the forest, how votes become a score, the base values.

use super::forest::Forest;
use super::real::Real;
use super::rule::Rule;
use super::shallow::Shallow;
use super::walk::Walk;

/// How the votes for one target become its score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aggregate {
    Sum,
    /// The sum divided by the number of trees.
    Average,
    Min,
    Max,
}

/// A forest in the layouts that it runs in.
#[derive(Debug)]
pub(super) struct Scorer<T> {
    pub(super) forest: Forest<T>,
    /// The same trees once more, when they are small enough, and votes are summed.
    shallow: Option<Shallow<T>>,
    aggregate: Aggregate,
}

impl<T: Real> Scorer<T> {
    pub(super) fn new(forest: Forest<T>, aggregate: Aggregate) -> Scorer<T> {
        let summed = matches!(aggregate, Aggregate::Sum | Aggregate::Average);
        let shallow = if summed { Shallow::of(&forest) } else { None };
        Scorer { forest, shallow, aggregate }
    }

    /// Scores `[rows, targets]` of the rows in `features`, of `width` values each.
    ///
    /// `A` is the precision of the features and of the sums, `T` (no wider) that of the file. `width` is at least
    /// [`Forest::features`], and `features` holds `rows * width` values.
    pub(super) fn scores<A: Real>(&self, features: &[A], rows: usize, width: usize) -> Vec<A>
    where
        T: Into<A>,
    {
        let forest = &self.forest;
        let walk = Walk { forest, features, width };
        let no_vote = if self.aggregate.starts_from_zero() { A::default() } else { A::NAN };
        let mut scores = vec![no_vote; rows * forest.targets];
        match self.aggregate {
            Aggregate::Sum | Aggregate::Average => self.sum(&walk, &mut scores),
            Aggregate::Min => {
                walk.fold(&mut scores, |least, weight| if least.is_nan() || weight < least { weight } else { least });
            }
            Aggregate::Max => {
                walk.fold(&mut scores, |most, weight| if most.is_nan() || weight > most { weight } else { most });
            }
        }
        let trees = A::count(forest.roots.len());
        for row in scores.chunks_exact_mut(forest.targets) {
            for (score, &base) in row.iter_mut().zip(&forest.base_values) {
                *score = self.aggregate.finish(*score, trees) + base.into();
            }
        }
        scores
    }

    fn sum<A: Real>(&self, walk: &Walk<'_, T, A>, scores: &mut [A])
    where
        T: Into<A>,
    {
        let (features, width, targets) = (walk.features, walk.width, self.forest.targets);
        match (&self.shallow, self.forest.uniform_rule) {
            (Some(trees), Some(Rule::LessOrEqual)) if !walk.meets_missing_true() => {
                trees.add_votes(features, width, scores, targets, |value, threshold| value <= threshold);
            }
            (Some(trees), Some(Rule::Less)) if !walk.meets_missing_true() => {
                trees.add_votes(features, width, scores, targets, |value, threshold| value < threshold);
            }
            _ => walk.fold(scores, |sum, weight| sum + weight),
        }
    }
}

impl Aggregate {
    fn starts_from_zero(self) -> bool {
        matches!(self, Aggregate::Sum | Aggregate::Average)
    }

    fn finish<A: Real>(self, votes: A, trees: A) -> A {
        match self {
            Aggregate::Sum => votes,
            Aggregate::Average => votes / trees,
            // No vote at all leaves a zero.
            Aggregate::Min | Aggregate::Max if votes.is_nan() => A::default(),
            Aggregate::Min | Aggregate::Max => votes,
        }
    }
}
