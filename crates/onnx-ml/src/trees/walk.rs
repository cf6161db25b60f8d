//! The hot loop: rows down the trees, and their votes summed.
//!
//! Rows are taken in blocks, and a block goes through one tree before the next: the tree stays in the cache while the
//! block's rows use it. Each row still meets the trees in the order of the file, so its sum is the same in any batch.
//!
//! The rule of the comparison is chosen once per run where all branches share it, which is nearly always; the loop
//! that remains is a load, a compare and a select per level.

use std::fmt::Debug;
use std::ops::{Add, Div};

use super::forest::{Branch, Forest, LEAF, Leaves};
use super::rule::Rule;

/// Rows that go through a tree together.
const BLOCK: usize = 64;

/// How the votes for one target become its score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aggregate {
    Sum,
    /// The sum divided by the number of trees.
    Average,
    Min,
    Max,
}

/// A floating point precision that scores are computed in.
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

/// Scores `[rows, targets]` of the rows in `features`, of `width` values each.
///
/// `A` is the precision of the features and of the sums, `T` (no wider) that of the file. `width` is at least
/// [`Forest::features`], and `features` holds `rows * width` values.
pub(super) fn scores<T: Real + Into<A>, A: Real>(
    forest: &Forest<T>,
    aggregate: Aggregate,
    features: &[A],
    rows: usize,
    width: usize,
) -> Vec<A> {
    let run = Run { forest, features, rows, width };
    let trees = A::count(forest.roots.len());
    match aggregate {
        Aggregate::Sum => run.fold(A::default(), |sum, weight| sum + weight, |sum| sum),
        Aggregate::Average => run.fold(A::default(), |sum, weight| sum + weight, |sum| sum / trees),
        // No vote at all leaves a zero.
        Aggregate::Min => {
            let smaller = |least: A, weight| if least.is_nan() || weight < least { weight } else { least };
            run.fold(A::NAN, smaller, |least| if least.is_nan() { A::default() } else { least })
        }
        Aggregate::Max => {
            let larger = |most: A, weight| if most.is_nan() || weight > most { weight } else { most };
            run.fold(A::NAN, larger, |most| if most.is_nan() { A::default() } else { most })
        }
    }
}

/// One batch on its way through a forest.
struct Run<'a, T, A> {
    forest: &'a Forest<T>,
    features: &'a [A],
    rows: usize,
    width: usize,
}

impl<T: Real + Into<A>, A: Real> Run<'_, T, A> {
    /// Folds the votes of each row and target, and adds the base values to what `finish` makes of them.
    fn fold(&self, start: A, vote: impl Fn(A, A) -> A, finish: impl Fn(A) -> A) -> Vec<A> {
        let mut scores = vec![start; self.rows * self.forest.targets];
        match self.forest.uniform_rule {
            // Spelled out for the two rules that exporters write: the comparison is compiled into the loop.
            Some(Rule::LessOrEqual) if !self.forest.has_missing_true => {
                self.walk(&mut scores, vote, |value, branch| value <= branch.threshold.into());
            }
            Some(Rule::Less) if !self.forest.has_missing_true => {
                self.walk(&mut scores, vote, |value, branch| value < branch.threshold.into());
            }
            Some(Rule::LessOrEqual) => self.walk(&mut scores, vote, |value, branch| {
                value <= branch.threshold.into() || (branch.missing_true() && value.is_nan())
            }),
            Some(Rule::Less) => self.walk(&mut scores, vote, |value, branch| {
                value < branch.threshold.into() || (branch.missing_true() && value.is_nan())
            }),
            _ => self.walk(&mut scores, vote, |value, branch| {
                branch.rule().holds(value, branch.threshold.into()) || (branch.missing_true() && value.is_nan())
            }),
        }
        for row in scores.chunks_exact_mut(self.forest.targets) {
            for (score, &base) in row.iter_mut().zip(&self.forest.base_values) {
                *score = finish(*score) + base.into();
            }
        }
        scores
    }

    fn walk(&self, scores: &mut [A], vote: impl Fn(A, A) -> A, holds: impl Fn(A, &Branch<T>) -> bool) {
        let targets = self.forest.targets;
        for (block, scores) in scores.chunks_mut(BLOCK * targets).enumerate() {
            let first = block * BLOCK;
            for &root in &self.forest.roots {
                for (row, scores) in (first..).zip(scores.chunks_exact_mut(targets)) {
                    let leaf = self.descend(root, row, &holds);
                    self.vote(leaf, scores, &vote);
                }
            }
        }
    }

    /// The number of the leaf that `row` arrives at.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "the hot loop; compile.rs has checked every index of a forest")]
    fn descend(&self, root: u32, row: usize, holds: &impl Fn(A, &Branch<T>) -> bool) -> usize {
        let features = &self.features[row * self.width..(row + 1) * self.width];
        let branches = self.forest.branches.as_slice();
        let mut at = root;
        while at & LEAF == 0 {
            let branch = &branches[at as usize];
            let [yes, no] = branch.children;
            at = if holds(features[branch.feature()], branch) { yes } else { no };
        }
        (at & !LEAF) as usize
    }

    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "the hot loop; compile.rs has checked every index of a forest")]
    fn vote(&self, leaf: usize, scores: &mut [A], vote: &impl Fn(A, A) -> A) {
        match &self.forest.leaves {
            Leaves::Single(weights) => scores[0] = vote(scores[0], weights[leaf].into()),
            Leaves::Many { starts, votes } => {
                for &(target, weight) in &votes[starts[leaf] as usize..starts[leaf + 1] as usize] {
                    let score = &mut scores[target as usize];
                    *score = vote(*score, weight.into());
                }
            }
        }
    }
}
