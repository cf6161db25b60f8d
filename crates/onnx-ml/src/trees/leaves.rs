//! What the leaves vote for, and where that is kept.

use std::collections::HashMap;
use std::hash::Hash;

use super::compile::{SplitTree, Splits};
use super::key::Key;
use super::recent::Recent;
use super::split::Place;
use super::votes::Votes;

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
pub(super) struct LeafLayout<'a> {
    pub(super) leaves: Leaves,
    /// What the entry of each leaf has.
    payloads: Payloads<'a>,
    /// The target of each tree, with [`Leaves::Inline`].
    targets: Vec<u32>,
}

enum Payloads<'a> {
    /// The weight of the only vote.
    Weights(&'a Votes<'a>),
    Indices(Vec<u32>),
}

impl<'a> LeafLayout<'a> {
    /// The layout of the leaves in `groups`, where keys `K` hold the weights that go into entries.
    pub(super) fn new<K: Key>(groups: &[Splits], votes: &'a Votes<'a>, targets: usize) -> LeafLayout<'a> {
        if let Some(targets) = inline::<K>(groups, votes, targets) {
            return LeafLayout { leaves: Leaves::Inline, payloads: Payloads::Weights(votes), targets };
        }
        let (leaves, indices) = rows(votes, targets).unwrap_or_else(|| lists(votes));
        LeafLayout { leaves, payloads: Payloads::Indices(indices), targets: vec![] }
    }

    /// What the entry of a leaf has.
    pub(super) fn payload<K: Key>(&self, leaf: u32) -> K {
        match &self.payloads {
            Payloads::Weights(votes) => K::of_weight(votes.only(leaf).map_or(0.0, |vote| vote.weight)),
            Payloads::Indices(indices) => K::of_index(indices.get(leaf as usize).copied().unwrap_or_default()),
        }
    }

    /// The target that the leaves of a tree vote for, if they all vote for one.
    pub(super) fn target(&self, tree: usize) -> u32 {
        self.targets.get(tree).copied().unwrap_or_default()
    }
}

/// The only target of every tree, if every leaf votes once, with a weight that keys `K` hold.
fn inline<K: Key>(groups: &[Splits], votes: &Votes<'_>, targets: usize) -> Option<Vec<u32>> {
    let all = (0..votes.leaves()).all(|leaf| votes.only(leaf).is_some_and(|vote| K::holds(vote.weight)));
    if !all {
        return None;
    }
    let trees = groups.iter().flat_map(|group| group.trees.iter().map(move |tree| (group, tree)));
    trees.map(|(group, tree)| if targets == 1 { Some(0) } else { target(group, tree, votes) }).collect()
}

/// What all leaves of a tree vote for, if that is one target.
fn target(group: &Splits, tree: &SplitTree, votes: &Votes<'_>) -> Option<u32> {
    let splits = group.splits.get(tree.splits.clone())?;
    let mut leaves =
        splits.iter().flat_map(|split| split.children).chain([tree.root]).filter_map(|child| match child.place() {
            Place::Leaf(leaf) => Some(votes.only(leaf)),
            Place::Split(_) => None,
        });
    let target = leaves.next()??.target;
    leaves.all(|vote| vote.is_some_and(|vote| vote.target == target)).then_some(target)
}

/// The votes as rows of a table, if every leaf votes once for every target; and the row of each leaf.
fn rows(votes: &Votes<'_>, targets: usize) -> Option<(Leaves, Vec<u32>)> {
    let mut table = Vec::new();
    let mut known = Distinct::default();
    let mut row = vec![None; targets];
    let indices = indices(votes, |leaf| {
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
        Some(index)
    });
    Some((Leaves::Rows(table), indices?))
}

/// The votes as lists, and the list of each leaf.
fn lists(votes: &Votes<'_>) -> (Leaves, Vec<u32>) {
    let (mut starts, mut flat) = (vec![0], Vec::new());
    let mut known = Distinct::default();
    let indices = indices(votes, |leaf| {
        let votes = || votes.of(leaf).map(|vote| (vote.target, vote.weight));
        let (index, is_new) = known.number(votes().map(|(target, weight)| (target, weight.to_bits())));
        if is_new {
            flat.extend(votes());
            starts.push(flat.len() as u32);
        }
        Some(index)
    });
    (Leaves::Lists { starts, votes: flat }, indices.unwrap_or_default())
}

/// What `index` says of each leaf; it is not asked again for one that votes as others did lately.
fn indices(votes: &Votes<'_>, mut index: impl FnMut(u32) -> Option<u32>) -> Option<Vec<u32>> {
    let mut recent = Recent::<Box<[[u64; 2]]>, u32>::new();
    let mut words = vec![];
    let mut indices = Vec::with_capacity(votes.leaves() as usize);
    for leaf in 0..votes.leaves() {
        words.clear();
        words.extend(votes.of(leaf).map(|vote| [vote.target.into(), vote.weight.to_bits()]));
        let known = recent.find(&words, words.as_slice());
        indices.push(match known {
            Some(known) => known,
            None => {
                let index = index(leaf)?;
                recent.remember(&words, words.as_slice().into(), index);
                index
            }
        });
    }
    Some(indices)
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
