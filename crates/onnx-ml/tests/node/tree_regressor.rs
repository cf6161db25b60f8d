//! TreeEnsembleRegressor, and with it all that both tree operators share: walks, rules, missing values, precision.

use crate::harness::{Node, Value, assert_close, floats, tensor};
use crate::trees::{STUMP, TreeNode, regressor, with_votes};

const LEAVES: [(i64, i64, i64, f32); 2] = [(0, 1, 0, 1.0), (0, 2, 0, 2.0)];

/// Ten times the number of the leaf that each row arrives at.
fn leaf(node: &Node, rows: &[f32], expected: &[f32]) {
    node.check(tensor(&[rows.len(), 1], rows.to_vec()), tensor(&[expected.len(), 1], expected.to_vec()));
}

#[test]
fn every_rule_compares() {
    let below_at_above = [-0.5, 0.0, 0.5];
    let expected = [
        ("BRANCH_LEQ", [1.0, 1.0, 2.0]),
        ("BRANCH_LT", [1.0, 2.0, 2.0]),
        ("BRANCH_GTE", [2.0, 1.0, 1.0]),
        ("BRANCH_GT", [2.0, 2.0, 1.0]),
        ("BRANCH_EQ", [2.0, 1.0, 2.0]),
        ("BRANCH_NEQ", [1.0, 2.0, 1.0]),
    ];
    for (mode, expected) in expected {
        let nodes: Vec<TreeNode> = STUMP
            .iter()
            .map(|node| if node.2 == "LEAF" { *node } else { (node.0, node.1, mode, node.3, node.4, node.5, node.6) })
            .collect();
        let node = regressor(&nodes, &LEAVES);
        leaf(&node, &below_at_above, &expected);
        // A missing value goes to the false child, unless the node says otherwise.
        leaf(&node, &[f32::NAN], &[2.0]);
        let tracks = node.with("nodes_missing_value_tracks_true", Value::Ints(&[1, 0, 0]));
        leaf(&tracks, &[f32::NAN], &[1.0]);
        leaf(&tracks, &below_at_above, &expected);
    }
}

#[test]
fn rules_may_differ_between_branches() {
    // x > 2 -> leaf 1; else x < -2 -> leaf 3, else leaf 4.
    let nodes = [
        (0, 0, "BRANCH_GT", 0, 2.0, 1, 2),
        (0, 1, "LEAF", 0, 0.0, 0, 0),
        (0, 2, "BRANCH_LT", 0, -2.0, 3, 4),
        (0, 3, "LEAF", 0, 0.0, 0, 0),
        (0, 4, "LEAF", 0, 0.0, 0, 0),
    ];
    let node = regressor(&nodes, &[(0, 1, 0, 1.0), (0, 3, 0, 3.0), (0, 4, 0, 4.0)]);
    leaf(&node, &[3.0, 2.0, 0.0, -2.0, -2.5, f32::NAN], &[1.0, 4.0, 4.0, 4.0, 3.0, 4.0]);
}

#[test]
fn floats_compare_in_single_precision() {
    // As doubles, 0.1 (a float) is above 0.1; as floats they are equal.
    let nodes = [(0, 0, "BRANCH_LEQ", 0, 0.1, 1, 2), STUMP[1], STUMP[2]];
    leaf(&regressor(&nodes, &LEAVES), &[0.1], &[1.0]);
    // A double is compared as it is.
    let node = regressor(&nodes, &LEAVES);
    node.check(tensor(&[2, 1], vec![0.1f64, f64::from(0.1f32)]), floats(&[[1.0], [1.0]]));
    node.check(tensor(&[1, 1], vec![f64::from(0.1f32) + 1e-12]), floats(&[[2.0]]));
}

#[test]
fn integers_compare_as_floats() {
    let node = regressor(&STUMP, &LEAVES);
    node.check(tensor(&[3, 1], vec![-1i64, 0, 1]), floats(&[[1.0], [1.0], [2.0]]));
    node.check(tensor(&[2, 1], vec![0i32, 1]), floats(&[[1.0], [2.0]]));
}

#[test]
fn doubles_stay_doubles() {
    let node = regressor(&STUMP, &LEAVES)
        .with("nodes_values", Value::Floats(&[]))
        .with("nodes_values_as_tensor", Value::Doubles(&[0.1, 0.0, 0.0]))
        .with("target_weights", Value::Floats(&[]))
        .with("target_weights_as_tensor", Value::Doubles(&[1.0, 2.0]))
        .with("base_values_as_tensor", Value::Doubles(&[0.5]));
    // The float next to 0.1 is above it.
    node.check(tensor(&[2, 1], vec![0.1f64, f64::from(0.1f32)]), floats(&[[1.5], [2.5]]));
    node.check(floats(&[[0.1], [0.09]]), floats(&[[2.5], [1.5]]));
    let both = node.with("nodes_values", Value::Floats(&[0.1, 0.0, 0.0]));
    both.check_error(&[floats(&[[0.1]])], "nodes_values and nodes_values_as_tensor are both set");
}

