//! `TreeEnsemble`: branches in one set of lists, leaves in another, found by their positions in them.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

use super::compile::{Compiler, Splits};
use super::graph::{Branch, Graph, MAX_NODES, Names, Node, Test, feature_in_range};
use super::integers::{Integers, TRACKS};
use super::numbers::Numbers;
use super::rule::Rule;
use super::votes::Votes;
use crate::attributes::Attributes;
use crate::tensors::values;

/// All that the operator's trees are made of; `nodes_hitrates` is not: see [`super::lists::is_read_past`].
#[derive(Debug)]
pub(crate) struct Positions<'a> {
    operator: &'a str,
    roots: Integers<'a>,
    feature_ids: Integers<'a>,
    modes: Vec<u8>,
    splits: Numbers<'a>,
    /// Per child (true, false): positions, and whether they are positions of leaves.
    children: [(Integers<'a>, Integers<'a>); 2],
    /// Zeros where the file has none: no missing value goes to a true child.
    missing_tracks_true: Integers<'a>,
    members: Numbers<'a>,
    leaf_targets: Integers<'a>,
    leaf_weights: Numbers<'a>,
}

const CHILDREN: [(&str, &str); 2] =
    [("nodes_truenodeids", "nodes_trueleafs"), ("nodes_falsenodeids", "nodes_falseleafs")];

