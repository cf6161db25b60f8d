//! What the leaves vote for.
//!
//! Targets and weights stay in the lists of the file, as there may be several for every leaf; what is kept of them is where
//! those of each leaf are.

use std::ops::Range;

use super::integers::Integers;
use super::numbers::Numbers;

/// The votes of leaves, by the leaves' numbers.
#[derive(Debug)]
pub(super) struct Votes<'a> {
    targets: Integers<'a>,
    weights: &'a Numbers<'a>,
    /// Which votes count, those of a leaf together and the leaves by their numbers; `None` if the file has them so.
    order: Option<Vec<u32>>,
    /// The votes of leaf `i` are those from `starts[i]` to the next start, in that order.
    starts: Vec<u32>,
}

/// The weight of a leaf, and the target whose score it counts for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vote {
    pub(super) target: u32,
    pub(super) weight: f64,
}

impl<'a> Votes<'a> {
    /// The votes for `targets` with `weights`, which the file has in the order of `starts`.
    pub(super) fn in_order(starts: Vec<u32>, targets: Integers<'a>, weights: &'a Numbers<'a>) -> Votes<'a> {
        Votes { targets, weights, order: None, starts }
    }

    /// The votes for `targets` with `weights`, each at the node that `nodes` has for it, in any order. Those at other nodes
    /// than `leaves` do not count; those of one leaf stay in the given order.
    pub(super) fn sorted(
        nodes: &[u32],
        leaves: impl Iterator<Item = u32> + Clone,
        targets: Integers<'a>,
        weights: &'a Numbers<'a>,
    ) -> Votes<'a> {
        let node = |vote: u32| nodes.get(vote as usize).copied().unwrap_or_default();
        let mut order: Vec<u32> = (0..nodes.len() as u32).collect();
        order.sort_by_key(|&vote| node(vote));
        let mut all = leaves.clone().peekable();
        order.retain(|&vote| {
            while all.next_if(|&leaf| leaf < node(vote)).is_some() {}
            all.peek() == Some(&node(vote))
        });
        let mut starts = Starts::new(leaves);
        order.iter().for_each(|&vote| starts.add(node(vote)));
        Votes { targets, weights, starts: starts.finish().unwrap_or_default(), order: Some(order) }
    }

    /// How many leaves there are.
    pub(super) fn leaves(&self) -> u32 {
        self.starts.len() as u32
    }

    /// The votes of a leaf.
    pub(super) fn of(&self, leaf: u32) -> impl ExactSizeIterator<Item = Vote> {
        self.places(leaf).map(|place| self.at(place))
    }

    /// The vote of a leaf that has just one.
    #[inline]
    pub(super) fn only(&self, leaf: u32) -> Option<Vote> {
        let places = self.places(leaf);
        (places.len() == 1).then(|| self.at(places.start))
    }

    #[inline]
    fn places(&self, leaf: u32) -> Range<usize> {
        let all = self.order.as_ref().map_or(self.weights.len(), Vec::len);
        let start = |leaf: u32| self.starts.get(leaf as usize).map_or(all, |&start| start as usize);
        start(leaf)..start(leaf + 1)
    }

    #[inline]
    fn at(&self, place: usize) -> Vote {
        let vote = self.order.as_ref().map_or(Some(place), |order| order.get(place).map(|&vote| vote as usize));
        let vote = vote.unwrap_or_default();
        let target = self.targets.get(vote).unwrap_or_default() as u32;
        Vote { target, weight: self.weights.get(vote).unwrap_or_default() }
    }
}

/// Finds out where the votes of each leaf start, as long as they come in the order of the leaves: nearly all files have
/// them so, and then nothing else needs to be kept of a vote.
#[derive(Debug)]
pub(super) struct Starts<L> {
    /// Those that have no start yet.
    leaves: L,
    starts: Vec<u32>,
    votes: u32,
    /// The leaf that started last.
    leaf: Option<u32>,
    is_in_order: bool,
}

impl<L: Iterator<Item = u32>> Starts<L> {
    /// Of `leaves`, which count up and are numbered so.
    pub(super) fn new(leaves: L) -> Starts<L> {
        let most = leaves.size_hint().1.unwrap_or(0);
        Starts { leaves, starts: Vec::with_capacity(most), votes: 0, leaf: None, is_in_order: true }
    }

    /// Adds a vote at `node`.
    #[inline]
    pub(super) fn add(&mut self, node: u32) {
        if self.leaf != Some(node) {
            self.advance(node);
        }
        self.votes += 1;
    }

    fn advance(&mut self, node: u32) {
        while self.is_in_order && self.leaf != Some(node) {
            self.leaf = self.leaves.next();
            self.starts.push(self.votes);
            self.is_in_order = self.leaf.is_some_and(|leaf| leaf <= node);
        }
    }

    /// The starts; `None` if the votes were not in order, or not at leaves.
    pub(super) fn finish(mut self) -> Option<Vec<u32>> {
        self.starts.extend(self.leaves.map(|_| self.votes));
        self.is_in_order.then_some(self.starts)
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::integers::Integers;
    use super::super::numbers::Numbers;
    use super::{Starts, Votes};

    /// The weights of each of the leaves 2, 5 and 6, of votes at `nodes` whose weights count up.
    fn weights(nodes: &[u32]) -> Vec<Vec<f64>> {
        let weights = Numbers::F32(Cow::Owned((0..nodes.len()).map(|weight| weight as f32).collect()));
        let (leaves, targets) = ([2, 5, 6].into_iter(), Integers::Zeros(nodes.len()));
        let mut starts = Starts::new(leaves.clone());
        nodes.iter().for_each(|&node| starts.add(node));
        let of = |votes: Votes<'_>| {
            let weights = |leaf| votes.of(leaf).map(|vote| vote.weight).collect();
            (0..votes.leaves()).map(weights).collect()
        };
        let sorted = of(Votes::sorted(nodes, leaves, targets, &weights));
        if let Some(starts) = starts.finish() {
            assert_eq!(of(Votes::in_order(starts, targets, &weights)), sorted);
        }
        sorted
    }

    #[test]
    fn votes_out_of_order_or_at_branches_are_noticed() {
        let is_in_order = |nodes: &[u32]| {
            let mut starts = Starts::new([2, 5, 6].into_iter());
            nodes.iter().for_each(|&node| starts.add(node));
            starts.finish().is_some()
        };
        assert!(is_in_order(&[2, 2, 5, 6]) && is_in_order(&[5]) && is_in_order(&[]));
        assert!(![&[5, 2][..], &[2, 3], &[1], &[7], &[6, 7, 6]].into_iter().any(is_in_order));
    }

    #[test]
    fn votes_are_found_by_their_leaves() {
        assert_eq!(weights(&[2, 2, 5, 6]), [vec![0.0, 1.0], vec![2.0], vec![3.0]]);
        assert_eq!(weights(&[2, 6]), [vec![0.0], vec![], vec![1.0]]);
        assert_eq!(weights(&[]), [vec![0.0; 0], vec![], vec![]]);
    }

    #[test]
    fn votes_may_be_in_any_order_and_at_branches() {
        assert_eq!(weights(&[6, 5, 2, 5]), [vec![2.0], vec![1.0, 3.0], vec![0.0]]);
        assert_eq!(weights(&[1, 2, 3, 5, 7]), [vec![1.0], vec![3.0], vec![]]);
        assert_eq!(weights(&[7, 4]), [vec![0.0; 0], vec![], vec![]]);
    }
}
