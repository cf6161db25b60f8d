//! Builds tree ensembles from short lists.

use crate::harness::{Node, Value};

/// `(tree id, node id, mode, feature, threshold, true child, false child)`
pub(crate) type TreeNode = (i64, i64, &'static str, i64, f32, i64, i64);

/// `(tree id, node id, target, weight)`
pub(crate) type Vote = (i64, i64, i64, f32);

/// `x[0] <= 0`: leaf 1, else leaf 2.
pub(crate) const STUMP: [TreeNode; 3] =
    [(0, 0, "BRANCH_LEQ", 0, 0.0, 1, 2), (0, 1, "LEAF", 0, 0.0, 0, 0), (0, 2, "LEAF", 0, 0.0, 0, 0)];

/// A regressor with one target.
pub(crate) fn regressor(nodes: &[TreeNode], votes: &[Vote]) -> Node {
    let node = Node::new("TreeEnsembleRegressor", 1).with("n_targets", Value::Int(1));
    with_votes(with_nodes(node, nodes), "target", votes)
}

/// A classifier whose labels are 10, 20, …
pub(crate) fn classifier(classes: usize, nodes: &[TreeNode], votes: &[Vote]) -> Node {
    let labels: Vec<i64> = (1..).take(classes).map(|label| label * 10).collect();
    let node = Node::new("TreeEnsembleClassifier", 2).with("classlabels_int64s", Value::Ints(&labels));
    with_votes(with_nodes(node, nodes), "class", votes)
}

/// Sets the lists of nodes.
pub(crate) fn with_nodes(node: Node, nodes: &[TreeNode]) -> Node {
    let ints = |pick: fn(&TreeNode) -> i64| nodes.iter().map(pick).collect::<Vec<_>>();
    node.with("nodes_treeids", Value::Ints(&ints(|node| node.0)))
        .with("nodes_nodeids", Value::Ints(&ints(|node| node.1)))
        .with("nodes_modes", Value::Strs(&nodes.iter().map(|node| node.2).collect::<Vec<_>>()))
        .with("nodes_featureids", Value::Ints(&ints(|node| node.3)))
        .with("nodes_values", Value::Floats(&nodes.iter().map(|node| node.4).collect::<Vec<_>>()))
        .with("nodes_truenodeids", Value::Ints(&ints(|node| node.5)))
        .with("nodes_falsenodeids", Value::Ints(&ints(|node| node.6)))
}

/// Sets the lists of votes.
pub(crate) fn with_votes(node: Node, prefix: &str, votes: &[Vote]) -> Node {
    let ints = |pick: fn(&Vote) -> i64| votes.iter().map(pick).collect::<Vec<_>>();
    node.with(&format!("{prefix}_treeids"), Value::Ints(&ints(|vote| vote.0)))
        .with(&format!("{prefix}_nodeids"), Value::Ints(&ints(|vote| vote.1)))
        .with(&format!("{prefix}_ids"), Value::Ints(&ints(|vote| vote.2)))
        .with(&format!("{prefix}_weights"), Value::Floats(&votes.iter().map(|vote| vote.3).collect::<Vec<_>>()))
}

/// A `TreeEnsemble` of opset 5: `x[0] <= 0`: leaf 0 (weight 1), else `x[0]` in {3, 5}: leaf 1 (weight 2), else leaf 2
/// (weight 4).
pub(crate) fn ensemble() -> Node {
    Node::new("TreeEnsemble", 1)
        .with("n_targets", Value::Int(1))
        .with("tree_roots", Value::Ints(&[0]))
        .with("nodes_featureids", Value::Ints(&[0, 0]))
        .with("nodes_modes", Value::Bytes(&[0, 6]))
        .with("nodes_splits", Value::Singles(&[0.0, 0.0]))
        .with("nodes_truenodeids", Value::Ints(&[0, 1]))
        .with("nodes_trueleafs", Value::Ints(&[1, 1]))
        .with("nodes_falsenodeids", Value::Ints(&[1, 2]))
        .with("nodes_falseleafs", Value::Ints(&[0, 1]))
        .with("membership_values", Value::Singles(&[3.0, 5.0, f32::NAN]))
        .with("leaf_targetids", Value::Ints(&[0, 0, 0]))
        .with("leaf_weights", Value::Singles(&[1.0, 2.0, 4.0]))
}
