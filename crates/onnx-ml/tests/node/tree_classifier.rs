//! TreeEnsembleClassifier: which class wins, and what the scores say.

use crate::harness::{Node, Value, floats, ints, strings};
use crate::trees::{STUMP, Vote, classifier};

/// Runs two rows, one for each leaf of the stump.
#[track_caller]
fn check(node: &Node, labels: &[i64], scores: &[[f32; 2]]) {
    node.check_classes(floats(&[[-1.0], [1.0]]), ints(labels), floats(scores));
}

fn two(votes: &[Vote]) -> Node {
    classifier(2, &STUMP, votes)
}

const PROBABILITIES: [Vote; 2] = [(0, 1, 0, 0.2), (0, 2, 0, 0.7)];
const MARGINS: [Vote; 2] = [(0, 1, 0, -0.2), (0, 2, 0, 0.7)];

/// `1 / (1 + e^-x)` of 0.2 and 0.7.
const LOGISTIC: [f32; 2] = [0.549_833_95, 0.668_187_74];

#[test]
fn votes_for_one_id_are_the_probability_of_the_second_class() {
    for transform in ["NONE", "SOFTMAX", "SOFTMAX_ZERO"] {
        let transform = || Value::Str(transform);
        check(&two(&PROBABILITIES).with("post_transform", transform()), &[10, 20], &[[0.8, 0.2], [0.3, 0.7]]);
        check(&two(&MARGINS).with("post_transform", transform()), &[10, 20], &[[0.2, -0.2], [-0.7, 0.7]]);
    }
    let logistic = || Value::Str("LOGISTIC");
    let [low, high] = LOGISTIC;
    check(&two(&PROBABILITIES).with("post_transform", logistic()), &[10, 20], &[[1.0 - low, low], [1.0 - high, high]]);
    check(&two(&MARGINS).with("post_transform", logistic()), &[10, 20], &[[low, 1.0 - low], [1.0 - high, high]]);
    check(
        &two(&PROBABILITIES).with("post_transform", Value::Str("PROBIT")),
        &[10, 20],
        &[[0.841_756_1, -0.841_756_1], [-0.524_445_9, 0.524_445_9]],
    );
}

#[test]
fn probabilities_win_above_a_half_and_margins_above_zero() {
    check(&two(&[(0, 1, 0, 0.5), (0, 2, 0, 0.500_001)]), &[10, 20], &[[0.5, 0.5], [0.499_999, 0.500_001]]);
    check(&two(&[(0, 1, 0, -0.0), (0, 2, 0, 0.001)]), &[10, 10], &[[1.0, 0.0], [0.999, 0.001]]);
    let mut margins = vec![(0, 1, 0, 0.0), (0, 2, 0, 0.001)];
    // A negative weight anywhere makes them margins.
    margins.push((0, 1, 0, -0.5));
    check(&two(&margins), &[10, 20], &[[0.5, -0.5], [-0.001, 0.001]]);
}

#[test]
fn one_base_value_goes_with_one_score() {
    let base = || Value::Floats(&[0.1]);
    check(&two(&PROBABILITIES).with("base_values", base()), &[10, 20], &[[0.7, 0.3], [0.2, 0.8]]);
    check(&two(&MARGINS).with("base_values", base()), &[10, 20], &[[0.1, -0.1], [-0.8, 0.8]]);
    let wrong = two(&[(0, 1, 0, 0.2), (0, 2, 1, 0.7)]).with("base_values", base());
    wrong.check_error(&[floats(&[[1.0]])], "TreeEnsembleClassifier: base_values has 1 values, expected none or 2");
}

#[test]
fn votes_for_the_second_id_leave_the_first_column_zero() {
    let probabilities = [(0, 1, 1, 0.2), (0, 2, 1, 0.7)];
    check(&two(&probabilities), &[10, 20], &[[0.0, 0.2], [0.0, 0.7]]);
    check(&two(&[(0, 1, 1, -0.2), (0, 2, 1, 0.7)]), &[10, 20], &[[0.0, -0.2], [0.0, 0.7]]);
    let [low, high] = LOGISTIC;
    check(&two(&probabilities).with("post_transform", Value::Str("LOGISTIC")), &[10, 20], &[[0.5, low], [0.5, high]]);
    check(
        &two(&probabilities).with("post_transform", Value::Str("SOFTMAX")),
        &[10, 20],
        &[[1.0 - low, low], [1.0 - high, high]],
    );
}

#[test]
fn votes_for_both_ids_are_scores_of_both_classes() {
    let votes = [(0, 1, 0, 0.8), (0, 1, 1, 0.2), (0, 2, 0, 0.3), (0, 2, 1, 0.7)];
    check(&two(&votes), &[10, 20], &[[0.8, 0.2], [0.3, 0.7]]);
    check(&two(&votes).with("base_values", Value::Floats(&[0.0, 1.0])), &[20, 20], &[[0.8, 1.2], [0.3, 1.7]]);
    check(&two(&[(0, 1, 0, 0.8), (0, 2, 1, 0.7)]), &[10, 20], &[[0.8, 0.0], [0.0, 0.7]]);
}

#[test]
fn labels_may_be_strings() {
    let node = two(&PROBABILITIES)
        .with("classlabels_int64s", Value::Ints(&[]))
        .with("classlabels_strings", Value::Strs(&["no", "yes"]));
    node.check_classes(floats(&[[-1.0], [1.0]]), strings(&["no", "yes"]), floats(&[[0.8, 0.2], [0.3, 0.7]]));
    node.check_classes(floats::<1>(&[]), strings(&[]), floats::<2>(&[]));
}

#[test]
fn of_three_classes_the_largest_score_wins() {
    let votes = [(0, 1, 0, 0.2), (0, 1, 1, 0.5), (0, 2, 2, 0.7)];
    let three = |name, value| classifier(3, &STUMP, &votes).with(name, value);
    let rows = || floats(&[[-1.0], [1.0]]);
    three("post_transform", Value::Str("NONE")).check_classes(
        rows(),
        ints(&[20, 30]),
        floats(&[[0.2, 0.5, 0.0], [0.0, 0.0, 0.7]]),
    );
    three("base_values", Value::Floats(&[0.1, 0.2, 0.4])).check_classes(
        rows(),
        ints(&[20, 30]),
        floats(&[[0.3, 0.7, 0.4], [0.1, 0.2, 1.1]]),
    );
    three("post_transform", Value::Str("SOFTMAX_ZERO")).check_classes(
        rows(),
        ints(&[20, 30]),
        floats(&[[0.425_557_5, 0.574_442_5, 0.0], [0.0, 0.0, 1.0]]),
    );
    three("base_values", Value::Floats(&[0.1])).check_error(&[rows()], "base_values has 1 values, expected none or 3");
}

#[test]
fn a_single_class_always_wins() {
    let node = classifier(1, &STUMP, &MARGINS);
    node.check_classes(floats(&[[-1.0], [1.0]]), ints(&[10, 10]), floats(&[[-0.2], [0.7]]));
}
