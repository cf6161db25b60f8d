//! `TreeEnsembleClassifier` and `TreeEnsembleRegressor`: parallel lists of nodes and of votes, found by ids.

use std::borrow::Cow;

use tract_onnx::model::ParsingContext;
use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

use super::graph::{Branch, Graph, MAX_NODES, Names, Node, Test, Vote, Votes, feature_in_range};
use super::index::Index;
use super::modes::Modes;
use super::numbers::Numbers;
use super::rule::Mode;
use crate::attributes::Attributes;

/// How the operator names its votes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Prefix {
    /// `class_*`, of the classifier.
    Class,
    /// `target_*`, of the regressor.
    Target,
}

/// All that a tree ensemble is made of.
///
/// `nodes_hitrates` is not read: it serves profile-guided layouts, and never changes an answer.
#[derive(Debug)]
pub(crate) struct Lists<'a> {
    pub(super) operator: &'a str,
    pub(super) tree_ids: &'a [i64],
    pub(super) node_ids: &'a [i64],
    pub(super) feature_ids: &'a [i64],
    pub(super) modes: Modes<'a>,
    pub(super) true_ids: &'a [i64],
    pub(super) false_ids: &'a [i64],
    /// One per node, or none at all.
    pub(super) missing_tracks_true: &'a [i64],
    pub(super) thresholds: Numbers<'a>,
    pub(super) vote_tree_ids: &'a [i64],
    pub(super) vote_node_ids: &'a [i64],
    pub(super) vote_targets: Cow<'a, [i64]>,
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
        let lists = Lists {
            operator: attributes.operator(),
            tree_ids: attributes.ints("nodes_treeids")?,
            node_ids: attributes.ints("nodes_nodeids")?,
            feature_ids: attributes.ints("nodes_featureids")?,
            modes: Modes::read(attributes)?,
            true_ids: attributes.ints("nodes_truenodeids")?,
            false_ids: attributes.ints("nodes_falsenodeids")?,
            missing_tracks_true: attributes.ints("nodes_missing_value_tracks_true")?,
            thresholds: Numbers::floats(ctx, attributes, "nodes_values")?,
            vote_tree_ids: attributes.ints(vote_trees)?,
            vote_node_ids: attributes.ints(vote_nodes)?,
            vote_targets: Cow::Borrowed(attributes.ints(vote_targets)?),
            weights: Numbers::floats(ctx, attributes, weights)?,
            base_values: Numbers::floats(ctx, attributes, "base_values")?,
        };
        lists.expect_lengths(attributes, vote_names)?;
        Ok(lists)
    }

    fn expect_lengths(&self, attributes: Attributes<'_>, vote_names: [&str; 4]) -> TractResult<()> {
        let (lists, [vote_trees, vote_nodes, vote_targets, weights]) = (self, vote_names);
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
        if !lists.missing_tracks_true.is_empty() {
            let tracks = ("nodes_missing_value_tracks_true", lists.missing_tracks_true.len());
            attributes.expect_same_length(tracks, nodes)?;
        }
        let votes = (weights, lists.weights.len());
        if votes.1 == 0 {
            bail!("{}: {weights} is empty: no leaf has a value", lists.operator);
        }
        attributes.expect_same_length((vote_trees, lists.vote_tree_ids.len()), votes)?;
        attributes.expect_same_length((vote_nodes, lists.vote_node_ids.len()), votes)?;
        attributes.expect_same_length((vote_targets, lists.vote_targets.len()), votes)
    }

    /// The targets (or class ids) of all votes.
    pub(crate) fn vote_targets(&self) -> &[i64] {
        &self.vote_targets
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
        self.vote_targets = Cow::Owned(vec![0; self.vote_targets.len()]);
    }

    /// The trees, with scores for `targets` targets.
    ///
    /// # Errors
    /// For ids given twice or not at all, features and targets out of range, and unknown modes.
    pub(super) fn graph(&self, targets: usize) -> TractResult<Graph<'a>> {
        let index = Index::new(self.operator, self.tree_ids, self.node_ids)?;
        let (nodes, leaves) = self.nodes(&index)?;
        Ok(Graph {
            roots: index.roots(),
            members: vec![],
            votes: self.votes(&index, &nodes, leaves, targets)?,
            single: !(self.thresholds.is_double() || self.weights.is_double() || self.base_values.is_double()),
            names: Names::Ids(self.tree_ids, self.node_ids),
            nodes,
        })
    }

    /// Every node with its children found, in the order of the file, and how many of them are leaves.
    fn nodes(&self, index: &Index) -> TractResult<(Vec<Node>, u32)> {
        let operator = self.operator;
        let mut finder = index.finder();
        let ids = self.tree_ids.iter().zip(self.node_ids).zip(self.feature_ids).zip(self.modes.iter());
        let children = self.true_ids.iter().zip(self.false_ids).zip(self.thresholds.iter());
        // Without tracks, no missing value goes to a true child.
        let tracks = self.missing_tracks_true.iter().chain(std::iter::repeat(&0));
        let mut nodes = Vec::with_capacity(self.tree_ids.len());
        let mut leaves = 0;
        for (((((&tree, &node), &feature), mode), ((&yes, &no), threshold)), &track) in ids.zip(children).zip(tracks) {
            let rule = match mode {
                Ok(Mode::Branch(rule)) => rule,
                Ok(Mode::Leaf) => {
                    nodes.push(Node::Leaf(leaves));
                    leaves += 1;
                    continue;
                }
                Err(mode) => bail!("{operator}: nodes_modes: tree {tree}, node {node}: unknown mode {mode}"),
            };
            let Some(feature) = feature_in_range(feature) else {
                bail!("{operator}: nodes_featureids: tree {tree}, node {node}: feature {feature} is out of range")
            };
            let mut child = |name, child| match finder.find(tree, child) {
                Some(position) => Ok(position),
                None => bail!("{operator}: {name}: tree {tree}, node {node}: child {child} does not exist"),
            };
            let children = [child("nodes_truenodeids", yes)?, child("nodes_falsenodeids", no)?];
            let test = Test::Compare(rule, threshold);
            nodes.push(Node::Branch(Branch { feature, test, missing_true: track == 1, children }));
        }
        Ok((nodes, leaves))
    }

    /// The votes by leaf. A vote on a branch counts for nothing.
    fn votes(&self, index: &Index, nodes: &[Node], leaves: u32, targets: usize) -> TractResult<Votes> {
        let operator = self.operator;
        let mut finder = index.finder();
        let ids = self.vote_tree_ids.iter().zip(self.vote_node_ids).zip(self.vote_targets.iter());
        let mut votes = Vec::with_capacity(self.weights.len());
        for (((&tree, &node), &target), weight) in ids.zip(self.weights.iter()) {
            let Some(position) = finder.find(tree, node) else {
                bail!("{operator}: a vote is on node {node} of tree {tree}, which does not exist")
            };
            let target = match u32::try_from(target) {
                Ok(index) if (index as usize) < targets => index,
                _ => bail!("{operator}: tree {tree}, node {node}: a vote is for {target}, there are {targets}"),
            };
            if let Some(&Node::Leaf(leaf)) = nodes.get(position as usize) {
                votes.push(Vote { leaf, target, weight });
            }
        }
        Votes::new(operator, leaves as usize, votes)
    }
}
