//! Indices that are negative or beyond the end, and other numbers that lead nowhere.

use tract_onnx::prelude::Tensor;

use crate::harness::{Node, Value, assert_close, floats, strings, tensor};

fn rows() -> Tensor {
    floats(&[[1., 2., 3.], [4., 5., 6.]])
}

fn indices(shape: &[usize], values: &[i64]) -> Tensor {
    tensor(shape, values.to_vec())
}

/// Of the operator on `rows`, with indices that are constant, and with the same at run time.
#[track_caller]
fn check(node: &Node, indices: &Tensor, expected: &Tensor) {
    assert_close(&node.clone().constant(indices).run(&[rows()]).unwrap()[0], expected);
    assert_close(&node.run(&[rows(), indices.clone()]).unwrap()[0], expected);
}

#[track_caller]
fn check_error(node: &Node, indices: &Tensor, words: &str) {
    node.clone().constant(indices).check_error(&[rows()], words);
    node.check_error(&[rows(), indices.clone()], words);
}

#[test]
fn gathers_count_from_the_end() {
    let gather = Node::new("main:Gather", 1).with("axis", Value::Int(-1));
    check(&gather, &indices(&[2], &[-1, 0]), &floats(&[[3., 1.], [6., 4.]]));
    let elements = Node::new("main:GatherElements", 1).with("axis", Value::Int(1));
    check(&elements, &indices(&[2, 1], &[-1, 1]), &floats(&[[3.], [5.]]));
    let tuples = Node::new("main:GatherND", 1);
    check(&tuples, &indices(&[2, 2], &[-1, -1, 0, 1]), &tensor(&[2], vec![6f32, 2.]));
    let batches = Node::new("main:GatherND", 1).with("batch_dims", Value::Int(1));
    check(&batches, &indices(&[2, 1], &[-1, 0]), &tensor(&[2], vec![3f32, 4.]));
    let texts = [strings(&["a", "b"]), indices(&[1], &[-1])];
    assert_eq!(*Node::new("main:Gather", 1).run(&texts).unwrap()[0], strings(&["b"]));
}

#[test]
fn gathers_do_not_reach_beyond_the_end() {
    let gather = Node::new("main:Gather", 1).with("axis", Value::Int(1));
    check_error(&gather, &indices(&[1], &[3]), "Gather: index 3 of 3");
    check_error(&gather, &indices(&[1], &[-4]), "Gather: index -4 of 3");
    check_error(&gather, &indices(&[1], &[i64::MIN]), "of 3");
    check_error(&Node::new("main:GatherElements", 1), &indices(&[1, 3], &[0, 2, 0]), "GatherElements: index 2 of 2");
    check_error(&Node::new("main:GatherND", 1), &indices(&[1, 2], &[0, 3]), "GatherND: index 3 of 3");
    let no_axis = Node::new("main:Gather", 1).with("axis", Value::Int(2));
    check_error(&no_axis, &indices(&[1], &[0]), "Gather: axis is 2, the input has rank 2");
    Node::new("main:GatherND", 1).check_error(&[rows(), indices(&[1, 3], &[0, 0, 0])], "");
}

#[test]
fn scatters_stay_within_the_data() {
    let updates = floats(&[[9.]]);
    let elements = Node::new("main:ScatterElements", 1).with("axis", Value::Int(1));
    let scattered = elements.run(&[rows(), indices(&[1, 1], &[-1]), updates.clone()]).unwrap();
    assert_close(&scattered[0], &floats(&[[1., 2., 9.], [4., 5., 6.]]));
    elements.check_error(&[rows(), indices(&[1, 1], &[3]), updates], "ScatterElements: index 3 of 3");
    let tuples = Node::new("main:ScatterND", 1);
    let updates = tensor(&[1], vec![9f32]);
    let scattered = tuples.run(&[rows(), indices(&[1, 2], &[-1, -3]), updates.clone()]).unwrap();
    assert_close(&scattered[0], &floats(&[[1., 2., 3.], [9., 5., 6.]]));
    tuples.check_error(&[rows(), indices(&[1, 2], &[2, 0]), updates], "ScatterND: index 2 of 2");
}

