//! The attributes of a tree ensemble node: parallel lists, their lengths checked.

use std::borrow::Cow;

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::prelude::{DatumType, TractResult};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::tensors::{numbers, values};

/// How the operator names its votes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Prefix {
    /// `class_*`, of the classifier.
    Class,
    /// `target_*`, of the regressor.
    Target,
}

/// Numbers that a file gives in single precision, or in double (`<name>_as_tensor`).
#[derive(Clone, Debug)]
pub(super) enum Numbers<'a> {
    F32(Cow<'a, [f32]>),
    F64(Vec<f64>),
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
    pub(super) modes: &'a [Vec<u8>],
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
            modes: attributes.bytes("nodes_modes")?,
            true_ids: attributes.ints("nodes_truenodeids")?,
            false_ids: attributes.ints("nodes_falsenodeids")?,
            missing_tracks_true: attributes.ints("nodes_missing_value_tracks_true")?,
            thresholds: Numbers::read(ctx, attributes, "nodes_values")?,
            vote_tree_ids: attributes.ints(vote_trees)?,
            vote_node_ids: attributes.ints(vote_nodes)?,
            vote_targets: Cow::Borrowed(attributes.ints(vote_targets)?),
            weights: Numbers::read(ctx, attributes, weights)?,
            base_values: Numbers::read(ctx, attributes, "base_values")?,
        };
        let nodes = ("nodes_values", lists.thresholds.len());
        if nodes.1 == 0 {
            bail!("{}: has no nodes", lists.operator);
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
        attributes.expect_same_length((vote_targets, lists.vote_targets.len()), votes)?;
        Ok(lists)
    }

    /// The targets (or class ids) of all votes.
    pub(crate) fn vote_targets(&self) -> &[i64] {
        &self.vote_targets
    }

    /// The number of base values: zero when the file has none.
    pub(crate) fn base_values(&self) -> usize {
        self.base_values.len()
    }

    /// Whether some vote has a negative weight.
    pub(crate) fn has_negative_weight(&self) -> bool {
        match &self.weights {
            Numbers::F32(weights) => weights.iter().any(|&weight| weight < 0.0),
            Numbers::F64(weights) => weights.iter().any(|&weight| weight < 0.0),
        }
    }

    /// Makes all votes count for target 0.
    pub(crate) fn merge_targets(&mut self) {
        self.vote_targets = Cow::Owned(vec![0; self.vote_targets.len()]);
    }
}

impl<'a> Numbers<'a> {
    /// Reads `name`, or the tensor `<name>_as_tensor`.
    fn read(ctx: &ParsingContext<'_>, attributes: Attributes<'a>, name: &str) -> TractResult<Numbers<'a>> {
        let floats = attributes.floats(name)?;
        let tensor_name = format!("{name}_as_tensor");
        let Some(proto) = attributes.tensor(&tensor_name, &[DataType::Float, DataType::Double])? else {
            return Ok(Numbers::F32(Cow::Borrowed(floats)));
        };
        let tensor = ctx.load_tensor(proto)?;
        if tensor.len() == 0 {
            return Ok(Numbers::F32(Cow::Borrowed(floats)));
        }
        if !floats.is_empty() {
            bail!("{}: {name} and {tensor_name} are both set", attributes.operator());
        }
        Ok(if tensor.datum_type() == DatumType::F32 {
            Numbers::F32(Cow::Owned(values::<f32>(&tensor)?.to_vec()))
        } else {
            Numbers::F64(numbers::<f64>(attributes.operator(), &tensor)?.into_owned())
        })
    }

    fn len(&self) -> usize {
        match self {
            Numbers::F32(numbers) => numbers.len(),
            Numbers::F64(numbers) => numbers.len(),
        }
    }

    /// The numbers in single precision, unless the file has them in double.
    pub(super) fn single(&self) -> Option<&[f32]> {
        match self {
            Numbers::F32(numbers) => Some(numbers),
            Numbers::F64(_) => None,
        }
    }

    /// The numbers in double precision.
    pub(super) fn double(&self) -> Cow<'_, [f64]> {
        match self {
            Numbers::F32(numbers) => numbers.iter().copied().map(f64::from).collect(),
            Numbers::F64(numbers) => Cow::Borrowed(numbers),
        }
    }
}
