//! What a node of trees says about its inputs, to those who do not build it.

use tract_onnx::pb::NodeProto;

use super::integers::{Integers, TRACKS};
use super::modes::Modes;
use super::rule::Mode;
use crate::attributes::Attributes;

/// The features that the branches of `node`, a tree ensemble of any kind, compare. Leaves have one as well, by convention
/// the first, which says nothing.
pub fn compared_features(node: &NodeProto) -> impl Iterator<Item = i64> {
    let attributes = Attributes::new(node);
    let features = Integers::read(attributes, "nodes_featureids").unwrap_or(Integers::Zeros(0));
    // Where modes are numbers in a tensor, all nodes are branches.
    let modes = Modes::read(attributes).unwrap_or(Modes::Names(&[]));
    features
        .iter()
        .enumerate()
        .filter(move |&(node, _)| modes.get(node) != Some(Mode::Leaf))
        .map(|(_, feature)| feature)
}

/// Whether `node`, a tree ensemble of any kind, says at some branch that missing values go to the true child: then whoever
/// wrote it knew what becomes of them.
pub fn routes_missing(node: &NodeProto) -> bool {
    let tracks = Integers::read(Attributes::new(node), TRACKS);
    tracks.is_ok_and(|tracks| tracks.iter().any(|track| track == 1))
}
