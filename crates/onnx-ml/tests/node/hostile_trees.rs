//! Crafted tree ensembles. Every one is an error: no panic, no endless walk, nothing out of bounds.

use std::time::Instant;

use crate::harness::{Node, Value, floats, ints};
use crate::trees::{STUMP, TreeNode, classifier, regressor};

const LEAVES: [(i64, i64, i64, f32); 2] = [(0, 1, 0, 1.0), (0, 2, 0, 2.0)];

#[track_caller]
fn refused(node: &Node, words: &str) {
    node.check_error(&[floats(&[[1.0]])], words);
}

fn stump_with_root(root: TreeNode) -> Node {
    regressor(&[root, STUMP[1], STUMP[2]], &LEAVES)
}

#[test]
fn cycles() {
    refused(
        &stump_with_root((0, 0, "BRANCH_LEQ", 0, 0.0, 0, 2)),
        "nodes_truenodeids and nodes_falsenodeids lead in a cycle through tree 0, node 0",
    );
    let nodes = [
        (0, 0, "BRANCH_LEQ", 0, 0.0, 1, 2),
        (0, 1, "BRANCH_LEQ", 0, 0.0, 3, 2),
        (0, 2, "LEAF", 0, 0.0, 0, 0),
        (0, 3, "BRANCH_LEQ", 0, 0.0, 2, 1),
    ];
    refused(&regressor(&nodes, &[(0, 2, 0, 1.0)]), "lead in a cycle through tree 0, node 1");
}

#[test]
fn children_that_do_not_exist() {
    for child in [3, -1, i64::MAX, i64::MIN, 1 << 32] {
        refused(&stump_with_root((0, 0, "BRANCH_LEQ", 0, 0.0, child, 2)), "does not exist");
        refused(&stump_with_root((0, 0, "BRANCH_LEQ", 0, 0.0, 1, child)), "does not exist");
    }
    // The child of another tree is none.
    let nodes = [STUMP[0], STUMP[1], (1, 2, "LEAF", 0, 0.0, 0, 0)];
    let votes = [(0, 1, 0, 1.0), (1, 2, 0, 1.0)];
    refused(&regressor(&nodes, &votes), "nodes_falsenodeids: tree 0, node 0: child 2 does not exist");
}

#[test]
fn features_out_of_range() {
    for feature in [-1, 1 << 28, 1 << 32, i64::MAX, i64::MIN] {
        refused(&stump_with_root((0, 0, "BRANCH_LEQ", feature, 0.0, 1, 2)), "is out of range");
    }
    let last = (1 << 28) - 1;
    refused(
        &stump_with_root((0, 0, "BRANCH_LEQ", last, 0.0, 1, 2)),
        "a branch reads feature 268435455, the input has 1",
    );
    // Exporters write anything as the feature of a leaf.
    let nodes = [STUMP[0], (0, 1, "LEAF", -1, 0.0, -1, -1), (0, 2, "LEAF", i64::MAX, 0.0, 99, 99)];
    regressor(&nodes, &LEAVES).check(floats(&[[1.0]]), floats(&[[2.0]]));
}

#[test]
fn votes_out_of_range() {
    for target in [1, -1, i64::MAX, i64::MIN, 1 << 32] {
        refused(&regressor(&STUMP, &[(0, 1, target, 1.0), (0, 2, 0, 2.0)]), "a vote is for");
    }
    for id in [3, -1, i64::MAX] {
        let node = classifier(3, &STUMP, &[(0, 1, id, 1.0), (0, 2, 0, 2.0)]);
        refused(&node, &format!("TreeEnsembleClassifier: class_ids: tree 0, node 1: a vote is for {id}, there are 3"));
    }
    // All votes for one id that is no class of two.
    refused(&classifier(2, &STUMP, &[(0, 1, 2, 1.0), (0, 2, 2, 2.0)]), "a vote is for 2, there are 2");
    refused(&regressor(&STUMP, &[(0, 9, 0, 1.0)]), "target_nodeids: tree 0, node 9 does not exist");
    refused(&regressor(&STUMP, &[(5, 1, 0, 1.0)]), "target_nodeids: tree 5, node 1 does not exist");
}

