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
//! subtrees stay shared. So do pairs of leaves that vote alike, in whichever trees of a group they are: a third of a classification
//! forest that was grown to the end, and the last step of most rows, are a handful of pairs.
//!
//! Groups of trees are laid out each by itself, in threads, and then put one behind the other.

use std::collections::HashMap;

use super::columns::{Column, Columns};
use super::compile::{SplitTree, Splits};
use super::entry::{CONSTANT, Entry};
use super::key::Key;
use super::leaves::{LeafLayout, Leaves};
use super::places::filled_up;
use super::recent::Recent;
use super::split::{Child, Place, Split};
use super::votes::Votes;
use crate::threads::in_threads;

/// All trees of an ensemble, in entries of one layout.
///
/// Correct by construction: columns, children and payloads are in range, and a walk of `depth` steps is at a leaf.
#[derive(Debug)]
pub(super) struct Forest<E> {
    pub(super) trees: Vec<Tree>,
    /// As many as [`filled_up`] says, the last of them nobody's.
    entries: Vec<E>,
    pub(super) depth: Depth,
    /// What the columns from 1 on are.
    pub(super) columns: Vec<Column>,
    pub(super) leaves: Leaves,
}

/// How many steps from a root leaves are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Depth {
    /// In the mean, rounded.
    pub(super) usual: u32,
    pub(super) most: u32,
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
    /// Lays out the trees of all groups, if such entries can hold them.
    pub(super) fn new(groups: &[Splits], votes: &Votes<'_>, targets: usize) -> Option<Forest<E>> {
        let mut columns = Columns::default();
        let numbers: Vec<Vec<u32>> = groups
            .iter()
            .map(|group| group.columns.iter().map(|&column| columns.number(column) + 1).collect())
            .collect();
        let columns = columns.into_vec();
        let total: usize = groups.iter().map(room).sum();
        let fits = columns.len() as u64 + u64::from(CONSTANT) < E::COLUMNS
            && total as u64 <= E::PLACES
            && groups.iter().flat_map(|group| &group.splits).all(|split| split.bound().fits::<E::Key>());
        if !fits {
            return None;
        }
        let leaves = LeafLayout::new::<E::Key>(groups, votes, targets);
        let mut first_tree = 0;
        let plots: Vec<Plot<'_>> = groups
            .iter()
            .zip(&numbers)
            .map(|(group, columns)| {
                let plot = Plot { group, columns, leaves: &leaves, first_tree };
                first_tree += group.trees.len();
                plot
            })
            .collect();
        let parts = in_threads(&plots, |plot| Part::<E>::lay_out(plot)).into_iter().collect::<Option<Vec<_>>>()?;
        let Part { trees, mut entries, depths } = Part::join(parts);
        entries.resize(filled_up(entries.len()), E::new(CONSTANT, E::Key::LOWEST, 0));
        let depth = Depth { usual: depths.mean(), most: trees.iter().map(|tree| tree.depth).max().unwrap_or(0) };
        Some(Forest { trees, entries, depth, columns, leaves: leaves.leaves })
    }

    /// The entries of all trees; a walk begins at the root of one.
    pub(super) fn entries(&self) -> &[E] {
        &self.entries
    }
}

/// How many entries the trees of a group need at most.
fn room(group: &Splits) -> usize {
    2 * (group.trees.len() + group.splits.len())
}

/// What it takes to lay out a group of trees.
struct Plot<'a> {
    group: &'a Splits,
    /// The numbers that the group's columns have in the forest.
    columns: &'a [u32],
    leaves: &'a LeafLayout<'a>,
    first_tree: usize,
}

/// The trees of a group, places counted from its first entry.
struct Part<E> {
    trees: Vec<Tree>,
    entries: Vec<E>,
    depths: LeafDepths,
}

/// The depths of leaves. Those of subtrees that several branches lead to count once.
#[derive(Clone, Copy, Debug, Default)]
struct LeafDepths {
    sum: u64,
    leaves: u64,
}

