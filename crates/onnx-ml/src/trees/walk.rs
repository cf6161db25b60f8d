//! The hot loop for trees of any shape: rows down the branches.
//!
//! A walk is a chain of loads, each waiting for the last; its price is that waiting, and the mispredicted end of a
//! loop. So several walks go in step, and none of them branches: a walk that has arrived stays at its leaf until the
//! others have too. Together they are either rows of a block in one tree, which then stays in the cache for the block, or,
//! for the rows that are left over, several trees of one row. Interleaving walks is old advice; see Asadi, Lin and de
//! Vries, "Runtime optimizations for tree-based machine learning models", 2014.
//!
//! The rule of the comparison is chosen once per run where all branches share it, which is nearly always.

use super::forest::{Branch, Forest, LEAF, Leaves};
use super::real::Real;
use super::rule::Rule;

/// Rows that go through a tree before the next tree.
const BLOCK: usize = 64;

/// Walks that go in step.
const LANES: usize = 8;

/// Rows on their way through a forest. `A` is the precision of the features, `T` that of the file.
pub(super) struct Walk<'a, T, A> {
    pub(super) forest: &'a Forest<T>,
    /// `width` values for each row.
    pub(super) features: &'a [A],
    pub(super) width: usize,
}

/// Takes walks from where they are to their leaves, each with the features that start at its offset.
///
/// In place, and not by value: narrow stores that are read back by wide loads make a processor wait.
type Descend<'a, T, A> = fn(&Walk<'a, T, A>, places: &mut [u32; LANES], offsets: &[usize; LANES]);

impl<'a, T: Real + Into<A>, A: Real> Walk<'a, T, A> {
    /// Folds the votes for each row into its scores, one per target.
    pub(super) fn fold(&self, scores: &mut [A], vote: impl Fn(A, A) -> A) {
        let (targets, descend) = (self.forest.targets, self.descend());
        let mut first = 0;
        for scores in scores.chunks_mut(BLOCK * targets) {
            let (together, rest) = scores.split_at_mut(scores.len() - scores.len() % (LANES * targets));
            for &root in &self.forest.roots {
                let mut row = first;
                for scores in together.chunks_exact_mut(LANES * targets) {
                    let offsets = std::array::from_fn(|lane| (row + lane) * self.width);
                    let mut places = [root; LANES];
                    descend(self, &mut places, &offsets);
                    for (place, scores) in places.iter().zip(scores.chunks_exact_mut(targets)) {
                        self.vote(*place, scores, &vote);
                    }
                    row += LANES;
                }
            }
            first += together.len() / targets;
            for scores in rest.chunks_exact_mut(targets) {
                for roots in self.forest.roots.chunks(LANES) {
                    // Walks without a tree are at some leaf already.
                    let mut places = [LEAF; LANES];
                    places.iter_mut().zip(roots).for_each(|(place, &root)| *place = root);
                    descend(self, &mut places, &[first * self.width; LANES]);
                    for (place, _) in places.iter().zip(roots) {
                        self.vote(*place, scores, &vote);
                    }
                }
                first += 1;
            }
        }
    }

    /// Whether some branch may send some value to its true child because it is missing.
    ///
    /// Mostly none of the features is missing; to see so is quicker than to ask at every branch.
    pub(super) fn meets_missing_true(&self) -> bool {
        self.forest.has_missing_true && self.features.iter().any(|value| value.is_nan())
    }

    /// The walk for the forest's rules, and these features.
    fn descend(&self) -> Descend<'a, T, A> {
        let missing = self.meets_missing_true();
        match self.forest.uniform_rule {
            // Spelled out for the two rules that exporters write: the comparison is compiled into the loop.
            Some(Rule::LessOrEqual) if !missing => |walk, places, offsets| {
                walk.descend_by(places, offsets, |value, branch| value <= branch.threshold.into())
            },
            Some(Rule::Less) if !missing => |walk, places, offsets| {
                walk.descend_by(places, offsets, |value, branch| value < branch.threshold.into())
            },
            Some(Rule::LessOrEqual) => |walk, places, offsets| {
                let holds = |value: A, branch: &Branch<T>| {
                    (value <= branch.threshold.into()) | (branch.missing_true() & value.is_nan())
                };
                walk.descend_by(places, offsets, holds)
            },
            Some(Rule::Less) => |walk, places, offsets| {
                let holds = |value: A, branch: &Branch<T>| {
                    (value < branch.threshold.into()) | (branch.missing_true() & value.is_nan())
                };
                walk.descend_by(places, offsets, holds)
            },
            _ => |walk, places, offsets| {
                let holds = |value: A, branch: &Branch<T>| {
                    branch.rule().holds(value, branch.threshold.into()) | (branch.missing_true() & value.is_nan())
                };
                walk.descend_by(places, offsets, holds)
            },
        }
    }

    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "the hot loop; compile.rs has checked every index of a forest")]
    fn descend_by(&self, places: &mut [u32; LANES], offsets: &[usize; LANES], holds: impl Fn(A, &Branch<T>) -> bool) {
        let (branches, features) = (self.forest.branches.as_slice(), self.features);
        while places.iter().fold(LEAF, |all, place| all & place) == 0 {
            for (place, &offset) in places.iter_mut().zip(offsets) {
                // All ones at a leaf. A walk that has arrived looks at the first branch, for nothing, and stays. By
                // masks, as the compiler makes a jump of anything that can be skipped.
                let arrived = (place.cast_signed() >> 31).cast_unsigned();
                let branch = &branches[(*place & !arrived) as usize];
                let feature = features[offset.wrapping_add(branch.feature())];
                let next = branch.children[usize::from(!holds(feature, branch))];
                *place = (*place & arrived) | (next & !arrived);
            }
        }
    }

    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "the hot loop; compile.rs has checked every index of a forest")]
    fn vote(&self, leaf: u32, scores: &mut [A], vote: &impl Fn(A, A) -> A) {
        let leaf = (leaf & !LEAF) as usize;
        let mut count = |target: usize, weight: T| scores[target] = vote(scores[target], weight.into());
        match &self.forest.leaves {
            Leaves::All(weights) => {
                let targets = self.forest.targets;
                weights[leaf * targets..][..targets]
                    .iter()
                    .enumerate()
                    .for_each(|(target, &weight)| count(target, weight));
            }
            Leaves::One(votes) => {
                let (target, weight) = votes[leaf];
                count(target as usize, weight);
            }
            Leaves::Many { starts, votes } => {
                for &(target, weight) in &votes[starts[leaf] as usize..starts[leaf + 1] as usize] {
                    count(target as usize, weight);
                }
            }
        }
    }
}
