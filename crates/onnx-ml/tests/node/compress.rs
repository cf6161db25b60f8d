//! `Compress`, by conditions of which some are constant.

use tract_onnx::prelude::Tensor;

use crate::harness::{Node, Value, assert_close, floats, strings, tensor};

fn compress(axis: Option<i64>) -> Node {
    let node = Node::new("main:Compress", 1);
    match axis {
        Some(axis) => node.with("axis", Value::Int(axis)),
        None => node,
    }
}

fn condition(values: &[bool]) -> Tensor {
    tensor(&[values.len()], values.to_vec())
}

fn rows() -> Tensor {
    floats(&[[1., 2., 3.], [4., 5., 6.]])
}

#[test]
fn constant_conditions_pick() {
    let check = |axis, values: &[bool], expected: Tensor| {
        compress(axis).constant(&condition(values)).check(rows(), expected);
    };
    check(Some(1), &[true, false, true], floats(&[[1., 3.], [4., 6.]]));
    check(Some(-1), &[true, false, true], floats(&[[1., 3.], [4., 6.]]));
    // What a short condition does not reach is left out.
    check(Some(1), &[false, true], floats(&[[2.], [5.]]));
    check(Some(0), &[false, true], floats(&[[4., 5., 6.]]));
    check(None, &[false, true, false, true], tensor(&[2], vec![2f32, 4.]));
    check(Some(1), &[false], tensor(&[2, 0], Vec::<f32>::new()));
}

#[test]
fn conditions_pick_at_run_time() {
    let check = |axis, input: Tensor, values: &[bool], expected: Tensor| {
        let outputs = compress(axis).run(&[input, condition(values)]).unwrap();
        assert_close(&outputs[0], &expected);
    };
    check(Some(1), rows(), &[true, false, true], floats(&[[1., 3.], [4., 6.]]));
    check(Some(-2), rows(), &[false, true], floats(&[[4., 5., 6.]]));
    check(Some(0), strings(&["a", "b", "c"]), &[true, false, true], strings(&["a", "c"]));
    check(None, rows(), &[false, true, true], tensor(&[2], vec![2f32, 3.]));
    check(None, rows(), &[false; 6], tensor(&[0], Vec::<f32>::new()));
}

#[test]
fn conditions_that_do_not_fit_are_refused() {
    let long = [false, false, false, true];
    let constant = compress(Some(1)).constant(&condition(&long));
    constant.check_error(&[rows()], "Compress: the condition is true for element 3 of 3");
    compress(Some(1)).check_error(&[rows(), condition(&long)], "the condition is true for element 3 of 3");
    compress(Some(2)).check_error(&[rows(), condition(&long)], "Compress: axis is 2, the input has rank 2");
    compress(Some(0)).check_error(&[rows(), rows()], "Bool");
}
