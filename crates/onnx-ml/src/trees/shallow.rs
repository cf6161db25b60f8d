//! Trees of at most three levels, as boosting makes them: no walk at all, but arithmetic.
//!
//! Such a tree is padded to a complete one, seven branches and eight leaves, without any index between them. Then
//! there are two ways through it without a branch that the processor could mispredict (which is what a walk over
//! pointers spends its time on):
//!
//! - *Many rows*: all seven comparisons of all rows of a block, then seven selections from the leaves upwards. Rows lie
//!   in columns, so one instruction does several rows. The idea of `QuickScorer` and its vector form (Lucchese et al.,
//!   2015 and 2016), comparing everywhere instead of walking; its bit vectors pay for larger trees only.
//! - *One row*: `i = 2i + 1 + (x > threshold)`, three times. The steps of one tree wait for each other, those of the
//!   next trees do not, and the processor takes several trees at once.
//!
//! Either way each row meets the trees in the order of the file: its sum is that of a walk, to the last bit.

use super::forest::{Branch, Forest, LEAF, Leaves};
use super::real::Real;

const LEVELS: usize = 3;
const BRANCHES: usize = (1 << LEVELS) - 1;
const LEAVES: usize = 1 << LEVELS;

/// A complete tree: the children of branch `i` are `2i + 1` and `2i + 2`, the last of them leaves.
#[derive(Clone, Debug)]
struct Tree<T> {
    /// One feature id per branch. One more than there are branches: a power of two needs no bounds checks.
    features: [u32; LEAVES],
    thresholds: [T; LEAVES],
    weights: [T; LEAVES],
    /// Which target all leaves vote for.
    target: u32,
}

/// A forest of small trees, each of which votes for one target.
#[derive(Debug)]
pub(super) struct Shallow<T> {
    trees: Vec<Tree<T>>,
}

impl<T: Real> Shallow<T> {
    /// The same forest, if it has the shape, and at least one branch.
    pub(super) fn of(forest: &Forest<T>) -> Option<Shallow<T>> {
        if forest.features == 0 {
            return None;
        }
        let trees = forest.roots.iter().map(|&root| Tree::of(forest, root)).collect::<Option<_>>()?;
        Some(Shallow { trees })
    }

    /// Adds the votes for each row to its sums.
    ///
    /// `features` are rows of `width` values each, `sums` rows of `targets` values. `holds` compares a feature with a
    /// threshold.
    pub(super) fn add_votes<A: Real>(
        &self,
        features: &[A],
        width: usize,
        sums: &mut [A],
        targets: usize,
        holds: impl Fn(A, A) -> bool,
    ) where
        T: Into<A>,
    {
        let mut rest = Rows { features, width, sums, targets };
        self.add_blocks::<A, 16>(&mut rest, 16, &holds);
        // From four rows on, a block costs less than its rows one by one, even if half of it stays empty.
        self.add_blocks::<A, 8>(&mut rest, 4, &holds);
        for (row, sums) in rest.features.chunks_exact(width).zip(rest.sums.chunks_exact_mut(targets)) {
            self.add_row(row, sums, &holds);
        }
    }

    /// Takes blocks of `LANES` rows off `rest`, as long as it has `least`.
    fn add_blocks<A: Real, const LANES: usize>(
        &self,
        rest: &mut Rows<'_, A>,
        least: usize,
        holds: &impl Fn(A, A) -> bool,
    ) where
        T: Into<A>,
    {
        if rest.len() < least {
            return;
        }
        let mut columns = vec![[A::default(); LANES]; rest.width];
        let mut totals = vec![[A::default(); LANES]; rest.targets];
        while rest.len() >= least {
            let (features, sums) = rest.take(LANES);
            transpose(features, rest.width, &mut columns);
            transpose(sums, rest.targets, &mut totals);
            self.add_block(&columns, &mut totals, holds);
            for (lane, row) in sums.chunks_exact_mut(rest.targets).enumerate() {
                for (sum, total) in row.iter_mut().zip(&totals) {
                    *sum = total.get(lane).copied().unwrap_or_default();
                }
            }
        }
    }

