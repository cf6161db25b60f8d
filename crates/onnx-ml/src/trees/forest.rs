//! The layout of a forest in memory.
//!
//! All entries of a tree lie in one run: the root, and behind it pairs of children. The pair of a branch's children comes
//! before the pairs below it, and a whole subtree below a true child before that below the false one. So a row that is
//! near its leaf stays within few cache lines, and children are behind their parents: walks end.
//!
//! ```text
//! place    0       2      3       4      5
//! entry    root    yes    no      yes    no       each: column, key, child
//! child    2       4      3       4      5        4, 5 and 3 are leaves
//! ```
//!
//! A branch that several others lead to has an entry in each of their pairs, and these entries have one child: shared
//! subtrees stay shared.

use super::columns::Column;
use super::compile::{SplitTree, Splits};
use super::entry::{CONSTANT, Entry};
use super::graph::Votes;
use super::leaves::{LeafLayout, Leaves};
use super::split::{Child, Split};

/// All trees of an ensemble, in entries of one layout.
///
/// Correct by construction: columns, children and payloads are in range, and a walk of `depth` steps is at a leaf.
#[derive(Debug)]
pub(super) struct Forest<E> {
    pub(super) trees: Vec<Tree>,
    entries: Vec<E>,
    /// What the columns from 1 on are.
    pub(super) columns: Vec<Column>,
    pub(super) leaves: Leaves,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Tree {
    /// Where its entries are.
    start: usize,
    end: usize,
    /// The most steps from the root to a leaf.
    pub(super) depth: u32,
    /// What all leaves vote for, with [`Leaves::Inline`].
    pub(super) target: u32,
}

impl<E: Entry> Forest<E> {
    /// Lays out the trees, if such entries can hold them.
    pub(super) fn new(trees: &Splits, votes: &Votes, targets: usize) -> Option<Forest<E>> {
        let longest = trees.trees.iter().map(|tree| entries(tree.splits.len())).max().unwrap_or(0);
        let fits = trees.columns.len() as u64 + u64::from(CONSTANT) < E::COLUMNS
            && longest as u64 <= E::PLACES
            && trees.splits.iter().all(|split| split.bound.fits::<E::Key>());
        if !fits {
            return None;
        }
        let leaves = LeafLayout::new::<E::Key>(trees, votes, targets);
        let total = trees.trees.iter().map(|tree| entries(tree.splits.len())).sum();
        let mut forest = Forest {
            trees: vec![],
            entries: Vec::with_capacity(total),
            columns: trees.columns.clone(),
            leaves: Leaves::Inline,
        };
        for (number, tree) in trees.trees.iter().enumerate() {
            forest.push(tree, trees.splits.get(tree.splits.clone())?, &leaves, leaves.target(number));
        }
        forest.leaves = leaves.leaves;
        Some(forest)
    }

    #[allow(clippy::indexing_slicing, reason = "the splits of a tree go on at each other only")]
    fn push(&mut self, tree: &SplitTree, splits: &[Split], leaves: &LeafLayout, target: u32) {
        let start = self.entries.len();
        // The first split is the last to be laid out.
        let pair = |split: u32| entries(tree.splits.end - 1 - split as usize) as u32;
        let entry = |place: usize, child: Child| match child {
            Child::Leaf(leaf) => E::new(CONSTANT, leaves.payload(leaf), place as u32),
            Child::Split(split) => {
                let Split { column, bound, .. } = splits[split as usize - tree.splits.start];
                E::new(column + 1, bound.key(), pair(split))
            }
        };
        // Pairs begin at even places, so that none lies across two cache lines.
        self.entries.extend([entry(0, tree.root), entry(0, tree.root)]);
        for split in splits.iter().rev() {
            let place = self.entries.len() - start;
            let [yes, no] = split.children;
            self.entries.extend([entry(place, yes), entry(place + 1, no)]);
        }
        self.trees.push(Tree { start, end: self.entries.len(), depth: tree.depth, target });
    }

    /// The entries of a tree, its root first.
    pub(super) fn entries(&self, tree: &Tree) -> &[E] {
        self.entries.get(tree.start..tree.end).unwrap_or_default()
    }
}

/// How many entries a tree has.
fn entries(splits: usize) -> usize {
    2 + 2 * splits
}
