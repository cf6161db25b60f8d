//! Trees with every reference found: what all kinds of files are read into, and forests are laid out from.

use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

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

/// What the leaves vote for, by their numbers: leaf `i` has the votes from `starts[i]` to the next start.
#[derive(Debug)]
pub(super) struct Votes {
    starts: Vec<u32>,
    votes: Vec<Vote>,
}

/// The weight of a leaf, and the target whose score it counts for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vote {
    /// The position of the leaf in the file.
    pub(super) leaf: u32,
    pub(super) target: u32,
    pub(super) weight: f64,
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

impl Votes {
    /// Votes whose leaves have no numbers yet. Those of one leaf stay in the given order.
    ///
    /// # Errors
    /// When there are more than fit.
    pub(super) fn new(operator: &str, mut votes: Vec<Vote>) -> TractResult<Votes> {
        if u32::try_from(votes.len()).is_err() {
            bail!("{operator}: has {} votes, more than fit", votes.len());
        }
        // Files have them in order.
        if !votes.is_sorted_by_key(|vote| vote.leaf) {
            votes.sort_by_key(|vote| vote.leaf);
        }
        Ok(Votes { starts: vec![], votes })
    }

    /// Numbers the next leaf, which is at `position` in the file, behind the one numbered before.
    pub(super) fn number(&mut self, position: u32) -> u32 {
        let start = self.starts.last().copied().unwrap_or(0);
        let before = self.votes.iter().skip(start as usize).take_while(|vote| vote.leaf < position).count();
        self.starts.push(start + before as u32);
        self.leaves() - 1
    }

    /// The votes of a leaf.
    pub(super) fn of(&self, leaf: u32) -> &[Vote] {
        let start = |leaf: usize| self.starts.get(leaf).map_or(self.votes.len(), |&start| start as usize);
        self.votes.get(start(leaf as usize)..start(leaf as usize + 1)).unwrap_or_default()
    }

    /// How many leaves have numbers.
    pub(super) fn leaves(&self) -> u32 {
        self.starts.len() as u32
    }
}

impl Graph<'_> {
    /// The values that a [`Test::Member`] asks for.
    pub(super) fn members(&self, start: u32, end: u32) -> &[f64] {
        self.members.get(start as usize..end as usize).unwrap_or_default()
    }
}
