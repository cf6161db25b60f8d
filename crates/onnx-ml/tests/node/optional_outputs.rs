//! Outputs that a graph does not name, which tract leaves out of the node.

use crate::harness::{Node, Value, assert_close, floats, ints};

fn classifier(outputs: usize) -> Node {
    Node::new("LinearClassifier", outputs)
        .with("coefficients", Value::Floats(&[-1.0, 1.0]))
        .with("intercepts", Value::Floats(&[0.0, 0.0]))
        .with("classlabels_ints", Value::Ints(&[10, 20]))
}

#[test]
fn labels_alone() {
    classifier(1).check(floats(&[[2.0], [-2.0]]), ints(&[20, 10]));
}

#[test]
fn scores_alone() {
    let outputs = classifier(2).without_output(0).run(&[floats(&[[2.0]])]).unwrap();
    assert_eq!(outputs.len(), 1);
    assert_close(&outputs[0], &floats(&[[-2.0, 2.0]]));
}

#[test]
fn more_outputs_than_onnx_defines() {
    classifier(3).check_error(&[floats(&[[2.0]])], "LinearClassifier has 2 outputs, the node names more");
}
