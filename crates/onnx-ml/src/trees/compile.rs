//! From the lists of a file to a [`Forest`], or an error that says what is wrong with them.

use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

use super::forest::{Branch, Forest, LEAF, Leaves, MAX_FEATURES};
use super::lists::Lists;
use super::rule::{Mode, Rule};

/// Marks a node that has no place in the forest yet.
const UNPLACED: u32 = u32::MAX;

/// The numbers of the lists, all in one precision.
pub(super) struct Values<'a, T> {
    pub(super) thresholds: &'a [T],
    pub(super) weights: &'a [T],
    pub(super) base_values: &'a [T],
}

/// A node with its children found.
#[derive(Clone, Copy)]
enum Node {
    Branch {
        feature: u32,
        rule: Rule,
        missing_true: bool,
        /// Positions in the file: `[true, false]`.
        children: [u32; 2],
    },
    Leaf,
}

/// Checks the lists and lays out the forest, with scores for `targets` targets.
///
/// # Errors
/// For ids given twice or not at all, cycles, features and targets out of range, unknown modes, and too many or too
/// few base values.
pub(super) fn compile<T: Copy + Default>(
    lists: &Lists<'_>,
    targets: usize,
    values: &Values<'_, T>,
) -> TractResult<Forest<T>> {
    let operator = lists.operator;
    let base_values = match values.base_values.len() {
        0 => vec![T::default(); targets],
        given if given == targets => values.base_values.to_vec(),
        given => bail!("{operator}: base_values has {given} values, expected none or {targets}"),
    };
    let index = Index::new(lists)?;
    let nodes = resolve(lists, &index)?;
    let mut layout = Layout { lists, thresholds: values.thresholds, nodes: &nodes, branches: vec![], leaves: vec![] };
    let roots = layout.place(&index.roots)?;
    let (branches, leaf_positions) = (layout.branches, layout.leaves);
    let votes = votes(lists, &index, &nodes, targets, values.weights)?;
    Ok(Forest {
        roots,
        leaves: leaves(&leaf_positions, &votes, targets),
        targets,
        base_values,
        uniform_rule: uniform_rule(&branches),
        has_missing_true: branches.iter().any(Branch::missing_true),
        features: branches.iter().map(|branch| branch.feature() + 1).max().unwrap_or(0),
        branches,
    })
}

fn uniform_rule<T>(branches: &[Branch<T>]) -> Option<Rule> {
    let first = branches.first()?.rule();
    branches.iter().all(|branch| branch.rule() == first).then_some(first)
}

/// Where in the file a node is, by its tree id and node id.
struct Index {
    /// `(tree id, node id, position)`, sorted.
    ids: Vec<(i64, i64, u32)>,
    /// The first node of each tree that the file lists: its root. In the order of the file, as sums depend on it.
    roots: Vec<u32>,
}

impl Index {
    fn new(lists: &Lists<'_>) -> TractResult<Index> {
        let (operator, count) = (lists.operator, lists.tree_ids.len());
        if !u32::try_from(count).is_ok_and(|count| count < LEAF) {
            bail!("{operator}: has {count} nodes, more than fit");
        }
        let pairs = lists.tree_ids.iter().zip(lists.node_ids).zip(0u32..);
        let mut ids: Vec<_> = pairs.map(|((&tree, &node), position)| (tree, node, position)).collect();
        ids.sort_unstable();
        for pair in ids.windows(2) {
            if let [(tree, node, _), (next_tree, next_node, _)] = pair
                && (tree, node) == (next_tree, next_node)
            {
                bail!("{operator}: tree {tree} has two nodes {node}");
            }
        }
        let mut roots: Vec<u32> = ids
            .chunk_by(|left, right| left.0 == right.0)
            .filter_map(|tree| tree.iter().map(|&(_, _, position)| position).min())
            .collect();
        roots.sort_unstable();
        Ok(Index { ids, roots })
    }

    fn find(&self, tree: i64, node: i64) -> Option<u32> {
        let found = self.ids.binary_search_by_key(&(tree, node), |&(tree, node, _)| (tree, node)).ok()?;
        self.ids.get(found).map(|&(_, _, position)| position)
    }
}