impl<'a> Positions<'a> {
    /// Reads the lists.
    ///
    /// # Errors
    /// When lists that belong together differ in length, or there are no trees.
    pub(crate) fn read(ctx: &ParsingContext<'_>, attributes: Attributes<'a>) -> TractResult<Positions<'a>> {
        let [yes, no] = CHILDREN.map(|(ids, leafs)| {
            TractResult::Ok((Integers::read(attributes, ids)?, Integers::read(attributes, leafs)?))
        });
        let splits = Numbers::tensor(ctx, attributes, "nodes_splits")?;
        let positions = Positions {
            operator: attributes.operator(),
            roots: Integers::read(attributes, "tree_roots")?,
            feature_ids: Integers::read(attributes, "nodes_featureids")?,
            modes: modes(ctx, attributes)?,
            children: [yes?, no?],
            missing_tracks_true: Integers::read_or_zeros(attributes, TRACKS, splits.len())?,
            splits,
            members: Numbers::tensor(ctx, attributes, "membership_values")?,
            leaf_targets: Integers::read(attributes, "leaf_targetids")?,
            leaf_weights: Numbers::tensor(ctx, attributes, "leaf_weights")?,
        };
        positions.expect_lengths(attributes)?;
        Ok(positions)
    }

    fn expect_lengths(&self, attributes: Attributes<'_>) -> TractResult<()> {
        let operator = self.operator;
        let nodes = ("nodes_splits", self.splits.len());
        attributes.expect_same_length(("nodes_featureids", self.feature_ids.len()), nodes)?;
        attributes.expect_same_length(("nodes_modes", self.modes.len()), nodes)?;
        for ((ids, leafs), (ids_name, leafs_name)) in self.children.iter().zip(CHILDREN) {
            attributes.expect_same_length((ids_name, ids.len()), nodes)?;
            attributes.expect_same_length((leafs_name, leafs.len()), nodes)?;
        }
        attributes.expect_same_length((TRACKS, self.missing_tracks_true.len()), nodes)?;
        let leaves = ("leaf_weights", self.leaf_weights.len());
        attributes.expect_same_length(("leaf_targetids", self.leaf_targets.len()), leaves)?;
        if self.roots.is_empty() {
            bail!("{operator}: tree_roots is empty: there are no trees");
        }
        if nodes.1 + leaves.1 >= MAX_NODES {
            bail!("{operator}: has {} nodes and {} leaves, more than fit", nodes.1, leaves.1);
        }
        Ok(())
    }

    /// Whether all numbers are single. Then double ones would say no more.
    pub(super) fn are_single(&self) -> bool {
        !(self.splits.is_double() || self.leaf_weights.is_double() || self.members.is_double())
    }

    /// The trees, with scores for `targets` targets.
    ///
    /// # Errors
    /// For positions, features and targets out of range, unknown modes, sets that are not one for each member test, and what
    /// [`Compiler::add`] refuses.
    pub(super) fn compile(&self, targets: usize) -> TractResult<(Vec<Splits>, Votes<'_>)> {
        let votes = self.votes(targets)?;
        let mut nodes = self.branches()?;
        nodes.extend((0..self.leaf_weights.len() as u32).map(Node::Leaf));
        let members = self.members.iter().collect();
        let mut compiler = Compiler::new(self.operator, self.splits.len());
        compiler.add(&mut Graph { nodes, roots: self.roots()?, members, names: Names::Positions })?;
        Ok((vec![compiler.finish()], votes))
    }

    fn roots(&self) -> TractResult<Vec<u32>> {
        let count = self.splits.len();
        let root = |root| match u32::try_from(root) {
            Ok(position) if (position as usize) < count => Ok(position),
            _ => bail!("{}: tree_roots: {root} is no node, there are {count}", self.operator),
        };
        self.roots.iter().map(root).collect()
    }

    fn votes(&self, targets: usize) -> TractResult<Votes<'_>> {
        let operator = self.operator;
        for (leaf, target) in self.leaf_targets.iter().enumerate() {
            if !u32::try_from(target).is_ok_and(|target| (target as usize) < targets) {
                bail!("{operator}: leaf_targetids: leaf {leaf} is for target {target}, there are {targets}")
            }
        }
        // Every leaf has one.
        let starts = (0..self.leaf_weights.len() as u32).collect();
        Ok(Votes::in_order(starts, self.leaf_targets, &self.leaf_weights))
    }

    fn branches(&self) -> TractResult<Vec<Node>> {
        let operator = self.operator;
        let mut sets = self.sets()?.into_iter();
        let mut nodes = Vec::with_capacity(self.splits.len() + self.leaf_weights.len());
        let lists =
            self.feature_ids.iter().zip(&self.modes).zip(self.splits.iter()).zip(self.missing_tracks_true.iter());
        for (node, (((feature, &mode), split), track)) in lists.enumerate() {
            let test = match Rule::of_number(mode) {
                Some(Rule::Member) => {
                    let (start, end) = sets.next().unwrap_or_default();
                    Test::Member { start, end }
                }
                Some(rule) => Test::Compare(rule, split),
                None => bail!("{operator}: nodes_modes: node {node}: unknown mode {mode}"),
            };
            let Some(feature) = feature_in_range(feature) else {
                bail!("{operator}: nodes_featureids: node {node}: feature {feature} is out of range")
            };
            let children = [self.child(node, 0)?, self.child(node, 1)?];
            nodes.push(Node::Branch(Branch { feature, test, missing_true: track == 1, children }));
        }
        Ok(nodes)
    }

    /// The position in the graph of a child of `node`: leaves come behind the branches.
    #[allow(clippy::indexing_slicing, reason = "which is 0 or 1")]
    fn child(&self, node: usize, which: usize) -> TractResult<u32> {
        let (branches, leaves) = (self.splits.len(), self.leaf_weights.len());
        let (ids, leafs) = self.children[which];
        let (id, is_leaf) = (ids.get(node).unwrap_or(-1), leafs.get(node) != Some(0));
        let (count, kind, first) = if is_leaf { (leaves, "leaf", branches) } else { (branches, "node", 0) };
        match usize::try_from(id) {
            Ok(position) if position < count => Ok((first + position) as u32),
            _ => {
                let name = CHILDREN[which].0;
                bail!("{}: {name}: node {node}: {id} is no {kind}, there are {count}", self.operator)
            }
        }
    }

    /// Where in `membership_values` the set of each member test is. A NaN ends a set; the last one may do without.
    fn sets(&self) -> TractResult<Vec<(u32, u32)>> {
        let (mut sets, mut start, mut end) = (vec![], 0u32, 0u32);
        for member in self.members.iter() {
            end += 1;
            if member.is_nan() {
                sets.push((start, end - 1));
                start = end;
            }
        }
        if start < end {
            sets.push((start, end));
        }
        let asked = self.modes.iter().filter(|&&mode| Rule::of_number(mode) == Some(Rule::Member)).count();
        if sets.len() != asked {
            let operator = self.operator;
            bail!("{operator}: membership_values has {} sets, nodes_modes asks for {asked}", sets.len());
        }
        Ok(sets)
    }
}

/// `nodes_modes`, numbers in a tensor of bytes.
fn modes(ctx: &ParsingContext<'_>, attributes: Attributes<'_>) -> TractResult<Vec<u8>> {
    match attributes.tensor("nodes_modes", &[DataType::Uint8])? {
        Some(tensor) => Ok(values::<u8>(&ctx.load_tensor(tensor)?)?.to_vec()),
        None => Ok(vec![]),
    }
}
