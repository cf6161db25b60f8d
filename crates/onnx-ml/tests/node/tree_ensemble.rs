//! TreeEnsemble, of opset 5: what it has that the older operators have not, and files that say what cannot be.

use std::time::Instant;

use tract_onnx::prelude::DatumType;

use crate::harness::{Node, Value, floats, tensor};
use crate::trees::{ensemble, regressor};

const NAN: f32 = f32::NAN;

fn refused(name: &str, value: Value<'_>, words: &str) {
    ensemble().with(name, value).check_error(&[floats(&[[1.0]])], words);
}

#[test]
fn branches_and_leaves_are_found_by_position() {
    ensemble().check(floats(&[[-1.0], [0.0], [3.0], [4.0], [5.0]]), floats(&[[1.0], [1.0], [2.0], [4.0], [2.0]]));
    ensemble().check(floats::<1>(&[]), floats::<1>(&[]));
}

#[test]
fn all_rules_have_numbers() {
    let below_at_above = || floats(&[[-0.5], [0.0], [0.5]]);
    let expected =
        [[1.0, 1.0, 2.0], [1.0, 2.0, 2.0], [2.0, 1.0, 1.0], [2.0, 2.0, 1.0], [2.0, 1.0, 2.0], [1.0, 2.0, 1.0]];
    for (mode, expected) in (0u8..).zip(expected) {
        let node = stump(mode);
        node.check(below_at_above(), floats(&expected.map(|score| [score])));
        node.check(floats(&[[NAN]]), floats(&[[2.0]]));
        let tracks = node.with("nodes_missing_value_tracks_true", Value::Ints(&[1]));
        tracks.check(below_at_above(), floats(&expected.map(|score| [score])));
        tracks.check(floats(&[[NAN]]), floats(&[[1.0]]));
    }
}

/// One branch of the given mode at 0: leaf 0 (weight 1), else leaf 1 (weight 2).
fn stump(mode: u8) -> Node {
    ensemble()
        .with("nodes_featureids", Value::Ints(&[0]))
        .with("nodes_modes", Value::Bytes(&[mode]))
        .with("nodes_splits", Value::Singles(&[0.0]))
        .with("nodes_truenodeids", Value::Ints(&[0]))
        .with("nodes_trueleafs", Value::Ints(&[1]))
        .with("nodes_falsenodeids", Value::Ints(&[1]))
        .with("nodes_falseleafs", Value::Ints(&[1]))
        .with("membership_values", Value::Singles(&[]))
}

#[test]
fn sets_are_searched() {
    let members: Vec<f32> = (0..40u8).map(|member| f32::from(member) * 3.0 - 20.0).rev().chain([NAN]).collect();
    let rows: Vec<f32> = (-25..110i8).map(f32::from).chain([0.5, NAN, f32::INFINITY, f32::NEG_INFINITY]).collect();
    let node = stump(6).with("membership_values", Value::Singles(&members));
    for (track, missing) in [(0, 2.0), (1, 1.0)] {
        let score = |&row: &f32| {
            if row.is_nan() {
                missing
            } else if members.contains(&row) {
                1.0
            } else {
                2.0
            }
        };
        let expected: Vec<f32> = rows.iter().map(score).collect();
        let node = node.clone().with("nodes_missing_value_tracks_true", Value::Ints(&[track]));
        node.check(tensor(&[rows.len(), 1], rows.clone()), tensor(&[rows.len(), 1], expected));
    }
    // A set may be empty, twos may be in it, and the last may end with the list.
    stump(6).with("membership_values", Value::Singles(&[NAN])).check(floats(&[[0.0]]), floats(&[[2.0]]));
    let twice = stump(6).with("membership_values", Value::Singles(&[-0.0, 7.0, 0.0, 7.0]));
    twice.check(floats(&[[0.0], [7.0], [-0.0], [1.0]]), floats(&[[1.0], [1.0], [1.0], [2.0]]));
}