impl LeafDepths {
    /// Those of a tree whose splits lead to so many splits each, themselves included. A leaf is as deep as splits lead to it.
    fn of(sizes: &[u32]) -> LeafDepths {
        LeafDepths { sum: sizes.iter().map(|&size| u64::from(size) + 1).sum(), leaves: sizes.len() as u64 + 1 }
    }

    fn and(self, others: LeafDepths) -> LeafDepths {
        LeafDepths { sum: self.sum + others.sum, leaves: self.leaves + others.leaves }
    }

    /// Rounded.
    fn mean(self) -> u32 {
        u32::try_from((self.sum + self.leaves / 2) / self.leaves.max(1)).unwrap_or(u32::MAX)
    }
}

impl<E: Entry> Part<E> {
    fn lay_out(plot: &Plot<'_>) -> Option<Part<E>> {
        let (group, leaves) = (plot.group, plot.leaves);
        let mut part = Part {
            trees: Vec::with_capacity(group.trees.len()),
            entries: Vec::with_capacity(room(group)),
            depths: LeafDepths::default(),
        };
        let mut order = Order::default();
        let mut twins = Twins::<E::Key>::new();
        for (number, tree) in (plot.first_tree..).zip(&group.trees) {
            let splits = group.splits.get(tree.splits.clone())?;
            let both_leaves =
                |leaves_of: [u32; 2], place| twins.place(leaves_of.map(|leaf| leaves.payload(leaf)), place);
            order.arrange(tree, splits, part.entries.len() + 2, both_leaves);
            part.depths = part.depths.and(LeafDepths::of(&order.sizes));
            part.push(plot, tree, splits, &order, leaves.target(number));
        }
        Some(part)
    }

    #[allow(
        clippy::indexing_slicing,
        reason = "the splits of a tree go on at each other only; a group has its columns"
    )]
    fn push(&mut self, plot: &Plot<'_>, tree: &SplitTree, splits: &[Split], order: &Order, target: u32) {
        let entry = |place: usize, child: Child| match child.place() {
            Place::Leaf(leaf) => E::new(CONSTANT, plot.leaves.payload(leaf), place as u32),
            Place::Split(split) => {
                let split = split as usize - tree.splits.start;
                let column = plot.columns[splits[split].column as usize];
                E::new(column, splits[split].bound().key(), order.pairs[split])
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

    /// The parts one behind the other, with room to be filled up.
    fn join(parts: Vec<Part<E>>) -> Part<E> {
        let total = parts.iter().map(|part| part.entries.len()).sum::<usize>();
        let mut parts = parts.into_iter();
        // The first one stays where it is.
        let mut all =
            parts.next().unwrap_or_else(|| Part { trees: vec![], entries: vec![], depths: LeafDepths::default() });
        all.entries.reserve_exact(filled_up(total) - all.entries.len());
        for part in parts {
            let places = all.entries.len() as u32;
            all.trees.extend(part.trees.iter().map(|tree| Tree { root: tree.root + places, ..*tree }));
            all.entries.extend(part.entries.iter().map(|entry| entry.moved(places)));
            all.depths = all.depths.and(part.depths);
        }
        all
    }
}

/// Pairs of leaves, found by what they say.
#[derive(Debug)]
struct Twins<K> {
    places: HashMap<[K; 2], u32>,
    recent: Recent<[K; 2], u32>,
}

impl<K: Key> Twins<K> {
    /// Leaves that all vote otherwise, as those of regressions do, are not worth remembering.
    const MOST: usize = 256;

    fn new() -> Twins<K> {
        Twins { places: HashMap::new(), recent: Recent::new() }
    }

    /// The place of a pair that says the same; else `place`, where there will be one.
    fn place(&mut self, payloads: [K; 2], place: u32) -> u32 {
        let words = [payloads.map(|payload| payload.index() as u64)];
        if let Some(known) = self.recent.find(&words, &payloads) {
            return known;
        }
        let place = match self.places.get(&payloads) {
            Some(&known) => known,
            None if self.places.len() < Self::MOST => *self.places.entry(payloads).or_insert(place),
            None => return place,
        };
        self.recent.remember(&words, payloads, place);
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
            *pair = match children.map(Child::place) {
                [Place::Leaf(yes), Place::Leaf(no)] => both_leaves([yes, no], next),
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