#[test]
fn integers_are_not_divided_by_zero() {
    let dividends = || indices(&[3], &[7, -7, i64::MIN]);
    for (operator, quotients) in [("main:Div", [3, -3, i64::MIN]), ("main:Mod", [1, 1, 0])] {
        let node = Node::new(operator, 1);
        let divisors = indices(&[3], &[2, 2, -1]);
        assert_eq!(*node.run(&[dividends(), divisors]).unwrap()[0], indices(&[3], &quotients));
        let zero = indices(&[3], &[1, 0, 1]);
        node.check_error(&[dividends(), zero.clone()], "of integers, by zero");
        node.clone().constant(&zero).check_error(&[dividends()], "of integers, by zero");
        let narrow = [tensor(&[1], vec![7i32]), tensor(&[1], vec![0i32])];
        node.check_error(&narrow, "of integers, by zero");
    }
    let floats = [tensor(&[1], vec![1f32]), tensor(&[1], vec![0f32])];
    assert_close(&Node::new("main:Div", 1).run(&floats).unwrap()[0], &tensor(&[1], vec![f32::INFINITY]));
}

#[test]
fn integers_are_multiplied() {
    let product = |left: Tensor, right: Tensor| Node::new("main:MatMul", 1).run(&[left, right]);
    let matrix = || indices(&[2, 3], &[1, 2, 3, 4, 5, 6]);
    let expected = indices(&[2, 2], &[-2, 3, -2, 6]);
    assert_eq!(*product(matrix(), indices(&[3, 2], &[1, 0, 0, 0, -1, 1])).unwrap()[0], expected);
    assert_eq!(*product(matrix(), indices(&[3], &[1, 0, -1])).unwrap()[0], indices(&[2], &[-2, -2]));
    assert_eq!(*product(indices(&[2], &[1, -1]), matrix()).unwrap()[0], indices(&[3], &[-3, -3, -3]));
    let stack = indices(&[2, 1, 3], &[1, 0, 0, 0, 0, 1]);
    assert_eq!(*product(stack, indices(&[3, 1], &[7, 8, 9])).unwrap()[0], indices(&[2, 1, 1], &[7, 9]));
    // As numpy has it.
    let large = product(indices(&[1, 1], &[i64::MAX]), indices(&[1, 1], &[2]));
    assert_eq!(*large.unwrap()[0], indices(&[1, 1], &[-2]));
    let small = product(tensor(&[1, 2], vec![1i32, 2]), tensor(&[2, 1], vec![3i32, 4]));
    assert_eq!(*small.unwrap()[0], tensor(&[1, 1], vec![11i32]));
    Node::new("main:MatMul", 1).check_error(&[matrix(), indices(&[2, 2], &[0; 4])], "MatMul: of shapes");
    Node::new("main:Gemm", 1).check_error(&[matrix(), indices(&[3, 1], &[0; 3])], "Gemm: of I64 is not supported");
}

#[test]
fn no_more_elements_are_on_top_than_there_are() {
    let top = |axis| Node::new("main:TopK", 2).with("axis", Value::Int(axis));
    let outputs = top(1).constant(&indices(&[1], &[2])).run(&[rows()]).unwrap();
    assert_close(&outputs[0], &floats(&[[3., 2.], [6., 5.]]));
    top(1).constant(&indices(&[1], &[4])).check_error(&[rows()], "TopK: 4 elements of 3");
    top(1).constant(&indices(&[1], &[-1])).check_error(&[rows()], "TopK: -1 elements");
    top(1).check_error(&[rows(), indices(&[1], &[4])], "TopK: 4 elements of 3");
    top(2).constant(&indices(&[1], &[1])).check_error(&[rows()], "TopK: axis is 2");
}