/// Every node with its children found, in the order of the file.
fn resolve(lists: &Lists<'_>, index: &Index) -> TractResult<Vec<Node>> {
    let operator = lists.operator;
    let ids = lists.tree_ids.iter().zip(lists.node_ids).zip(lists.feature_ids).zip(lists.modes);
    let children = lists.true_ids.iter().zip(lists.false_ids);
    // Without tracks, no missing value goes to a true child.
    let tracks = lists.missing_tracks_true.iter().chain(std::iter::repeat(&0));
    let mut nodes = Vec::with_capacity(lists.tree_ids.len());
    for (((((&tree, &node), &feature), mode), (&yes, &no)), &track) in ids.zip(children).zip(tracks) {
        let rule = match Mode::parse(mode) {
            Some(Mode::Branch(rule)) => rule,
            Some(Mode::Leaf) => {
                nodes.push(Node::Leaf);
                continue;
            }
            None => {
                bail!("{operator}: tree {tree}, node {node}: unknown mode {:?}", String::from_utf8_lossy(mode))
            }
        };
        let feature = match u32::try_from(feature) {
            Ok(feature) if feature < MAX_FEATURES => feature,
            _ => bail!("{operator}: tree {tree}, node {node}: feature {feature} is out of range"),
        };
        let (Some(yes), Some(no)) = (index.find(tree, yes), index.find(tree, no)) else {
            bail!("{operator}: tree {tree}, node {node}: a child ({yes} or {no}) does not exist")
        };
        nodes.push(Node::Branch { feature, rule, missing_true: track == 1, children: [yes, no] });
    }
    Ok(nodes)
}

/// The forest while it grows.
struct Layout<'a, T> {
    lists: &'a Lists<'a>,
    thresholds: &'a [T],
    nodes: &'a [Node],
    branches: Vec<Branch<T>>,
    /// The position in the file of each leaf.
    leaves: Vec<u32>,
}

#[allow(clippy::indexing_slicing, reason = "positions come from Index, which counts the same nodes")]
impl<T: Copy> Layout<'_, T> {
    /// Places all nodes that can be reached from `roots`; returns where the roots went.
    fn place(&mut self, roots: &[u32]) -> TractResult<Vec<u32>> {
        let mut places = vec![UNPLACED; self.nodes.len()];
        let mut open = vec![false; self.nodes.len()];
        let mut placed_roots = Vec::with_capacity(roots.len());
        for &root in roots {
            let mut order = Vec::new();
            self.children_first(root, &mut places, &mut open, &mut order)?;
            // Parents first, and of two children the true one.
            let first = self.branches.len() as u32;
            for (&position, place) in order.iter().rev().zip(first..) {
                places[position as usize] = place;
            }
            for &position in order.iter().rev() {
                if let Node::Branch { feature, rule, missing_true, children } = self.nodes[position as usize] {
                    let children = children.map(|child| places[child as usize]);
                    let threshold = self.thresholds[position as usize];
                    self.branches.push(Branch::new(feature, rule, missing_true, threshold, children));
                }
            }
            placed_roots.push(places[root as usize]);
        }
        Ok(placed_roots)
    }

    /// Lists the branches below and including `root`, each after its children, and places the leaves.
    ///
    /// Without recursion, as the depth is the file's choice.
    fn children_first(
        &mut self,
        root: u32,
        places: &mut [u32],
        open: &mut [bool],
        order: &mut Vec<u32>,
    ) -> TractResult<()> {
        const VISITED: u32 = UNPLACED - 1;
        let mut path: Vec<(u32, usize)> = vec![(root, 0)];
        while let Some(&mut (position, ref mut step)) = path.last_mut() {
            let here = position as usize;
            let Node::Branch { children, .. } = self.nodes[here] else {
                if places[here] == UNPLACED {
                    places[here] = LEAF | self.leaves.len() as u32;
                    self.leaves.push(position);
                }
                path.pop();
                continue;
            };
            // The order is read backwards, so the true child comes last.
            let next = match *step {
                0 => children[1],
                1 => children[0],
                _ => {
                    open[here] = false;
                    order.push(position);
                    path.pop();
                    continue;
                }
            };
            *step += 1;
            open[here] = true;
            places[here] = VISITED;
            if open[next as usize] {
                let (tree, node) = (self.lists.tree_ids[here], self.lists.node_ids[here]);
                bail!("{}: tree {tree} has a cycle through node {node}", self.lists.operator);
            }
            if places[next as usize] == UNPLACED {
                path.push((next, 0));
            }
        }
        Ok(())
    }
}

