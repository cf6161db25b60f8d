//! `TreeEnsembleClassifier` and `TreeEnsembleRegressor`: parallel lists of nodes and of votes, found by ids.

use std::ops::Range;

use tract_onnx::model::ParsingContext;
use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

use super::compile::{Compiler, Splits};
use super::graph::{Branch, Graph, MAX_NODES, Names, Node, Test, feature_in_range};
use super::index::{Finder, Index, groups};
use super::integers::{Blocks, Integers, TRACKS};
use super::modes::Modes;
use super::numbers::Numbers;
use super::rule::Mode;
use super::votes::{Starts, Votes};
use crate::attributes::Attributes;
use crate::threads::{both, in_threads};

/// How the operator names its votes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Prefix {
    /// `class_*`, of the classifier.
    Class,
    /// `target_*`, of the regressor.
    Target,
}

/// How often each branch is taken, for layouts that are guided by that. No answer depends on it.
const HITRATES: &str = "nodes_hitrates";

/// Whether no operator reads the attribute `name` of a tree ensemble, so that a decoder may leave out what it holds.
pub fn is_read_past(name: &str) -> bool {
    name == HITRATES
}

/// All that a tree ensemble is made of, but for [`HITRATES`].
#[derive(Debug)]
pub(crate) struct Lists<'a> {
    pub(super) operator: &'a str,
    pub(super) tree_ids: Integers<'a>,
    pub(super) node_ids: Integers<'a>,
    pub(super) feature_ids: Integers<'a>,
    pub(super) modes: Modes<'a>,
    pub(super) true_ids: Integers<'a>,
    pub(super) false_ids: Integers<'a>,
    /// Zeros where the file has none: no missing value goes to a true child.
    pub(super) missing_tracks_true: Integers<'a>,
    pub(super) thresholds: Numbers<'a>,
    /// The names of the four lists of votes that follow.
    vote_names: [&'static str; 4],
    pub(super) vote_tree_ids: Integers<'a>,
    pub(super) vote_node_ids: Integers<'a>,
    pub(super) vote_targets: Integers<'a>,
    pub(super) weights: Numbers<'a>,
    /// One per target, or none at all.
    pub(super) base_values: Numbers<'a>,
}

