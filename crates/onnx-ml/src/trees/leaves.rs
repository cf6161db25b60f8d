//! What the leaves vote for, and where that is kept.

use std::collections::HashMap;
use std::hash::Hash;

use super::compile::{SplitTree, Splits};
use super::graph::{Vote, Votes};
use super::key::Key;
use super::split::Child;

/// Where walks find the votes of the leaf that they arrived at. Either way the entry of the leaf has 32 bits for it.
#[derive(Clone, Debug)]
pub(super) enum Leaves {
    /// In the entry: the weight. All leaves of a tree vote once, for the target of the tree.
    Inline,
    /// In a table of rows, one weight for every target; the entry has the number of the row.
    ///
    /// Leaves that vote alike share a row: those of a classification tree that was grown to the end are certain of one
    /// class, and the table is as small as there are classes.
    Rows(Vec<f64>),
    /// In lists: list `i` is `votes[starts[i]..starts[i + 1]]`; the entry has the number of the list. Leaves share them, too.
    Lists { starts: Vec<u32>, votes: Vec<(u32, f64)> },
}

/// The leaves of a forest in the layout that fits them.
pub(super) struct LeafLayout {
    pub(super) leaves: Leaves,
    /// What the entry of each leaf has.
    payloads: Payloads,
    /// The target of each tree, with [`Leaves::Inline`].
    targets: Vec<u32>,
}

enum Payloads {
    Weights(Vec<f64>),
    Indices(Vec<u32>),
}

impl LeafLayout {
    /// The layout of the leaves in `trees`, where keys `K` hold the weights that go into entries.
    pub(super) fn new<K: Key>(trees: &Splits, votes: &Votes, targets: usize) -> LeafLayout {
        if let Some((weights, tree_targets)) = inline(trees, votes)
            && weights.iter().all(|&weight| K::holds(weight))
        {
            return LeafLayout { leaves: Leaves::Inline, payloads: Payloads::Weights(weights), targets: tree_targets };
        }
        let (leaves, indices) = rows(votes, targets).unwrap_or_else(|| lists(votes));
        LeafLayout { leaves, payloads: Payloads::Indices(indices), targets: vec![] }
    }

    /// What the entry of a leaf has.
    pub(super) fn payload<K: Key>(&self, leaf: u32) -> K {
        match &self.payloads {
            Payloads::Weights(weights) => K::of_weight(weights.get(leaf as usize).copied().unwrap_or_default()),
            Payloads::Indices(indices) => K::of_index(indices.get(leaf as usize).copied().unwrap_or_default()),
        }
    }

    /// The target that the leaves of a tree vote for, if they all vote for one.
    pub(super) fn target(&self, tree: usize) -> u32 {
        self.targets.get(tree).copied().unwrap_or_default()
    }
}

/// The only weight of every leaf, and the only target of every tree.
fn inline(trees: &Splits, votes: &Votes) -> Option<(Vec<f64>, Vec<u32>)> {
    let only = |leaf| <&[Vote; 1]>::try_from(votes.of(leaf)).ok().map(|[vote]| *vote);
    let weights = (0..votes.leaves()).map(|leaf| Some(only(leaf)?.weight)).collect::<Option<_>>()?;
    let target = |tree: &SplitTree| {
        let splits = trees.splits.get(tree.splits.clone())?;
        let mut leaves =
            splits.iter().flat_map(|split| split.children).chain([tree.root]).filter_map(|child| match child {
                Child::Leaf(leaf) => Some(only(leaf)),
                Child::Split(_) => None,
            });
        let target = leaves.next()??.target;
        leaves.all(|vote| vote.is_some_and(|vote| vote.target == target)).then_some(target)
    };
    Some((weights, trees.trees.iter().map(target).collect::<Option<_>>()?))
}

/// The votes as rows of a table, if every leaf votes once for every target; and the row of each leaf.
fn rows(votes: &Votes, targets: usize) -> Option<(Leaves, Vec<u32>)> {
    let mut table = Vec::new();
    let mut known = Distinct::default();
    let mut row = vec![None; targets];
    let mut indices = Vec::with_capacity(votes.leaves() as usize);
    for leaf in 0..votes.leaves() {
        if votes.of(leaf).len() != targets {
            return None;
        }
        row.fill(None);
        for vote in votes.of(leaf) {
            *row.get_mut(vote.target as usize)? = Some(vote.weight);
        }
        let (index, is_new) = known.number(row.iter().map(|weight| weight.map(f64::to_bits)));
        if is_new {
            table.extend(row.iter().copied().collect::<Option<Vec<f64>>>()?);
        }
        indices.push(index);
    }
    Some((Leaves::Rows(table), indices))
}

/// The votes as lists, and the list of each leaf.
fn lists(votes: &Votes) -> (Leaves, Vec<u32>) {
    let (mut starts, mut flat) = (vec![0], Vec::new());
    let mut known = Distinct::default();
    let indices = (0..votes.leaves()).map(|leaf| {
        let (index, is_new) = known.number(votes.of(leaf).iter().map(|vote| (vote.target, vote.weight.to_bits())));
        if is_new {
            flat.extend(votes.of(leaf).iter().map(|vote| (vote.target, vote.weight)));
            starts.push(flat.len() as u32);
        }
        index
    });
    let indices = indices.collect();
    (Leaves::Lists { starts, votes: flat }, indices)
}

/// Numbers distinct lists as they are met.
struct Distinct<T> {
    numbers: HashMap<Box<[T]>, u32>,
    list: Vec<T>,
}

impl<T> Default for Distinct<T> {
    fn default() -> Distinct<T> {
        Distinct { numbers: HashMap::new(), list: vec![] }
    }
}

impl<T: Clone + Eq + Hash> Distinct<T> {
    /// The number of `list`, and whether it is a new one.
    fn number(&mut self, list: impl Iterator<Item = T>) -> (u32, bool) {
        self.list.clear();
        self.list.extend(list);
        if let Some(&number) = self.numbers.get(self.list.as_slice()) {
            return (number, false);
        }
        let number = self.numbers.len() as u32;
        self.numbers.insert(self.list.as_slice().into(), number);
        (number, true)
    }
}
