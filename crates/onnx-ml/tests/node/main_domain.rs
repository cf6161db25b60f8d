//! Operators of the main domain on strings: those of this crate, and those that tract is relied upon for.

use tract_onnx::prelude::{IntoTensor, Tensor};

use crate::harness::{Node, Value, assert_close, ints, strings, tensor};

const FLOAT: i64 = 1;
const INT32: i64 = 6;
const INT64: i64 = 7;
const STRING: i64 = 8;
const BOOL: i64 = 9;
const DOUBLE: i64 = 11;

fn cast(to: i64) -> Node {
    Node::new("main:Cast", 1).with("to", Value::Int(to))
}

#[test]
fn strings_become_numbers() {
    let texts = || strings(&["1.5", " -2e3 ", "NaN", "INF", "-inf"]);
    let expected = [1.5, -2000.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    cast(DOUBLE).check(texts(), tensor(&[5], expected.to_vec()));
    cast(FLOAT).check(texts(), tensor(&[5], expected.iter().map(|&value| value as f32).collect()));
    cast(INT64).check(strings(&["-7", "9007199254740993"]), ints(&[-7, 9_007_199_254_740_993]));
    cast(INT32).check(strings(&["-7"]), tensor(&[1], vec![-7i32]));
    cast(INT64).check(strings(&[]), ints(&[]));
    cast(INT64).check_error(&[strings(&["1.5"])], "Cast: an element is no i64");
    cast(FLOAT).check_error(&[strings(&["1", ""])], "Cast: an element is no f32");
    cast(INT32).check_error(&[strings(&["3000000000"])], "Cast: an element is no i32");
    cast(BOOL).check_error(&[strings(&["1"])], "expected numbers");
}

#[test]
fn numbers_become_strings() {
    cast(STRING).check(ints(&[1, -5]), strings(&["1", "-5"]));
    cast(STRING).check(tensor(&[2], vec![0.1f32, 1e9]), strings(&["0.1", "1e+09"]));
    cast(STRING).check(tensor(&[2], vec![0.1f64, f64::NAN]), strings(&["0.1", "NaN"]));
    cast(STRING).check(tensor(&[2], vec![true, false]), strings(&["1", "0"]));
    cast(STRING).check(strings(&["a"]), strings(&["a"]));
}

#[test]
fn casts_to_integers_stay_integers() {
    cast(INT64).check(ints(&[1, -5]), ints(&[1, -5]));
    cast(INT64).check(tensor(&[2], vec![7i32, -1]), ints(&[7, -1]));
    cast(INT64).check(tensor(&[2], vec![1.9f32, -1.9]), ints(&[1, -1]));
    cast(INT64).check(tensor(&[2], vec![true, false]), ints(&[1, 0]));
    cast(FLOAT).check(ints(&[1, -5]), tensor(&[2], vec![1f32, -5.0]));
}

fn grid(rows: &[[&str; 2]]) -> Tensor {
    tensor(&[rows.len(), 2], rows.iter().flatten().map(|&text| text.to_owned()).collect())
}

#[test]
fn strings_compare_and_broadcast() {
    let equal = Node::new("main:Equal", 1);
    let left = grid(&[["a", "b"], ["b", "c"]]);
    let outputs = equal.run(&[left.clone(), tensor(&[1, 1], vec!["b".to_owned()])]).unwrap();
    assert_close(&outputs[0], &tensor(&[2, 2], vec![false, true, true, false]));
    let outputs = equal.run(&[ints(&[1, 2]), ints(&[1, 3])]).unwrap();
    assert_close(&outputs[0], &tensor(&[2], vec![true, false]));
    equal.check_error(&[left, ints(&[1])], "Equal: compares String with I64");
}

#[test]
fn booleans_compare() {
    let equal = Node::new("main:Equal", 1);
    let outputs =
        equal.run(&[tensor(&[2, 2], vec![true, false, true, true]), tensor(&[1, 2], vec![true, true])]).unwrap();
    assert_close(&outputs[0], &tensor(&[2, 2], vec![true, false, true, true]));
}

fn one_hot(depth: i64, off_and_on: &Tensor) -> Node {
    Node::new("main:OneHot", 1).constant(&ints(&[depth])).constant(off_and_on)
}

#[test]
fn indices_become_rows() {
    let values = || tensor(&[2], vec![-1f32, 5.0]);
    let expected =
        tensor(&[5, 3], [[-1f32, -1.0, 5.0], [5.0, -1.0, -1.0], [-1.0, -1.0, 5.0], [-1.0; 3], [-1.0; 3]].concat());
    one_hot(3, &values()).check(ints(&[2, 0, -1, 3, -4]), expected);
    let columns = tensor(&[3, 2], vec![1f64, 0.0, 0.0, 1.0, 0.0, 0.0]);
    let first = one_hot(3, &tensor(&[2], vec![0f64, 1.0])).with("axis", Value::Int(0));
    first.check(tensor(&[2], vec![0.0f32, 1.9]), columns);
    let middle = one_hot(2, &ints(&[0, 1])).with("axis", Value::Int(1));
    middle.check(tensor(&[1, 2], vec![1i64, 0]), tensor(&[1, 2, 2], vec![0i64, 1, 1, 0]));
    let input = [ints(&[1])];
    one_hot(-1, &values()).check_error(&input, "OneHot: depth is -1");
    one_hot(i64::MAX, &values()).check_error(&input, "OneHot: depth is");
    one_hot(3, &values()).with("axis", Value::Int(2)).check_error(&input, "OneHot");
}

#[test]
fn strings_are_picked() {
    let node = Node::new("main:Where", 1);
    let condition = || tensor(&[2, 2], vec![true, false, false, true]);
    let yes = || grid(&[["a", "b"], ["c", "d"]]);
    let outputs = node.run(&[condition(), yes(), tensor(&[1, 1], vec!["?".to_owned()])]).unwrap();
    assert_close(&outputs[0], &grid(&[["a", "?"], ["?", "d"]]));
    let outputs = node.run(&[condition(), tensor(&[2, 2], vec![1f32; 4]), tensor(&[2, 2], vec![2f32; 4])]).unwrap();
    assert_close(&outputs[0], &tensor(&[2, 2], vec![1f32, 2.0, 2.0, 1.0]));
    node.check_error(&[condition(), yes(), condition()], "Where: picks by Bool between strings and Bool");
}

#[test]
fn strings_move_around() {
    let rows = || grid(&[["a", "b"], ["c", "d"], ["e", "f"]]);
    let run = |node: Node, inputs: &[Tensor]| node.run(inputs).unwrap()[0].clone().into_tensor();
    let column = || tensor(&[3, 1], ["x", "y", "z"].map(str::to_owned).to_vec());
    let joined = ["a", "b", "x", "c", "d", "y", "e", "f", "z"].map(str::to_owned).to_vec();
    let concat = Node::new("main:Concat", 1).with("axis", Value::Int(1));
    assert_close(&run(concat, &[rows(), column()]), &tensor(&[3, 3], joined));
    assert_close(&run(Node::new("main:Identity", 1), &[rows()]), &rows());
    let transposed = ["a", "c", "e", "b", "d", "f"].map(str::to_owned).to_vec();
    assert_close(&run(Node::new("main:Transpose", 1), &[rows()]), &tensor(&[2, 3], transposed));
    assert_close(&run(Node::new("main:Flatten", 1), &[rows()]), &rows());
    let gather = Node::new("main:Gather", 1).with("axis", Value::Int(1));
    assert_close(&run(gather, &[rows(), ints(&[1])]), &tensor(&[3, 1], ["b", "d", "f"].map(str::to_owned).to_vec()));
}