#[test]
fn votes_are_aggregated() {
    // A second tree that is a leaf, and two targets.
    let nodes = [STUMP[0], STUMP[1], STUMP[2], (1, 0, "LEAF", 0, 0.0, 0, 0)];
    let one = regressor(&nodes, &[(0, 1, 0, 0.25), (0, 2, 0, -0.75), (1, 0, 0, 0.5)]);
    let two = regressor(&nodes, &[(0, 1, 0, 0.25), (0, 2, 1, -0.75), (1, 0, 0, 0.5), (1, 0, 1, 1.0)])
        .with("n_targets", Value::Int(2));
    let rows = || floats(&[[-1.0], [1.0]]);
    for (function, expected, expected_of_two) in [
        ("SUM", [[0.75], [-0.25]], [[0.75, 1.0], [0.5, 0.25]]),
        ("AVERAGE", [[0.375], [-0.125]], [[0.375, 0.5], [0.25, 0.125]]),
        ("MIN", [[0.25], [-0.75]], [[0.25, 1.0], [0.5, -0.75]]),
        ("MAX", [[0.5], [0.5]], [[0.5, 1.0], [0.5, 1.0]]),
    ] {
        let function = || Value::Str(function);
        let with_base = |base: f32| expected.map(|row| row.map(|value| value + base));
        let one = regressor(&nodes, &[(0, 1, 0, 0.25), (0, 2, 0, -0.75), (1, 0, 0, 0.5)])
            .with("aggregate_function", function());
        one.check(rows(), floats(&expected));
        one.with("base_values", Value::Floats(&[10.0])).check(rows(), floats(&with_base(10.0)));
        let two = regressor(&nodes, &[(0, 1, 0, 0.25), (0, 2, 1, -0.75), (1, 0, 0, 0.5), (1, 0, 1, 1.0)])
            .with("n_targets", Value::Int(2))
            .with("aggregate_function", function());
        two.check(rows(), floats(&expected_of_two));
        two.check(floats::<1>(&[]), floats::<2>(&[]));
    }
    one.with("aggregate_function", Value::Str("MEDIAN")).check_error(&[rows()], "unknown aggregate_function");
    two.with("base_values", Value::Floats(&[1.0]))
        .check_error(&[rows()], "base_values has 1 values, expected none or 2");
}

#[test]
fn a_target_without_votes_is_its_base_value() {
    for function in ["SUM", "AVERAGE", "MIN", "MAX"] {
        let node = regressor(&STUMP, &[(0, 1, 0, 0.5), (0, 2, 0, 0.5)])
            .with("n_targets", Value::Int(2))
            .with("base_values", Value::Floats(&[0.0, 7.0]))
            .with("aggregate_function", Value::Str(function));
        node.check(floats(&[[1.0]]), floats(&[[0.5, 7.0]]));
    }
}

#[test]
fn several_votes_of_a_leaf_for_one_target_all_count() {
    let votes = [(0, 1, 0, 1.0), (0, 2, 0, 2.0), (0, 2, 0, 3.0)];
    leaf(&regressor(&STUMP, &votes), &[-1.0, 1.0], &[1.0, 5.0]);
    let least = regressor(&STUMP, &votes).with("aggregate_function", Value::Str("MIN"));
    leaf(&least, &[-1.0, 1.0], &[1.0, 2.0]);
}

#[test]
fn post_transforms_apply() {
    let rows = || floats(&[[-1.0], [1.0]]);
    let votes = [(0, 1, 0, 0.0), (0, 2, 0, 2.0)];
    let logistic = regressor(&STUMP, &votes).with("post_transform", Value::Str("LOGISTIC"));
    logistic.check(rows(), floats(&[[0.5], [0.880_797_1]]));
    let softmax =
        regressor(&STUMP, &votes).with("n_targets", Value::Int(2)).with("post_transform", Value::Str("SOFTMAX"));
    softmax.check(rows(), floats(&[[0.5, 0.5], [0.880_797_1, 0.119_202_92]]));
}