impl<'a> Lists<'a> {
    /// Reads the lists.
    ///
    /// # Errors
    /// When lists that belong together differ in length, or there are no nodes or no votes.
    pub(crate) fn read(ctx: &ParsingContext<'_>, attributes: Attributes<'a>, prefix: Prefix) -> TractResult<Lists<'a>> {
        let vote_names = match prefix {
            Prefix::Class => ["class_treeids", "class_nodeids", "class_ids", "class_weights"],
            Prefix::Target => ["target_treeids", "target_nodeids", "target_ids", "target_weights"],
        };
        let [vote_trees, vote_nodes, vote_targets, weights] = vote_names;
        let thresholds = Numbers::floats(ctx, attributes, "nodes_values")?;
        let lists = Lists {
            operator: attributes.operator(),
            tree_ids: Integers::read(attributes, "nodes_treeids")?,
            node_ids: Integers::read(attributes, "nodes_nodeids")?,
            feature_ids: Integers::read(attributes, "nodes_featureids")?,
            modes: Modes::read(attributes)?,
            true_ids: Integers::read(attributes, "nodes_truenodeids")?,
            false_ids: Integers::read(attributes, "nodes_falsenodeids")?,
            missing_tracks_true: Integers::read_or_zeros(attributes, TRACKS, thresholds.len())?,
            thresholds,
            vote_names,
            vote_tree_ids: Integers::read(attributes, vote_trees)?,
            vote_node_ids: Integers::read(attributes, vote_nodes)?,
            vote_targets: Integers::read(attributes, vote_targets)?,
            weights: Numbers::floats(ctx, attributes, weights)?,
            base_values: Numbers::floats(ctx, attributes, "base_values")?,
        };
        lists.expect_lengths(attributes)?;
        Ok(lists)
    }

    fn expect_lengths(&self, attributes: Attributes<'_>) -> TractResult<()> {
        let (lists, [vote_trees, vote_nodes, vote_targets, weights]) = (self, self.vote_names);
        let nodes = ("nodes_values", lists.thresholds.len());
        if !(1..MAX_NODES).contains(&nodes.1) {
            bail!("{}: nodes_values has {} nodes, expected at least one", lists.operator, nodes.1);
        }
        attributes.expect_same_length(("nodes_treeids", lists.tree_ids.len()), nodes)?;
        attributes.expect_same_length(("nodes_nodeids", lists.node_ids.len()), nodes)?;
        attributes.expect_same_length(("nodes_featureids", lists.feature_ids.len()), nodes)?;
        attributes.expect_same_length(("nodes_modes", lists.modes.len()), nodes)?;
        attributes.expect_same_length(("nodes_truenodeids", lists.true_ids.len()), nodes)?;
        attributes.expect_same_length(("nodes_falsenodeids", lists.false_ids.len()), nodes)?;
        attributes.expect_same_length((TRACKS, lists.missing_tracks_true.len()), nodes)?;
        let votes = (weights, lists.weights.len());
        if votes.1 == 0 {
            bail!("{}: {weights} is empty: no leaf has a value", lists.operator);
        }
        if u32::try_from(votes.1).is_err() {
            bail!("{}: {weights} has {} votes, more than fit", lists.operator, votes.1);
        }
        attributes.expect_same_length((vote_trees, lists.vote_tree_ids.len()), votes)?;
        attributes.expect_same_length((vote_nodes, lists.vote_node_ids.len()), votes)?;
        attributes.expect_same_length((vote_targets, lists.vote_targets.len()), votes)
    }

    /// The targets (or class ids) of all votes.
    pub(crate) fn vote_targets(&self) -> impl Iterator<Item = i64> + Clone + use<'a> {
        self.vote_targets.iter()
    }

    /// The number of base values: zero when the file has none.
    pub(crate) fn base_value_count(&self) -> usize {
        self.base_values.len()
    }

    /// Whether some vote has a negative weight.
    pub(crate) fn has_negative_weight(&self) -> bool {
        self.weights.iter().any(|weight| weight < 0.0)
    }

    /// Makes all votes count for target 0.
    pub(crate) fn merge_targets(&mut self) {
        self.vote_targets = Integers::Zeros(self.vote_targets.len());
    }

    /// Whether all numbers are single. Then double ones would say no more.
    pub(super) fn are_single(&self) -> bool {
        !(self.thresholds.is_double() || self.weights.is_double() || self.base_values.is_double())
    }

    /// The trees in groups, with scores for `targets` targets.
    ///
    /// # Errors
    /// For ids given twice or not at all, features and targets out of range, unknown modes, and what [`Compiler::add`]
    /// refuses.
    pub(super) fn compile(&self, targets: usize) -> TractResult<(Vec<Splits>, Votes<'_>)> {
        let index = Index::new(self.operator, self.tree_ids, self.node_ids)?;
        let (parts, roots) = (index.parts(), index.roots());
        let mut leaves = 0;
        let groups: Vec<Group<'_>> = groups(&parts)
            .into_iter()
            .map(|parts| {
                let first_leaf = leaves as u32;
                let own = |part: &Range<u32>| self.modes.leaves(part.start as usize..part.end as usize);
                let own: usize = parts.iter().map(own).sum();
                leaves += own;
                Group { parts, first_leaf, branches: parts.iter().map(Range::len).sum::<usize>() - own }
            })
            .collect();
        let (votes, splits) = both(
            || self.votes(&index, targets),
            || in_threads(&groups, |group| self.compile_group(group, &index, &roots)),
        );
        // What is wrong with a vote is said first, however the threads went.
        let votes = votes?;
        Ok((splits.into_iter().collect::<TractResult<_>>()?, votes))
    }

    fn compile_group(&self, group: &Group<'_>, index: &Index, roots: &[u32]) -> TractResult<Splits> {
        let mut reader = NodeReader {
            lists: self,
            finder: index.finder(),
            blocks: Blocks::new([
                self.tree_ids,
                self.node_ids,
                self.feature_ids,
                self.true_ids,
                self.false_ids,
                self.missing_tracks_true,
            ]),
            leaf: group.first_leaf,
        };
        let mut compiler = Compiler::new(self.operator, group.branches);
        // A tree at a time, so that its nodes stay in the cache.
        let mut nodes = vec![];
        for part in group.parts {
            reader.read(part, &mut nodes)?;
            let first = roots.partition_point(|&root| root < part.start);
            let roots = roots.iter().skip(first).take_while(|root| part.contains(root));
            let roots = roots.map(|root| root - part.start).collect();
            let names = Names::Ids(self.tree_ids, self.node_ids, part.start as usize);
            let mut graph = Graph { nodes, roots, members: vec![], names };
            compiler.add(&mut graph)?;
            nodes = graph.nodes;
        }
        Ok(compiler.finish())
    }

    /// The votes on leaves. One on a branch counts for nothing.
    fn votes(&self, index: &Index, targets: usize) -> TractResult<Votes<'_>> {
        let leaves = (0..self.modes.len() as u32).filter(|&node| self.modes.get(node as usize) == Some(Mode::Leaf));
        let mut starts = Starts::new(leaves.clone());
        self.each_vote(index, targets, |node| starts.add(node))?;
        if let Some(starts) = starts.finish() {
            return Ok(Votes::in_order(starts, self.vote_targets, &self.weights));
        }
        let mut nodes = Vec::with_capacity(self.weights.len());
        self.each_vote(index, targets, |node| nodes.push(node))?;
        Ok(Votes::sorted(&nodes, leaves, self.vote_targets, &self.weights))
    }

    /// Calls `vote` with the position of the node of each vote.
    fn each_vote(&self, index: &Index, targets: usize, mut vote: impl FnMut(u32)) -> TractResult<()> {
        let (operator, [_, vote_nodes, vote_targets, _]) = (self.operator, self.vote_names);
        let mut finder = index.finder();
        let mut blocks = Blocks::new([self.vote_tree_ids, self.vote_node_ids, self.vote_targets]);
        for range in Blocks::<3>::ranges(self.weights.len()) {
            let [trees, nodes, ids] = blocks.at(range);
            for ((&tree, &node), &target) in trees.iter().zip(nodes).zip(ids) {
                let Some(position) = finder.find(tree, node) else {
                    bail!("{operator}: {vote_nodes}: tree {tree}, node {node} does not exist")
                };
                if !u32::try_from(target).is_ok_and(|target| (target as usize) < targets) {
                    bail!(
                        "{operator}: {vote_targets}: tree {tree}, node {node}: a vote is for {target}, there are {targets}"
                    )
                }
                vote(position);
            }
        }
        Ok(())
    }
}

