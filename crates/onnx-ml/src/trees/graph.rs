//! Trees with every reference found: what all kinds of files are read into, and forests are laid out from.

use super::integers::Integers;
use super::rule::Rule;

/// More nodes or leaves than any file holds; the bit above marks a leaf.
pub(super) const MAX_NODES: usize = 1 << 31;

/// Feature ids are smaller than this: no row is longer.
const MAX_FEATURES: u32 = 1 << 28;

/// The feature with id `id`, if rows may have one.
pub(super) fn feature_in_range(id: i64) -> Option<u32> {
    u32::try_from(id).ok().filter(|&feature| feature < MAX_FEATURES)
}

/// The nodes of trees that share none with other trees: mostly of one. References are in range, but may go round in
/// circles.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    pub(super) nodes: Vec<Node>,
    /// Positions in `nodes`, in the order of the trees in the file: sums depend on it.
    pub(super) roots: Vec<u32>,
    /// The values of all [`Test::Member`].
    pub(super) members: Vec<f64>,
    pub(super) names: Names<'a>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    Branch(Branch),
    /// The number of a leaf, by which its votes are found.
    Leaf(u32),
}

/// A comparison of one feature.
#[derive(Clone, Copy, Debug)]
pub(super) struct Branch {
    pub(super) feature: u32,
    pub(super) test: Test,
    /// Whether a missing value goes to the true child.
    pub(super) missing_true: bool,
    /// Positions in the nodes: `[true, false]`.
    pub(super) children: [u32; 2],
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Test {
    Compare(Rule, f64),
    /// Whether the feature is one of `members[start..end]`.
    Member {
        start: u32,
        end: u32,
    },
}

/// How the file names its nodes, for messages.
#[derive(Debug)]
pub(super) enum Names<'a> {
    /// By tree ids and node ids; and from which position in these lists on.
    Ids(Integers<'a>, Integers<'a>, usize),
    /// By their positions.
    Positions,
}

impl Names<'_> {
    /// What to call the node at `position`.
    pub(super) fn of(&self, position: u32) -> String {
        match self {
            Names::Ids(trees, nodes, first) => {
                let [tree, node] = [trees, nodes].map(|ids| ids.get(first + position as usize).unwrap_or_default());
                format!("tree {tree}, node {node}")
            }
            Names::Positions => format!("node {position}"),
        }
    }
}

impl Graph<'_> {
    /// The values that a [`Test::Member`] asks for.
    pub(super) fn members(&self, start: u32, end: u32) -> &[f64] {
        self.members.get(start as usize..end as usize).unwrap_or_default()
    }
}
