//! `TreeEnsembleClassifier` and `TreeEnsembleRegressor`: parallel lists of nodes and of votes, found by ids.

use std::ops::Range;

use tract_onnx::model::ParsingContext;
use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

use super::compile::{Compiler, Splits};
use super::graph::{Branch, Graph, MAX_NODES, Names, Node, Test, Vote, Votes, feature_in_range};
use super::index::{Finder, Index};
use super::integers::{Integers, TRACKS};
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

    /// The trees, with scores for `targets` targets.
    ///
    /// # Errors
    /// For ids given twice or not at all, features and targets out of range, unknown modes, and what [`Compiler::add`]
    /// refuses.
    pub(super) fn compile(&self, targets: usize) -> TractResult<(Splits, Votes)> {
        let index = Index::new(self.operator, self.tree_ids, self.node_ids)?;
        let mut votes = self.votes(&index, targets)?;
        let mut roots = index.roots().into_iter().peekable();
        let mut finder = index.finder();
        let mut compiler = Compiler::new(self.operator);
        // A tree at a time, so that its nodes stay in the cache.
        let (mut nodes, mut lists) = (vec![], <[Vec<i64>; 6]>::default());
        for part in index.parts() {
            self.read_nodes(&part, &mut lists, &mut finder, &mut votes, &mut nodes)?;
            let roots = std::iter::from_fn(|| roots.next_if(|root| part.contains(root)));
            let roots = roots.map(|root| root - part.start).collect();
            let names = Names::Ids(self.tree_ids, self.node_ids, part.start as usize);
            let mut graph = Graph { nodes, roots, members: vec![], names };
            compiler.add(&mut graph)?;
            nodes = graph.nodes;
        }
        Ok((compiler.finish(), votes))
    }

    /// The nodes of a part of the lists, children counted from its start. `wide` is room for the lists.
    fn read_nodes(
        &self,
        part: &Range<u32>,
        wide: &mut [Vec<i64>; 6],
        finder: &mut Finder<'_>,
        votes: &mut Votes,
        nodes: &mut Vec<Node>,
    ) -> TractResult<()> {
        let operator = self.operator;
        let lists =
            [self.tree_ids, self.node_ids, self.feature_ids, self.true_ids, self.false_ids, self.missing_tracks_true];
        for (list, wide) in lists.into_iter().zip(&mut *wide) {
            list.widen(part.start as usize..part.end as usize, wide);
        }
        let [trees, ids, features, yes, no, tracks] = &*wide;
        let children = yes.iter().zip(no);
        nodes.clear();
        for (position, ((((&tree, &node), &feature), (&yes, &no)), &track)) in
            part.clone().zip(trees.iter().zip(ids).zip(features).zip(children).zip(tracks))
        {
            let at = position as usize;
            let rule = match self.modes.get(at) {
                Some(Mode::Branch(rule)) => rule,
                Some(Mode::Leaf) => {
                    nodes.push(Node::Leaf(votes.number(position)));
                    continue;
                }
                None => {
                    let mode = self.modes.describe(at);
                    bail!("{operator}: nodes_modes: tree {tree}, node {node}: unknown mode {mode}")
                }
            };
            let Some(feature) = feature_in_range(feature) else {
                bail!("{operator}: nodes_featureids: tree {tree}, node {node}: feature {feature} is out of range")
            };
            let mut child = |name, child| match finder.find(tree, child) {
                Some(position) => Ok(position - part.start),
                None => bail!("{operator}: {name}: tree {tree}, node {node}: child {child} does not exist"),
            };
            let children = [child("nodes_truenodeids", yes)?, child("nodes_falsenodeids", no)?];
            let test = Test::Compare(rule, self.thresholds.get(at).unwrap_or_default());
            nodes.push(Node::Branch(Branch { feature, test, missing_true: track == 1, children }));
        }
        Ok(())
    }

    /// The votes on leaves. One on a branch counts for nothing.
    fn votes(&self, index: &Index, targets: usize) -> TractResult<Votes> {
        let (operator, [_, vote_nodes, vote_targets, _]) = (self.operator, self.vote_names);
        let mut finder = index.finder();
        let ids = self.vote_tree_ids.iter().zip(self.vote_node_ids.iter()).zip(self.vote_targets.iter());
        let mut votes = Vec::with_capacity(self.weights.len());
        for (((tree, node), target), weight) in ids.zip(self.weights.iter()) {
            let Some(position) = finder.find(tree, node) else {
                bail!("{operator}: {vote_nodes}: tree {tree}, node {node} does not exist")
            };
            let target = match u32::try_from(target) {
                Ok(index) if (index as usize) < targets => index,
                _ => bail!(
                    "{operator}: {vote_targets}: tree {tree}, node {node}: a vote is for {target}, there are {targets}"
                ),
            };
            if self.modes.get(position as usize) == Some(Mode::Leaf) {
                votes.push(Vote { leaf: position, target, weight });
            }
        }
        Votes::new(operator, votes)
    }
}