/// The votes of the leaves, by position of the leaf in the file: `votes[starts[p]..starts[p + 1]]`.
struct Votes<T> {
    starts: Vec<u32>,
    votes: Vec<(u32, T)>,
}

impl<T> Votes<T> {
    fn of(&self, position: u32) -> &[(u32, T)] {
        let start = self.starts.get(position as usize).copied().unwrap_or(0) as usize;
        let end = self.starts.get(position as usize + 1).copied().unwrap_or(0) as usize;
        self.votes.get(start..end).unwrap_or_default()
    }
}

/// Sorts the votes by leaf, those of one leaf staying in the order of the file. A vote on a branch counts for nothing.
#[allow(clippy::indexing_slicing, reason = "positions come from Index, which counts the same nodes")]
fn votes<T: Copy>(
    lists: &Lists<'_>,
    index: &Index,
    nodes: &[Node],
    targets: usize,
    weights: &[T],
) -> TractResult<Votes<T>> {
    let operator = lists.operator;
    let ids = lists.vote_tree_ids.iter().zip(lists.vote_node_ids).zip(lists.vote_targets.iter());
    let mut sorted = Vec::with_capacity(weights.len());
    for (((&tree, &node), &target), &weight) in ids.zip(weights) {
        let Some(position) = index.find(tree, node) else {
            bail!("{operator}: a vote is on node {node} of tree {tree}, which does not exist")
        };
        let target = match u32::try_from(target) {
            Ok(index) if (index as usize) < targets => index,
            _ => bail!("{operator}: tree {tree}, node {node}: a vote is for {target}, there are {targets}"),
        };
        if matches!(nodes[position as usize], Node::Leaf) {
            sorted.push((position, (target, weight)));
        }
    }
    if u32::try_from(sorted.len()).is_err() {
        bail!("{operator}: has {} votes, more than fit", sorted.len());
    }
    sorted.sort_by_key(|&(position, _)| position);
    let mut starts = vec![0u32; nodes.len() + 1];
    for &(position, _) in &sorted {
        starts[position as usize + 1] += 1;
    }
    for position in 1..starts.len() {
        starts[position] += starts[position - 1];
    }
    Ok(Votes { starts, votes: sorted.into_iter().map(|(_, vote)| vote).collect() })
}

/// The votes in the order of the forest's leaves.
fn leaves<T: Copy + Default>(positions: &[u32], votes: &Votes<T>, targets: usize) -> Leaves<T> {
    let of_leaves = || positions.iter().map(|&position| votes.of(position));
    // Two votes for one target make the sum of a row depend on their order; such files keep it.
    let one = |votes: &[(u32, T)]| <[(u32, T); 1]>::try_from(votes).ok().map(|[vote]| vote);
    if targets > 1
        && let Some(votes) = of_leaves().map(one).collect()
    {
        return Leaves::One(votes);
    }
    if let Some(weights) = of_leaves().map(|votes| one_for_each(votes, targets)).collect::<Option<Vec<_>>>() {
        return Leaves::All(weights.concat());
    }
    let mut starts = vec![0];
    let mut flat = Vec::with_capacity(votes.votes.len());
    for votes in of_leaves() {
        flat.extend_from_slice(votes);
        starts.push(flat.len() as u32);
    }
    Leaves::Many { starts, votes: flat }
}

/// The weights by target, if there is exactly one for each.
fn one_for_each<T: Copy + Default>(votes: &[(u32, T)], targets: usize) -> Option<Vec<T>> {
    if votes.len() != targets {
        return None;
    }
    let mut weights = vec![None; targets];
    for &(target, weight) in votes {
        *weights.get_mut(target as usize)? = Some(weight);
    }
    weights.into_iter().collect()
}