#[test]
fn ids_given_twice() {
    let nodes = [STUMP[0], STUMP[1], STUMP[2], (0, 2, "LEAF", 0, 0.0, 0, 0)];
    refused(&regressor(&nodes, &LEAVES), "TreeEnsembleRegressor: nodes_nodeids: tree 0 has two nodes 2");
}

#[test]
fn unknown_modes() {
    refused(&stump_with_root((0, 0, "BRANCH_MEMBER", 0, 0.0, 1, 2)), "unknown mode \"BRANCH_MEMBER\"");
    refused(&stump_with_root((0, 0, "", 0, 0.0, 1, 2)), "unknown mode");
}

#[test]
fn empty_ensembles() {
    refused(&regressor(&[], &[]), "TreeEnsembleRegressor: nodes_values has 0 nodes");
    refused(&regressor(&STUMP, &[]), "TreeEnsembleRegressor: target_weights is empty");
    refused(&Node::new("TreeEnsembleRegressor", 1), "nodes_values has 0 nodes");
    let unlabelled = classifier(2, &STUMP, &LEAVES).with("classlabels_int64s", Value::Ints(&[]));
    refused(&unlabelled, "exactly one of classlabels_int64s and classlabels_strings");
}

#[test]
fn lists_of_different_lengths() {
    for name in ["nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_truenodeids", "nodes_falsenodeids"] {
        let node = regressor(&STUMP, &LEAVES).with(name, Value::Ints(&[0, 0]));
        refused(&node, &format!("TreeEnsembleRegressor: {name} has 2 values, nodes_values 3"));
    }
    let node = regressor(&STUMP, &LEAVES).with("nodes_modes", Value::Strs(&["LEAF"]));
    refused(&node, "nodes_modes has 1 values, nodes_values 3");
    let node = regressor(&STUMP, &LEAVES).with("nodes_missing_value_tracks_true", Value::Ints(&[0]));
    refused(&node, "nodes_missing_value_tracks_true has 1 values, nodes_values 3");
    for name in ["target_treeids", "target_nodeids", "target_ids"] {
        let node = regressor(&STUMP, &LEAVES).with(name, Value::Ints(&[0]));
        refused(&node, &format!("{name} has 1 values, target_weights 2"));
    }
    let node = classifier(2, &STUMP, &LEAVES).with("class_ids", Value::Ints(&[0]));
    refused(&node, "TreeEnsembleClassifier: class_ids has 1 values, class_weights 2");
}

#[test]
fn targets_without_end() {
    for targets in [0, -1, 1 << 40, i64::MAX, i64::MIN] {
        refused(&regressor(&STUMP, &LEAVES).with("n_targets", Value::Int(targets)), "n_targets is");
    }
}

#[test]
fn shared_children_do_not_multiply() {
    // As a tree of its own for each parent, this would have 2^60 nodes; each path is 60 steps.
    let depth = 60;
    let mut nodes: Vec<TreeNode> = (0..depth).map(|id| (0, id, "BRANCH_LEQ", 0, 0.0, id + 1, id + 1)).collect();
    nodes.push((0, depth, "LEAF", 0, 0.0, 0, 0));
    let started = Instant::now();
    regressor(&nodes, &[(0, depth, 0, 3.0)]).check(floats(&[[1.0], [-1.0]]), floats(&[[3.0], [3.0]]));
    assert!(started.elapsed().as_secs() < 10);
}

#[test]
fn depth_does_not_exhaust_the_stack() {
    let depth = 200_000;
    let mut nodes: Vec<TreeNode> =
        (0..depth).map(|id| (0, 2 * id, "BRANCH_LEQ", 0, 0.0, 2 * id + 1, 2 * id + 2)).collect();
    nodes.extend((0..depth).map(|id| (0, 2 * id + 1, "LEAF", 0, 0.0, 0, 0)));
    nodes.push((0, 2 * depth, "LEAF", 0, 0.0, 0, 0));
    let votes = [(0, 1, 0, 1.0), (0, 2 * depth, 0, 2.0)];
    regressor(&nodes, &votes).check(floats(&[[1.0], [-1.0]]), floats(&[[2.0], [1.0]]));
}

