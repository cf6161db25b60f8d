//! LinearClassifier and LinearRegressor.

use crate::harness::{Node, Value, floats, ints, strings, tensor};

/// Scores of the rows `[-1, 0.5]`, `[1, 1]` and `[0.25, 0]`: -0.275, 0.85, 0.225.
fn one_row() -> Node {
    Node::new("LinearClassifier", 2)
        .with("coefficients", Value::Floats(&[0.5, 0.25]))
        .with("intercepts", Value::Floats(&[0.1]))
        .with("classlabels_ints", Value::Ints(&[10, 20]))
}

/// Minus those, those, and zeros.
fn three_rows() -> Node {
    Node::new("LinearClassifier", 2)
        .with("coefficients", Value::Floats(&[-0.5, -0.25, 0.5, 0.25, 0.0, 0.0]))
        .with("intercepts", Value::Floats(&[-0.1, 0.1, 0.0]))
        .with("classlabels_strings", Value::Strs(&["a", "b", "c"]))
}

fn rows() -> tract_onnx::prelude::Tensor {
    floats(&[[-1.0, 0.5], [1.0, 1.0], [0.25, 0.0]])
}

const P: [f32; 3] = [0.431_680_02, 0.700_567_2, 0.556_013_8];

#[test]
fn two_classes_share_a_row_of_coefficients() {
    let labels = || ints(&[10, 20, 20]);
    let complement = floats(&[[1.275, -0.275], [0.15, 0.85], [0.775, 0.225]]);
    for transform in ["NONE", "SOFTMAX", "SOFTMAX_ZERO"] {
        one_row().with("post_transform", Value::Str(transform)).check_classes(rows(), labels(), complement.clone());
    }
    one_row().with("post_transform", Value::Str("LOGISTIC")).check_classes(
        rows(),
        labels(),
        floats(&[[1.0 - P[0], P[0]], [1.0 - P[1], P[1]], [1.0 - P[2], P[2]]]),
    );
    // The probit of p and that of 1 - p differ in sign; outside of [0, 1] there is none.
    one_row().with("post_transform", Value::Str("PROBIT")).check_classes(
        rows(),
        labels(),
        floats(&[[f32::NAN, f32::NAN], [-1.036_613_6, 1.036_613_6], [0.755_523_6, -0.755_523_6]]),
    );
}

#[test]
fn each_class_has_a_row_of_coefficients() {
    let labels = || strings(&["a", "b", "b"]);
    let expect = |transform, scores| {
        three_rows().with("post_transform", Value::Str(transform)).check_classes(rows(), labels(), scores);
    };
    expect("NONE", floats(&[[0.275, -0.275, 0.0], [-0.85, 0.85, 0.0], [-0.225, 0.225, 0.0]]));
    expect("LOGISTIC", floats(&[[1.0 - P[0], P[0], 0.5], [1.0 - P[1], P[1], 0.5], [1.0 - P[2], P[2], 0.5]]));
    expect(
        "SOFTMAX",
        floats(&[
            [0.427_986_53, 0.246_926_74, 0.325_086_65],
            [0.113_461_09, 0.621_080_04, 0.265_458_88],
            [0.261_736_6, 0.410_484_7, 0.327_778_7],
        ]),
    );
    expect(
        "SOFTMAX_ZERO",
        floats(&[[0.634_135_6, 0.365_864_37, 0.0], [0.154_465_26, 0.845_534_8, 0.0], [0.389_360_8, 0.610_639_2, 0.0]]),
    );
    let none = f32::NAN;
    let probit_of_zero = f32::NEG_INFINITY;
    expect(
        "PROBIT",
        floats(&[
            [-0.597_822_96, none, probit_of_zero],
            [none, 1.036_613_6, probit_of_zero],
            [none, -0.755_523_6, probit_of_zero],
        ]),
    );
}