#[test]
fn pads_add_or_cut_off() {
    let pad = |pads: &[i64]| Node::new("main:Pad", 1).constant(&indices(&[4], pads));
    pad(&[0, 1, 0, -1]).check(rows(), floats(&[[0., 1., 2.], [0., 4., 5.]]));
    let value = tensor(&[], vec![7f32]);
    pad(&[-1, 0, 1, -1]).constant(&value).check(rows(), floats(&[[4., 5.], [7., 7.]]));
    pad(&[0, 1, 0, 1]).constant(&value).check(rows(), floats(&[[7., 1., 2., 3., 7.], [7., 4., 5., 6., 7.]]));
    pad(&[0, -2, 0, -2]).check_error(&[rows()], "Pad: by -2 and -2 of 3");
    let edge = |pads: &[i64]| pad(pads).with("mode", Value::Str("edge"));
    edge(&[0, 1, 0, 0]).check(rows(), floats(&[[1., 1., 2., 3.], [4., 4., 5., 6.]]));
    edge(&[0, 1, 0, -1]).check_error(&[rows()], "not supported with mode=edge");
    edge(&[0, 1, 0, 0]).constant(&value).check_error(&[rows()], "a value is not supported");
    let reflect = pad(&[0, 0, 0, 3]).with("mode", Value::Str("reflect"));
    reflect.check_error(&[rows()], "Pad: reflects [0, 3] of 3");
    let on = |axis: i64, pads: &[i64]| {
        let node = Node::new("main:Pad", 1).constant(&indices(&[2], pads)).constant(&value);
        node.constant(&indices(&[1], &[axis]))
    };
    on(-1, &[1, 0]).check(rows(), floats(&[[7., 1., 2., 3.], [7., 4., 5., 6.]]));
    on(1, &[1, -2]).check(rows(), floats(&[[7., 1.], [7., 4.]]));
    on(2, &[1, 0]).check_error(&[rows()], "Pad: axis is 2, the input has rank 2");
}

#[test]
fn axes_are_those_that_there_are() {
    for operator in ["ReduceMax", "ReduceLogSumExp", "ReduceSum", "ReduceMean", "Squeeze"] {
        let words = format!("{operator}: axis is -3, the input has rank 2");
        let node = Node::new(&format!("main:{operator}"), 1);
        node.constant(&indices(&[1], &[-3])).check_error(&[rows()], &words);
    }
    let words = "axis is 2, the input has rank 2";
    Node::new("main:ReduceProd", 1).with("axes", Value::Ints(&[0, 2])).check_error(&[rows()], words);
    Node::new("main:Hardmax", 1).with("axis", Value::Int(2)).check_error(&[rows()], words);
    let integers = indices(&[2, 2], &[1, 5, 7, 7]);
    let positions = Node::new("main:ArgMax", 1).with("axis", Value::Int(1));
    positions.clone().check(integers.clone(), indices(&[2, 1], &[1, 0]));
    positions.with("axis", Value::Int(2)).check_error(&[integers], words);
}

#[test]
fn powers_of_integers_are_integers() {
    let bases = || indices(&[6], &[2, -2, 1, -1, 0, 3]);
    let power = |exponent: Tensor| Node::new("main:Pow", 1).run(&[bases(), exponent]).unwrap()[0].clone();
    assert_eq!(*power(indices(&[1], &[3])), indices(&[6], &[8, -8, 1, -1, 0, 27]));
    assert_eq!(*power(indices(&[1], &[-1])), indices(&[6], &[0, 0, 1, -1, 0, 0]));
    assert_eq!(*power(indices(&[1], &[-2])), indices(&[6], &[0, 0, 1, 1, 0, 0]));
    assert_eq!(
        *power(indices(&[1], &[1 << 40])),
        indices(&[6], &[0, 0, 1, 1, 0, 3i64.wrapping_pow(1 << 20).wrapping_pow(1 << 20)])
    );
    assert_eq!(*power(tensor(&[1], vec![0.5f32])), indices(&[6], &[1, 0, 1, 0, 0, 1]));
    let narrow = [tensor(&[2], vec![3i32, i32::MAX]), tensor(&[1], vec![2i32])];
    assert_eq!(*Node::new("main:Pow", 1).run(&narrow).unwrap()[0], tensor(&[2], vec![9i32, 1]));
}
