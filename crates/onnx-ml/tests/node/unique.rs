//! `Unique`, in all its forms.

use tract_onnx::prelude::{TValue, TVec, Tensor};

use crate::harness::{Node, Value, floats, ints, strings, tensor};

fn unique(is_sorted: bool, axis: Option<i64>) -> Node {
    let node = Node::new("main:Unique", 4).with("sorted", Value::Int(is_sorted.into()));
    match axis {
        Some(axis) => node.with("axis", Value::Int(axis)),
        None => node,
    }
}

#[track_caller]
fn check(node: &Node, input: Tensor, distinct: Tensor, [firsts, inverse, counts]: [&[i64]; 3]) {
    let outputs: TVec<TValue> = node.run(&[input]).unwrap();
    let expected = [distinct, ints(firsts), ints(inverse), ints(counts)];
    assert!(outputs.iter().map(|output| &**output).eq(&expected), "{outputs:?} instead of {expected:?}");
}

#[test]
fn elements() {
    let input = || tensor(&[2, 3], vec![2f32, 1., 1., 3., 4., 3.]);
    let sorted = tensor(&[4], vec![1f32, 2., 3., 4.]);
    check(&unique(true, None), input(), sorted, [&[1, 0, 3, 4], &[1, 0, 0, 2, 3, 2], &[2, 1, 2, 1]]);
    let found = tensor(&[4], vec![2f32, 1., 3., 4.]);
    check(&unique(false, None), input(), found, [&[0, 1, 3, 4], &[0, 1, 1, 2, 3, 2], &[1, 2, 2, 1]]);
    check(&unique(true, None), ints(&[5, -1, 5]), ints(&[-1, 5]), [&[1, 0], &[1, 0, 1], &[1, 2]]);
    let texts = strings(&["b", "a", "b"]);
    check(&unique(true, None), texts.clone(), strings(&["a", "b"]), [&[1, 0], &[1, 0, 1], &[1, 2]]);
    check(&unique(false, None), texts, strings(&["b", "a"]), [&[0, 1], &[0, 1, 0], &[2, 1]]);
    check(&unique(true, None), ints(&[]), ints(&[]), [&[], &[], &[]]);
}

#[test]
fn slices() {
    let input = || floats(&[[1., 0., 0.], [1., 0., 0.], [0., 3., 4.]]);
    let rows = floats(&[[0., 3., 4.], [1., 0., 0.]]);
    check(&unique(true, Some(0)), input(), rows, [&[2, 0], &[1, 1, 0], &[1, 2]]);
    let columns = floats(&[[0., 0., 1.], [0., 0., 1.], [3., 4., 0.]]);
    check(&unique(true, Some(-1)), input(), columns, [&[1, 2, 0], &[2, 0, 1], &[1, 1, 1]]);
    unique(true, Some(2)).check_error(&[input()], "Unique: axis is 2, the input has rank 2");
}

#[test]
fn gaps_are_all_the_same() {
    let outputs = unique(true, None).run(&[tensor(&[4], vec![f64::NAN, 1., f64::NAN, 0.])]).unwrap();
    assert_eq!(outputs[2], ints(&[2, 1, 2, 0]).into());
    assert_eq!(outputs[3], ints(&[1, 1, 2]).into());
}

#[test]
fn outputs_may_be_left_out() {
    let node = Node::new("main:Unique", 3).without_output(1);
    let outputs = node.run(&[ints(&[7, 7, 3])]).unwrap();
    assert_eq!(*outputs[0], ints(&[3, 7]));
    assert_eq!(*outputs[1], ints(&[1, 1, 0]));
}