#[test]
fn node_ids_and_their_order_are_free() {
    // The root first, the rest shuffled, ids with holes; the second tree's nodes lie between those of the first.
    let nodes = [
        (7, 50, "BRANCH_LEQ", 0, 0.0, 3, 900),
        (9, 50, "BRANCH_LEQ", 0, 5.0, 1, 2),
        (7, 900, "LEAF", 0, 0.0, 0, 0),
        (9, 2, "LEAF", 0, 0.0, 0, 0),
        (7, 3, "LEAF", 0, 0.0, 0, 0),
        (9, 1, "LEAF", 0, 0.0, 0, 0),
    ];
    let votes = [(9, 1, 0, 10.0), (7, 900, 0, 2.0), (9, 2, 0, 20.0), (7, 3, 0, 1.0)];
    leaf(&regressor(&nodes, &votes), &[-1.0, 1.0, 6.0], &[11.0, 12.0, 22.0]);
}

#[test]
fn branches_may_share_a_child() {
    // x == 1 or x == 3: leaf 1, as LightGBM's exporter writes a set of categories.
    let nodes = [
        (0, 0, "BRANCH_EQ", 0, 1.0, 1, 2),
        (0, 1, "LEAF", 0, 0.0, 0, 0),
        (0, 2, "BRANCH_EQ", 0, 3.0, 1, 3),
        (0, 3, "LEAF", 0, 0.0, 0, 0),
    ];
    leaf(&regressor(&nodes, &[(0, 1, 0, 1.0), (0, 3, 0, 3.0)]), &[1.0, 2.0, 3.0], &[1.0, 3.0, 1.0]);
    // The same with a shared branch: |x| > 1 goes to node 3, which asks for the sign.
    let nodes = [
        (0, 0, "BRANCH_GT", 0, 1.0, 3, 1),
        (0, 1, "BRANCH_LT", 0, -1.0, 3, 2),
        (0, 2, "LEAF", 0, 0.0, 0, 0),
        (0, 3, "BRANCH_GT", 0, 0.0, 4, 5),
        (0, 4, "LEAF", 0, 0.0, 0, 0),
        (0, 5, "LEAF", 0, 0.0, 0, 0),
    ];
    let votes = [(0, 2, 0, 2.0), (0, 4, 0, 4.0), (0, 5, 0, 5.0)];
    leaf(&regressor(&nodes, &votes), &[2.0, 0.5, -0.5, -2.0], &[4.0, 2.0, 2.0, 5.0]);
}

#[test]
fn votes_on_branches_count_for_nothing() {
    let votes = [(0, 0, 0, 100.0), (0, 1, 0, 1.0), (0, 2, 0, 2.0)];
    leaf(&regressor(&STUMP, &votes), &[-1.0, 1.0], &[1.0, 2.0]);
}

#[test]
fn many_rows_are_answered_in_blocks() {
    let rows: Vec<f32> = (0..1000u16).map(|row| f32::from(row % 7) - 3.0).collect();
    let expected: Vec<f32> = rows.iter().map(|&row| if row <= 0.0 { 1.0 } else { 2.0 }).collect();
    leaf(&regressor(&STUMP, &LEAVES), &rows, &expected);
    let two = with_votes(regressor(&STUMP, &LEAVES), "target", &[(0, 1, 0, 1.0), (0, 2, 1, 2.0)])
        .with("n_targets", Value::Int(2));
    let outputs = two.run(&[tensor(&[rows.len(), 1], rows.clone())]).unwrap();
    let expected = rows.iter().flat_map(|&row| if row <= 0.0 { [1.0, 0.0] } else { [0.0, 2.0] }).collect();
    assert_close(&outputs[0], &tensor::<f32>(&[rows.len(), 2], expected));
}

#[test]
fn inputs_are_rows_of_enough_features() {
    let nodes = [(0, 0, "BRANCH_LEQ", 2, 0.0, 1, 2), STUMP[1], STUMP[2]];
    let node = regressor(&nodes, &LEAVES);
    node.check(tensor(&[3], vec![0f32, 0.0, 1.0]), floats(&[[2.0]]));
    node.check_error(&[floats(&[[1.0, 2.0]])], "TreeEnsembleRegressor: a branch reads feature 2, the input has 2");
    node.check_error(&[tensor(&[1, 1, 3], vec![0f32; 3])], "rank 3");
    node.check_error(&[tensor(&[1, 3], vec![true; 3])], "expected numbers");
    // A forest of leaves needs no feature at all.
    let constant = regressor(&[(0, 0, "LEAF", 0, 0.0, 0, 0)], &[(0, 0, 0, 4.0)]);
    constant.check(tensor::<f32>(&[2, 0], vec![]), floats(&[[4.0], [4.0]]));
}