/// A walk through all ensembles that differ from a good one in a few numbers: each is an error or an answer.
#[test]
fn mutated_ensembles() {
    const NUMBERS: [i64; 14] = [-1, 0, 1, 2, 3, 4, 5, 6, 1 << 28, (1 << 31) - 1, 1 << 31, 1 << 32, i64::MAX, i64::MIN];
    const MODES: [&str; 4] = ["LEAF", "BRANCH_LEQ", "BRANCH_NEQ", "?"];
    let good: [TreeNode; 8] = [
        (0, 0, "BRANCH_LEQ", 0, 0.0, 1, 2),
        (0, 1, "BRANCH_GT", 1, -1.0, 3, 4),
        (0, 2, "LEAF", 0, 0.0, 0, 0),
        (0, 3, "LEAF", 0, 0.0, 0, 0),
        (0, 4, "LEAF", 0, 0.0, 0, 0),
        (1, 0, "BRANCH_LT", 1, 2.0, 1, 2),
        (1, 1, "LEAF", 0, 0.0, 0, 0),
        (1, 2, "LEAF", 0, 0.0, 0, 0),
    ];
    let votes = [(0, 2, 0, 1.0), (0, 3, 1, 2.0), (0, 4, 2, 3.0), (1, 1, 0, -1.0), (1, 2, 1, 0.5)];
    // A linear congruential generator: the same mutants on every run.
    let mut state = 1u64;
    let mut draw = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    let (mut answers, mut errors) = (0, 0);
    for _ in 0..600 {
        let (mut nodes, mut votes) = (good, votes);
        for _ in 0..=draw(3) {
            let number = NUMBERS[draw(NUMBERS.len())];
            let node = &mut nodes[draw(good.len())];
            let vote = &mut votes[draw(5)];
            match draw(10) {
                0 => node.0 = number,
                1 => node.1 = number,
                2 => node.2 = MODES[draw(MODES.len())],
                3 => node.3 = number,
                4 => node.4 = [f32::NAN, f32::INFINITY, f32::MAX, -0.0][draw(4)],
                5 => node.5 = number,
                6 => node.6 = number,
                7 => vote.0 = number,
                8 => vote.1 = number,
                _ => vote.2 = number,
            }
        }
        let rows = [floats(&[[1.0, 2.0], [-1.0, f32::NAN], [f32::INFINITY, -2.0]])];
        match classifier(3, &nodes, &votes).run(&rows) {
            Ok(_) => answers += 1,
            Err(_) => errors += 1,
        }
    }
    assert!(answers > 20 && errors > 20, "{answers} answers, {errors} errors");
}

#[test]
fn labels_of_the_wrong_kind() {
    let node = classifier(2, &STUMP, &LEAVES).with("classlabels_strings", Value::Strs(&["a", "b"]));
    node.check_error(&[ints(&[1])], "exactly one of classlabels_int64s and classlabels_strings");
}

/// Large forests are compiled in several threads.
#[test]
fn the_first_error_of_a_large_forest_is_the_one_that_is_told() {
    let trees = 0..30_000i64;
    let of = |tree: i64, [root, yes, no]: [TreeNode; 3]| {
        [root, yes, no]
            .map(|(_, node, mode, feature, threshold, yes, no)| (tree, node, mode, feature, threshold, yes, no))
    };
    let good: Vec<TreeNode> = trees.clone().flat_map(|tree| of(tree, STUMP)).collect();
    let votes: Vec<_> =
        trees.flat_map(|tree| LEAVES.map(|(_, node, target, weight)| (tree, node, target, weight))).collect();
    let with = |damages: &[(usize, &'static str, i64)]| {
        let mut nodes = good.clone();
        for &(tree, mode, feature) in damages {
            nodes[3 * tree] = (tree as i64, 0, mode, feature, 0.0, 1, 2);
        }
        nodes
    };
    let (twig, feature) = ("tree 20, node 0: unknown mode \"TWIG\"", "tree 25000, node 0: feature -1 is out of range");
    refused(&regressor(&with(&[(20, "TWIG", 0)]), &votes), twig);
    refused(&regressor(&with(&[(25_000, "BRANCH_LEQ", -1)]), &votes), feature);
    for _ in 0..3 {
        refused(&regressor(&with(&[(25_000, "BRANCH_LEQ", -1), (20, "TWIG", 0), (15_000, "TWIG", 0)]), &votes), twig);
    }
    // One in the votes comes before all in the nodes.
    let mut more = votes;
    more.push((0, 9, 0, 1.0));
    refused(&regressor(&with(&[(20, "TWIG", 0)]), &more), "target_nodeids: tree 0, node 9 does not exist");
}