/// Trees that are compiled together.
struct Group<'a> {
    parts: &'a [Range<u32>],
    /// The number of the first leaf.
    first_leaf: u32,
    branches: usize,
}

/// Reads the nodes of one part of the lists after the other.
struct NodeReader<'a> {
    lists: &'a Lists<'a>,
    finder: Finder<'a>,
    blocks: Blocks<'a, 6>,
    /// The number of the next leaf.
    leaf: u32,
}

impl NodeReader<'_> {
    /// Replaces `nodes` by those of a part, children counted from its start.
    fn read(&mut self, part: &Range<u32>, nodes: &mut Vec<Node>) -> TractResult<()> {
        let (lists, operator) = (self.lists, self.lists.operator);
        let [trees, ids, features, yes, no, tracks] = self.blocks.at(part.start as usize..part.end as usize);
        let children = yes.iter().zip(no);
        nodes.clear();
        for (at, ((((&tree, &node), &feature), (&yes, &no)), &track)) in
            (part.start as usize..).zip(trees.iter().zip(ids).zip(features).zip(children).zip(tracks))
        {
            let rule = match lists.modes.get(at) {
                Some(Mode::Branch(rule)) => rule,
                Some(Mode::Leaf) => {
                    nodes.push(Node::Leaf(self.leaf));
                    self.leaf += 1;
                    continue;
                }
                None => {
                    let mode = lists.modes.describe(at);
                    bail!("{operator}: nodes_modes: tree {tree}, node {node}: unknown mode {mode}")
                }
            };
            let Some(feature) = feature_in_range(feature) else {
                bail!("{operator}: nodes_featureids: tree {tree}, node {node}: feature {feature} is out of range")
            };
            let mut child = |name, child| match self.finder.find(tree, child) {
                Some(position) => Ok(position - part.start),
                None => bail!("{operator}: {name}: tree {tree}, node {node}: child {child} does not exist"),
            };
            let children = [child("nodes_truenodeids", yes)?, child("nodes_falsenodeids", no)?];
            let test = Test::Compare(rule, lists.thresholds.get(at).unwrap_or_default());
            nodes.push(Node::Branch(Branch { feature, test, missing_true: track == 1, children }));
        }
        Ok(())
    }
}