#[test]
fn chains_of_equalities_are_sets() {
    // x is 1, 4, 7, … 28: leaf 100; else leaf 101. A missing value goes to the true child of every branch, or of none.
    let mut nodes: Vec<_> = (0..10i16)
        .map(|node| (0, node.into(), "BRANCH_EQ", 0, f32::from(3 * node + 1), 100, i64::from(node) + 1))
        .collect();
    nodes[9].6 = 101;
    nodes.extend([(0, 100, "LEAF", 0, 0.0, 0, 0), (0, 101, "LEAF", 0, 0.0, 0, 0)]);
    let rows: Vec<f32> = (0..40u8).map(f32::from).chain([NAN]).collect();
    for (track, missing) in [(0, 2.0), (1, 1.0)] {
        let score = |&row: &f32| {
            if row.is_nan() {
                missing
            } else if row < 29.0 && row % 3.0 == 1.0 {
                1.0
            } else {
                2.0
            }
        };
        let expected: Vec<f32> = rows.iter().map(score).collect();
        let tracks = [track; 12];
        let node = regressor(&nodes, &[(0, 100, 0, 1.0), (0, 101, 0, 2.0)])
            .with("nodes_missing_value_tracks_true", Value::Ints(&tracks));
        node.check(tensor(&[rows.len(), 1], rows.clone()), tensor(&[rows.len(), 1], expected));
    }
}

#[test]
fn scores_have_the_type_of_the_input() {
    let halves = floats(&[[-1.0], [3.0]]).cast_to_dt(DatumType::F16).unwrap().into_owned();
    let outputs = ensemble().run(&[halves]).unwrap();
    assert_eq!(*outputs[0], floats(&[[1.0], [2.0]]).cast_to_dt(DatumType::F16).unwrap().into_owned());
    let doubles = ensemble()
        .with("nodes_splits", Value::Doubles(&[0.1, 0.0]))
        .with("leaf_weights", Value::Doubles(&[0.1, 0.2, 1e-12]));
    // The float next to 0.1 is above it.
    let outputs = doubles.run(&[tensor(&[3, 1], vec![0.1f64, f64::from(0.1f32), 3.0])]).unwrap();
    assert_eq!(*outputs[0], tensor(&[3, 1], vec![0.1f64, 1e-12, 0.2]));
    ensemble().check_error(&[tensor(&[1, 1], vec![1i64])], "expected floating point numbers");
}

#[test]
fn votes_are_aggregated_and_transformed() {
    let two = |aggregate| {
        stump(0)
            .with("aggregate_function", Value::Int(aggregate))
            .with("tree_roots", Value::Ints(&[0, 0]))
            .with("n_targets", Value::Int(2))
            .with("leaf_targetids", Value::Ints(&[0, 1, 1]))
    };
    let rows = || floats(&[[-1.0], [1.0]]);
    two(0).check(rows(), floats(&[[1.0, 0.0], [0.0, 2.0]]));
    two(1).check(rows(), floats(&[[2.0, 0.0], [0.0, 4.0]]));
    two(2).check(rows(), floats(&[[1.0, 0.0], [0.0, 2.0]]));
    two(3).check(rows(), floats(&[[1.0, 0.0], [0.0, 2.0]]));
    let softmax = two(0).with("post_transform", Value::Int(1));
    softmax.check(rows(), floats(&[[0.731_058_6, 0.268_941_4], [0.119_202_92, 0.880_797_1]]));
    stump(0).with("post_transform", Value::Int(2)).check(floats(&[[1.0]]), floats(&[[0.880_797_1]]));
    two(4).check_error(&[rows()], "unknown aggregate_function 4");
    refused("post_transform", Value::Int(5), "unknown post_transform 5");
}

#[test]
fn a_root_with_one_leaf_is_that_leaf() {
    let node = stump(0).with("nodes_truenodeids", Value::Ints(&[1]));
    node.check(floats(&[[-1.0], [1.0], [NAN]]), floats(&[[2.0], [2.0], [2.0]]));
}

