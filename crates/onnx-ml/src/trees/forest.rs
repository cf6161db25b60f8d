//! The layout of a forest in memory.
//!
//! Tree lies behind tree, each in one run of entries: its root, and behind it pairs of children. Behind a pair comes the
//! pair below the one of its two that leads to more branches, and so on down; then what was left beside that way. So
//! the way that most rows take is one through neighbours, in few cache lines. (That the larger subtree is the likelier one
//! is a guess, as files seldom say how often a branch was taken; trees are grown where rows are.)
//!
//! ```text
//! place    0       2      3       4      5
//! entry    root    yes    no      yes    no       each: column, key, child
//! child    2       2      4       4      5        2, 4 and 5 are leaves
//! ```
//!
//! A branch that several others lead to has an entry in each of their pairs, and these entries have one child: shared
//! subtrees stay shared. So do pairs of leaves that vote alike, in whichever trees they are: a third of a classification
//! forest that was grown to the end, and the last step of most rows, are a handful of pairs.

use std::collections::HashMap;

use super::columns::Column;
use super::compile::{SplitTree, Splits};
use super::entry::{CONSTANT, Entry};
use super::graph::Votes;
use super::key::Key;
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
    /// The place of its root.
    pub(super) root: u32,
    /// The most steps from the root to a leaf.
    pub(super) depth: u32,
    /// What all leaves vote for, with [`Leaves::Inline`].
    pub(super) target: u32,
}

impl<E: Entry> Forest<E> {
    /// Lays out the trees, if such entries can hold them.
    pub(super) fn new(trees: &Splits, votes: &Votes, targets: usize) -> Option<Forest<E>> {
        let total = 2 * (trees.trees.len() + trees.splits.len());
        let fits = trees.columns.len() as u64 + u64::from(CONSTANT) < E::COLUMNS
            && total as u64 <= E::PLACES
            && trees.splits.iter().all(|split| split.bound.fits::<E::Key>());
        if !fits {
            return None;
        }
        let leaves = LeafLayout::new::<E::Key>(trees, votes, targets);
        let mut forest = Forest {
            trees: Vec::with_capacity(trees.trees.len()),
            entries: Vec::with_capacity(total),
            columns: trees.columns.clone(),
            leaves: Leaves::Inline,
        };
        let mut order = Order::default();
        let mut twins = Twins::<E::Key>::default();
        for (number, tree) in trees.trees.iter().enumerate() {
            let splits = trees.splits.get(tree.splits.clone())?;
            let both_leaves =
                |leaves_of: [u32; 2], place| twins.place(leaves_of.map(|leaf| leaves.payload(leaf)), place);
            order.arrange(tree, splits, forest.entries.len() + 2, both_leaves);
            forest.push(tree, splits, &order, &leaves, leaves.target(number));
        }
        forest.leaves = leaves.leaves;
        Some(forest)
    }

    #[allow(clippy::indexing_slicing, reason = "the splits of a tree go on at each other only")]
    fn push(&mut self, tree: &SplitTree, splits: &[Split], order: &Order, leaves: &LeafLayout, target: u32) {
        let entry = |place: usize, child: Child| match child {
            Child::Leaf(leaf) => E::new(CONSTANT, leaves.payload(leaf), place as u32),
            Child::Split(split) => {
                let split = split as usize - tree.splits.start;
                let Split { column, bound, .. } = splits[split];
                E::new(column + 1, bound.key(), order.pairs[split])
            }
        };
        let root = self.entries.len();
        // Pairs begin at even places, so that none lies across two cache lines.
        self.entries.extend([entry(root, tree.root), entry(root, tree.root)]);
        for &split in &order.splits {
            let place = self.entries.len();
            let [yes, no] = splits[split as usize].children;
            self.entries.extend([entry(place, yes), entry(place + 1, no)]);
        }
        self.trees.push(Tree { root: root as u32, depth: tree.depth, target });
    }

    /// The entries of all trees; a walk begins at the root of one.
    pub(super) fn entries(&self) -> &[E] {
        &self.entries
    }
}

/// Pairs of leaves, found by what they say.
#[derive(Debug, Default)]
struct Twins<K> {
    places: HashMap<[K; 2], u32>,
}

impl<K: Key> Twins<K> {
    /// Leaves that all vote otherwise, as those of regressions do, are not worth remembering.
    const MOST: usize = 256;

    /// The place of a pair that says the same; else `place`, where there will be one.
    fn place(&mut self, payloads: [K; 2], place: u32) -> u32 {
        if let Some(&known) = self.places.get(&payloads) {
            return known;
        }
        if self.places.len() < Self::MOST {
            self.places.insert(payloads, place);
        }
        place
    }
}

/// In which order the pairs of a tree lie.
#[derive(Debug, Default)]
struct Order {
    /// The splits in the order of their pairs, numbered within the tree.
    splits: Vec<u32>,
    /// The place of each split's pair.
    pairs: Vec<u32>,
    /// How many splits each leads to, itself included.
    sizes: Vec<u32>,
    pending: Vec<u32>,
}

#[allow(clippy::indexing_slicing, reason = "the splits of a tree go on at each other only, at those before them")]
impl Order {
    /// Arranges the splits of `tree`, whose first pair is at place `first`. Of a pair of leaves that would be at some
    /// place, `both_leaves` says where it is; elsewhere it has been laid out before.
    fn arrange(
        &mut self,
        tree: &SplitTree,
        splits: &[Split],
        first: usize,
        mut both_leaves: impl FnMut([u32; 2], u32) -> u32,
    ) {
        const NONE: u32 = u32::MAX;
        self.measure(tree, splits);
        self.pairs.clear();
        self.pairs.resize(splits.len(), NONE);
        self.splits.clear();
        self.pending.extend(tree.within(tree.root).map(|split| split as u32));
        while let Some(split) = self.pending.pop() {
            let pair = &mut self.pairs[split as usize];
            // Shared by several branches, and met before.
            if *pair != NONE {
                continue;
            }
            let next = (first + 2 * self.splits.len()) as u32;
            let children = splits[split as usize].children;
            *pair = match children {
                [Child::Leaf(yes), Child::Leaf(no)] => both_leaves([yes, no], next),
                _ => next,
            };
            if *pair != next {
                continue;
            }
            self.splits.push(split);
            let mut below = children.map(|child| tree.within(child));
            let size = |child: Option<usize>| child.map_or(0, |split| self.sizes[split]);
            if size(below[0]) > size(below[1]) {
                below.reverse();
            }
            // The last one is taken first.
            self.pending.extend(below.into_iter().flatten().map(|split| split as u32));
        }
    }

    /// Counts what each split leads to. Those that it goes on at come before it.
    fn measure(&mut self, tree: &SplitTree, splits: &[Split]) {
        self.sizes.clear();
        for split in splits {
            let [yes, no] = split.children.map(|child| tree.within(child).map_or(0, |split| self.sizes[split]));
            self.sizes.push(yes.saturating_add(no).saturating_add(1));
        }
    }
}