#[test]
fn classifier_takes_other_numbers_and_shapes() {
    three_rows().check_classes(tensor(&[1, 2], vec![1i64, 1]), strings(&["b"]), floats(&[[-0.85, 0.85, 0.0]]));
    three_rows().check_classes(tensor(&[2], vec![1.0, 1.0f64]), strings(&["b"]), floats(&[[-0.85, 0.85, 0.0]]));
    three_rows().check_classes(floats::<2>(&[]), strings(&[]), floats::<3>(&[]));
    one_row().check_classes(floats::<2>(&[]), ints(&[]), floats::<2>(&[]));
    one_row().check_error(&[tensor(&[1, 1, 2], vec![0f32; 2])], "rank 3");
    one_row().check_error(&[floats(&[[1.0]])], "has coefficients for 2 features, the input has 1");
}

#[test]
fn classifier_needs_no_intercepts() {
    let node = three_rows().with("intercepts", Value::Floats(&[]));
    node.check_classes(floats(&[[1.0, 1.0]]), strings(&["b"]), floats(&[[-0.75, 0.75, 0.0]]));
}

#[test]
fn equal_scores_go_to_the_first_class() {
    let node = three_rows().with("coefficients", Value::Floats(&[0.0; 6])).with("intercepts", Value::Floats(&[0.0; 3]));
    node.check_classes(floats(&[[1.0, 1.0]]), strings(&["a"]), floats(&[[0.0; 3]]));
}

#[test]
fn classifier_refuses_lists_that_do_not_fit() {
    let input = || [rows()];
    let uneven = three_rows().with("coefficients", Value::Floats(&[0.0; 5]));
    uneven.check_error(&input(), "coefficients has 5 values, which do not make 3 equal rows");
    three_rows().with("coefficients", Value::Floats(&[])).check_error(&input(), "coefficients has 0 values");
    let short = three_rows().with("classlabels_strings", Value::Strs(&["a", "b"]));
    short.check_error(&input(), "intercepts has 3 values, classlabels 2");
    let both = three_rows().with("classlabels_ints", Value::Ints(&[1]));
    both.check_error(&input(), "exactly one of classlabels_ints and classlabels_strings");
    let unknown = three_rows().with("post_transform", Value::Str("HARDMAX"));
    unknown.check_error(&input(), "unknown post_transform \"HARDMAX\"");
}

#[test]
fn regressor_answers_one_or_several_targets() {
    let one = Node::new("LinearRegressor", 1)
        .with("coefficients", Value::Floats(&[0.5, 0.25]))
        .with("intercepts", Value::Floats(&[0.1]));
    one.check(rows(), floats(&[[-0.275], [0.85], [0.225]]));
    one.check(floats::<2>(&[]), floats::<1>(&[]));
    one.check(tensor(&[2], vec![1f32, 2.0]), floats(&[[1.1]]));
    let logistic = one.with("post_transform", Value::Str("LOGISTIC"));
    logistic.check(rows(), floats(&[[P[0]], [P[1]], [P[2]]]));
    let two = Node::new("LinearRegressor", 1)
        .with("coefficients", Value::Floats(&[0.5, 0.25, 0.1, 0.2]))
        .with("targets", Value::Int(2));
    two.check(rows(), floats(&[[-0.375, 0.0], [0.75, 0.3], [0.125, 0.025]]));
    two.check_error(&[floats(&[[1.0]])], "has coefficients for 2 features, the input has 1");
}

#[test]
fn regressor_refuses_targets_that_do_not_fit() {
    let node = Node::new("LinearRegressor", 1).with("coefficients", Value::Floats(&[0.5, 0.25]));
    for targets in [0, -1, 3, i64::MAX, i64::MIN] {
        node_with_targets(targets).check_error(&[rows()], "targets is");
    }
    let long = node.with("intercepts", Value::Floats(&[1.0, 2.0]));
    long.check_error(&[rows()], "intercepts has 2 values, targets asks for 1");
}

fn node_with_targets(targets: i64) -> Node {
    Node::new("LinearRegressor", 1)
        .with("coefficients", Value::Floats(&[0.5, 0.25]))
        .with("targets", Value::Int(targets))
}