#[test]
fn positions_out_of_range() {
    for position in [2, -1, i64::MAX, i64::MIN, 1 << 32] {
        refused("tree_roots", Value::Ints(&[position]), "tree_roots: ");
        refused("nodes_falsenodeids", Value::Ints(&[position, 2]), "nodes_falsenodeids: node 0: ");
    }
    for position in [3, -1, i64::MAX] {
        refused("nodes_truenodeids", Value::Ints(&[position, 1]), "nodes_truenodeids: node 0: ");
        refused("leaf_targetids", Value::Ints(&[0, position, 0]), "leaf_targetids: leaf 1 is for target");
    }
    refused("nodes_featureids", Value::Ints(&[0, 1 << 28]), "nodes_featureids: node 1: feature");
    refused("nodes_featureids", Value::Ints(&[0, 1]), "a branch reads feature 1, the input has 1");
    refused("nodes_modes", Value::Bytes(&[7, 6]), "nodes_modes: node 0: unknown mode 7");
}

#[test]
fn cycles() {
    refused("nodes_falsenodeids", Value::Ints(&[0, 2]), "lead in a cycle through node 0");
    let node =
        ensemble().with("nodes_falsenodeids", Value::Ints(&[1, 0])).with("nodes_falseleafs", Value::Ints(&[0, 0]));
    node.check_error(&[floats(&[[1.0]])], "nodes_truenodeids and nodes_falsenodeids lead in a cycle through node");
    // Of equalities, which would be one set.
    let chain = node.with("nodes_modes", Value::Bytes(&[4, 4])).with("membership_values", Value::Singles(&[]));
    chain
        .with("nodes_truenodeids", Value::Ints(&[1, 1]))
        .check_error(&[floats(&[[1.0]])], "lead in a cycle through node");
}

#[test]
fn lists_of_different_lengths() {
    for name in ["nodes_featureids", "nodes_truenodeids", "nodes_trueleafs", "nodes_falsenodeids", "nodes_falseleafs"] {
        refused(name, Value::Ints(&[0, 0, 0]), &format!("TreeEnsemble: {name} has 3 values, nodes_splits 2"));
    }
    refused("nodes_modes", Value::Bytes(&[0]), "nodes_modes has 1 values, nodes_splits 2");
    refused("nodes_missing_value_tracks_true", Value::Ints(&[0]), "nodes_missing_value_tracks_true has 1 values");
    refused("leaf_targetids", Value::Ints(&[0]), "leaf_targetids has 1 values, leaf_weights 3");
    refused("tree_roots", Value::Ints(&[]), "tree_roots is empty");
    refused("nodes_modes", Value::Floats(&[0.0, 0.0]), "nodes_modes");
}

#[test]
fn sets_without_a_test_and_tests_without_a_set() {
    for (members, sets) in [(&[][..], 0), (&[1.0, NAN, 2.0], 2), (&[NAN, NAN], 2)] {
        let words = format!("membership_values has {sets} sets, nodes_modes asks for 1");
        refused("membership_values", Value::Singles(members), &words);
    }
}

#[test]
fn trees_that_share_nodes_do_not_fill_the_memory() {
    // A chain of branches, each of them the root of a tree: as trees of their own they would have 200 million nodes.
    let count = 20_000;
    let ids: Vec<i64> = (0..count).collect();
    let next: Vec<i64> = (1..count).chain([0]).collect();
    let leafs: Vec<i64> = (1..=count).map(|node| i64::from(node == count)).collect();
    let node = ensemble()
        .with("tree_roots", Value::Ints(&ids))
        .with("nodes_featureids", Value::Ints(&vec![0; ids.len()]))
        .with("nodes_modes", Value::Bytes(&vec![0; ids.len()]))
        .with("nodes_splits", Value::Singles(&vec![0.0; ids.len()]))
        .with("nodes_truenodeids", Value::Ints(&vec![0; ids.len()]))
        .with("nodes_trueleafs", Value::Ints(&vec![1; ids.len()]))
        .with("nodes_falsenodeids", Value::Ints(&next))
        .with("nodes_falseleafs", Value::Ints(&leafs))
        .with("membership_values", Value::Singles(&[]));
    let started = Instant::now();
    node.check_error(&[floats(&[[1.0]])], "tree_roots: the trees share too many nodes");
    // Two of them may.
    node.with("tree_roots", Value::Ints(&[0, 10])).check(floats(&[[-1.0], [1.0]]), floats(&[[2.0], [2.0]]));
    assert!(started.elapsed().as_secs() < 10);
}
