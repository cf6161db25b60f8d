//! `Solve` of com.microsoft: systems of linear equations.

use tract_onnx::prelude::Tensor;

use crate::harness::{Node, Value, assert_close, floats, load, tensor};

/// What solves the equations. The matrix is the first input, but the harness puts constants last.
fn solve(matrix: &Tensor, right: Tensor) -> Result<Tensor, String> {
    solve_with(Node::new("main:Solve", 1), matrix, right)
}

fn solve_with(node: Node, matrix: &Tensor, right: Tensor) -> Result<Tensor, String> {
    let mut model = node.constant(matrix).model(std::slice::from_ref(&right));
    model.graph.as_mut().unwrap().node[0].input.reverse();
    let outputs = load(&model).and_then(|plan| plan.run([right.into()].into_iter().collect()));
    outputs.map(|outputs| (*outputs[0]).clone()).map_err(|error| format!("{error:#}"))
}

fn matrix() -> Tensor {
    // The first pivot is zero, so rows must change places.
    tensor(&[3, 3], vec![0f64, 2., 1., 1., 1., 1., 4., 0., 3.])
}

#[test]
fn equations_are_solved() {
    // Of the columns (1, 2, 3) and (-1, 0, 2).
    let right = tensor(&[3, 2], vec![7f64, 2., 6., 1., 13., 2.]);
    let expected = tensor(&[3, 2], vec![1f64, -1., 2., 0., 3., 2.]);
    assert_close(&solve(&matrix(), right).unwrap(), &expected);
    let transposed = Node::new("main:Solve", 1).with("transposed", Value::Int(1));
    // The transpose of the matrix times (1, 2, 3).
    let right = tensor(&[3, 1], vec![14f64, 4., 12.]);
    let expected = tensor(&[3, 1], vec![1f64, 2., 3.]);
    assert_close(&solve_with(transposed, &matrix(), right).unwrap(), &expected);
    let halves = solve(&floats(&[[2., 0.], [0., 4.]]), floats(&[[1.], [1.]])).unwrap();
    assert_close(&halves, &floats(&[[0.5], [0.25]]));
}

#[test]
fn what_has_no_solution_is_refused() {
    let check = |matrix: Tensor, right: Tensor, words: &str| {
        let error = solve(&matrix, right).unwrap_err();
        assert!(error.contains(words), "{error}");
    };
    check(floats(&[[1., 2.], [2., 4.]]), floats(&[[1.], [1.]]), "Solve: A is singular");
    check(floats(&[[1., f32::NAN], [2., 4.]]), floats(&[[1.], [1.]]), "Solve: A is singular");
    check(floats(&[[1., 2.]]), floats(&[[1.], [1.]]), "Solve: A is 1 × 2, expected a square matrix");
    check(tensor(&[2], vec![1f32, 2.]), floats(&[[1.], [1.]]), "Solve: A has rank 1");
    check(matrix(), tensor(&[2, 1], vec![1f64, 2.]), "expected 3 rows");
}