    #[allow(clippy::indexing_slicing, reason = "the hot loop; compile.rs has checked features and targets")]
    fn add_block<A: Real, const LANES: usize>(
        &self,
        columns: &[[A; LANES]],
        totals: &mut [[A; LANES]],
        holds: &impl Fn(A, A) -> bool,
    ) where
        T: Into<A>,
    {
        for tree in &self.trees {
            let choose = |branch: usize, yes: [A; LANES], no: [A; LANES]| -> [A; LANES] {
                let (column, threshold) = (&columns[tree.features[branch] as usize], tree.thresholds[branch].into());
                std::array::from_fn(|lane| if holds(column[lane], threshold) { yes[lane] } else { no[lane] })
            };
            let leaf = |leaf: usize| [tree.weights[leaf].into(); LANES];
            let lower = |branch: usize| {
                let first = 2 * branch + 1;
                let last =
                    |branch: usize| choose(branch, leaf(2 * branch + 1 - BRANCHES), leaf(2 * branch + 2 - BRANCHES));
                choose(branch, last(first), last(first + 1))
            };
            let votes = choose(0, lower(1), lower(2));
            for (total, vote) in totals[tree.target as usize].iter_mut().zip(votes) {
                *total = *total + vote;
            }
        }
    }

    #[allow(clippy::indexing_slicing, reason = "the hot loop; compile.rs has checked features and targets")]
    fn add_row<A: Real>(&self, row: &[A], sums: &mut [A], holds: &impl Fn(A, A) -> bool)
    where
        T: Into<A>,
    {
        for tree in &self.trees {
            let mut at = 0usize;
            for _ in 0..LEVELS {
                let branch = at % LEAVES;
                let goes_on = holds(row[tree.features[branch] as usize], tree.thresholds[branch].into());
                at = 2 * branch + 1 + usize::from(!goes_on);
            }
            let sum = &mut sums[tree.target as usize];
            *sum = *sum + tree.weights[(at - BRANCHES) % LEAVES].into();
        }
    }
}

/// Rows whose votes are still to be added.
struct Rows<'a, A> {
    features: &'a [A],
    width: usize,
    sums: &'a mut [A],
    targets: usize,
}

impl<'a, A> Rows<'a, A> {
    fn len(&self) -> usize {
        self.sums.len() / self.targets
    }

    /// The features and the sums of the next `count` rows, or of as many as there are.
    fn take(&mut self, count: usize) -> (&'a [A], &'a mut [A]) {
        let (features, rest) = self.features.split_at((count * self.width).min(self.features.len()));
        self.features = rest;
        let sums = std::mem::take(&mut self.sums);
        let (sums, rest) = sums.split_at_mut((count * self.targets).min(sums.len()));
        self.sums = rest;
        (features, sums)
    }
}

/// Rows of `width` values to one array per value; lanes without a row keep what they have.
fn transpose<A: Copy, const LANES: usize>(rows: &[A], width: usize, columns: &mut [[A; LANES]]) {
    for (lane, row) in rows.chunks_exact(width).enumerate() {
        for (column, &value) in columns.iter_mut().zip(row) {
            if let Some(place) = column.get_mut(lane) {
                *place = value;
            }
        }
    }
}

impl<T: Real> Tree<T> {
    fn of(forest: &Forest<T>, root: u32) -> Option<Tree<T>> {
        let vote = |leaf: usize| match &forest.leaves {
            Leaves::One(votes) => votes.get(leaf).copied(),
            Leaves::All(weights) if forest.targets == 1 => Some((0, *weights.get(leaf)?)),
            Leaves::All(_) | Leaves::Many { .. } => None,
        };
        // Level after level: the branches of one are the parents of the next.
        let mut level = vec![root];
        let (mut features, mut thresholds) = ([0; LEAVES], [T::default(); LEAVES]);
        let mut places = features.iter_mut().zip(&mut thresholds);
        for _ in 0..LEVELS {
            let mut next = Vec::with_capacity(2 * level.len());
            for at in level {
                let place = places.next()?;
                if at & LEAF != 0 {
                    // Whatever it compares, it arrives at the same leaf.
                    next.extend([at, at]);
                    continue;
                }
                let branch: &Branch<T> = forest.branches.get(at as usize)?;
                (*place.0, *place.1) = (branch.feature() as u32, branch.threshold);
                next.extend(branch.children);
            }
            level = next;
        }
        let mut weights = [T::default(); LEAVES];
        let mut target = None;
        for (weight, at) in weights.iter_mut().zip(level) {
            if at & LEAF == 0 {
                return None;
            }
            let (leaf_target, leaf_weight) = vote((at & !LEAF) as usize)?;
            if *target.get_or_insert(leaf_target) != leaf_target {
                return None;
            }
            *weight = leaf_weight;
        }
        Some(Tree { features, thresholds, weights, target: target? })
    }
}
