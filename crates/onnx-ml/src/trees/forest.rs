//! The layout of a forest in memory.
//!
//! All branches of all trees lie in one array of 16 bytes each (24 in double precision), so that four share a cache
//! line. A tree is laid out in the order true child first: the walk that always answers yes reads memory forwards.
//! Leaves are no nodes: a child with the bit [`LEAF`] set names one. So the walk is a loop over one array with one
//! test, and ends with the number of the leaf it arrived at:
//!
//! ```text
//! branches   feature | rule | missing    threshold    children [true, false]
//!            2                           1.5          [1, 4]
//!            0                           0.25         [LEAF|0, LEAF|1]
//! leaves     weights, see Leaves
//! ```
//!
//! Two invariants, made by [`super::compile`] and relied upon by [`super::walk`]: a branch's children lie behind it
//! (so walks end), and every index is in range (targets of votes, leaves, children). Files may share a child between
//! branches, as LightGBM's exporter does for categories: the layout keeps it shared.

use super::rule::Rule;

/// Set in a child index that names a leaf.
pub(super) const LEAF: u32 = 1 << 31;

/// Feature ids are smaller than this: the bits above hold rule and missing flag.
pub(super) const MAX_FEATURES: u32 = 1 << 28;

const RULE_SHIFT: u32 = 28;
const MISSING_TRUE: u32 = LEAF;

/// A branch: compares one feature and goes on at one of two children.
#[derive(Clone, Copy, Debug)]
pub(super) struct Branch<T> {
    /// Feature id, rule and missing flag.
    packed: u32,
    pub(super) threshold: T,
    /// Where the walk goes on: `[rule holds, rule does not hold]`.
    pub(super) children: [u32; 2],
}

impl<T> Branch<T> {
    /// A branch on `feature`, which is below [`MAX_FEATURES`].
    pub(super) fn new(feature: u32, rule: Rule, missing_true: bool, threshold: T, children: [u32; 2]) -> Branch<T> {
        let missing = if missing_true { MISSING_TRUE } else { 0 };
        Branch { packed: feature | (rule as u32) << RULE_SHIFT | missing, threshold, children }
    }

    pub(super) fn feature(&self) -> usize {
        (self.packed & (MAX_FEATURES - 1)) as usize
    }

    pub(super) fn rule(&self) -> Rule {
        Rule::from_bits((self.packed & !MISSING_TRUE) >> RULE_SHIFT)
    }

    /// Whether a missing value (NaN) goes to the true child.
    pub(super) fn missing_true(&self) -> bool {
        self.packed & MISSING_TRUE != 0
    }
}

/// What the leaves hold: the votes of leaf `i`.
#[derive(Debug)]
pub(super) enum Leaves<T> {
    /// Every leaf votes once for every target, in the order of the targets: `weights[i * targets..][..targets]`.
    All(Vec<T>),
    /// Every leaf has one vote, pairs of target and weight.
    One(Vec<(u32, T)>),
    /// Any number of votes: `votes[starts[i]..starts[i + 1]]`, pairs of target and weight.
    Many { starts: Vec<u32>, votes: Vec<(u32, T)> },
}

/// All trees of an ensemble. `T` is the precision of thresholds and weights.
#[derive(Debug)]
pub(super) struct Forest<T> {
    /// Where each tree starts: a branch, or a leaf for a tree that is nothing else.
    pub(super) roots: Vec<u32>,
    pub(super) branches: Vec<Branch<T>>,
    pub(super) leaves: Leaves<T>,
    /// The number of scores per row.
    pub(super) targets: usize,
    /// One per target, zeros when the file has none.
    pub(super) base_values: Vec<T>,
    /// The rule of all branches, if they share one.
    pub(super) uniform_rule: Option<Rule>,
    /// Whether some branch sends missing values to its true child.
    pub(super) has_missing_true: bool,
    /// Rows need at least this many features.
    pub(super) features: usize,
}
