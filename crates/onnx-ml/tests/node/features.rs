//! Operators on numeric features: Scaler, Normalizer, Imputer, Binarizer, FeatureVectorizer, ArrayFeatureExtractor.

use crate::harness::{Node, Value, assert_close, floats, ints, strings, tensor};

const NAN: f32 = f32::NAN;

#[test]
fn scaler_subtracts_then_multiplies() {
    let node =
        Node::new("Scaler", 1).with("offset", Value::Floats(&[1.0, 2.0])).with("scale", Value::Floats(&[0.5, 0.25]));
    node.check(floats(&[[1.0, 2.0], [3.0, 4.0]]), floats(&[[0.0, 0.0], [1.0, 0.5]]));
    node.check(tensor(&[1, 2], vec![3i64, 10]), floats(&[[1.0, 2.0]]));
    node.check(tensor(&[2], vec![3f32, 10.0]), tensor(&[2], vec![1f32, 2.0]));
    node.check(floats::<2>(&[]), floats::<2>(&[]));
    node.check_error(&[floats(&[[1.0, 2.0, 3.0]])], "Scaler: scales 2 features, the input has 3");
    node.check_error(&[tensor(&[1, 1, 2], vec![0f32; 2])], "rank 3");
    node.check_error(&[strings(&["a", "b"])], "expected numbers");
}

#[test]
fn scaler_of_one_pair_takes_any_shape() {
    let node = Node::new("Scaler", 1).with("offset", Value::Floats(&[1.0])).with("scale", Value::Floats(&[0.5]));
    node.check(floats(&[[1.0, 3.0, 5.0]]), floats(&[[0.0, 1.0, 2.0]]));
    node.check(tensor(&[1, 2, 1], vec![3f32, 5.0]), tensor(&[1, 2, 1], vec![1f32, 2.0]));
}

#[test]
fn scaler_keeps_the_digits_of_doubles_and_integers() {
    let node = Node::new("Scaler", 1).with("offset", Value::Floats(&[16_777_216.0]));
    node.check(tensor(&[1, 1], vec![16_777_217.5f64]), floats(&[[1.5]]));
    node.check(tensor(&[1, 1], vec![16_777_217i64]), floats(&[[1.0]]));
}

#[test]
fn scaler_refuses_lists_of_different_lengths() {
    let node = Node::new("Scaler", 1).with("offset", Value::Floats(&[1.0])).with("scale", Value::Floats(&[0.5, 1.0]));
    node.check_error(&[floats(&[[1.0, 2.0]])], "Scaler: offset has 1 values, scale 2");
}

#[test]
fn normalizer_divides_rows() {
    let rows = floats(&[[1.0, -4.0, 2.0], [0.0, 0.0, 0.0], [-1.0, -2.0, -3.0]]);
    let norm = |name| Node::new("Normalizer", 1).with("norm", Value::Str(name));
    norm("MAX").check(rows.clone(), floats(&[[0.5, -2.0, 1.0], [0.0, 0.0, 0.0], [1.0, 2.0, 3.0]]));
    let sixth = 1.0 / 6.0;
    norm("L1").check(
        rows.clone(),
        floats(&[[1.0 / 7.0, -4.0 / 7.0, 2.0 / 7.0], [0.0, 0.0, 0.0], [-sixth, -2.0 * sixth, -0.5]]),
    );
    norm("L2").check(
        rows,
        floats(&[
            [0.218_217_9, -0.872_871_6, 0.436_435_8],
            [0.0, 0.0, 0.0],
            [-0.267_261_24, -0.534_522_5, -0.801_783_74],
        ]),
    );
    // One row, and integers.
    norm("L1").check(tensor(&[2], vec![1i64, 3]), tensor(&[2], vec![0.25f32, 0.75]));
    norm("L2").check(floats::<3>(&[]), floats::<3>(&[]));
    norm("L2").check_error(&[tensor(&[1, 1, 1], vec![1f32])], "rank 3");
    norm("L3").check_error(&[floats(&[[1.0]])], "unknown norm \"L3\"");
}

#[test]
fn normalizer_does_not_overflow() {
    let node = Node::new("Normalizer", 1).with("norm", Value::Str("L2"));
    node.check(floats(&[[3e30, 4e30], [3e-30, 4e-30]]), floats(&[[0.6, 0.8], [0.6, 0.8]]));
}

#[test]
fn imputer_replaces_per_feature() {
    let node = Node::new("Imputer", 1)
        .with("imputed_value_floats", Value::Floats(&[7.0, 8.0]))
        .with("replaced_value_float", Value::Float(NAN));
    node.check(floats(&[[1.0, NAN], [NAN, 4.0]]), floats(&[[1.0, 8.0], [7.0, 4.0]]));
    node.check(tensor(&[1, 2], vec![f64::NAN, 0.1]), tensor(&[1, 2], vec![7.0, 0.1f64]));
    // Along the last axis, whatever the rank.
    node.check(tensor(&[1, 2, 2], vec![1.0, NAN, NAN, 2.0]), tensor(&[1, 2, 2], vec![1f32, 8.0, 7.0, 2.0]));
    node.check(floats::<2>(&[]), floats::<2>(&[]));
    node.check_error(&[floats(&[[1.0, 2.0, 3.0]])], "imputed_value_floats has 2 values, the input 3 features");
    node.check_error(&[ints(&[1, 2])], "imputes floats, the input holds I64");
}

#[test]
fn imputer_of_one_value_serves_all_features() {
    let zeros = Node::new("Imputer", 1).with("imputed_value_floats", Value::Floats(&[7.0]));
    zeros.check(floats(&[[1.0, 0.0, NAN]]), floats(&[[1.0, 7.0, NAN]]));
    let integers = Node::new("Imputer", 1)
        .with("imputed_value_int64s", Value::Ints(&[7]))
        .with("replaced_value_int64", Value::Int(-1));
    integers.check(tensor(&[1, 3], vec![1i64, -1, 0]), tensor(&[1, 3], vec![1i64, 7, 0]));
    integers.check(tensor(&[1, 2], vec![1i32, -1]), tensor(&[1, 2], vec![1i32, 7]));
    let both = integers.with("imputed_value_floats", Value::Floats(&[1.0]));
    both.check_error(&[ints(&[1])], "exactly one of");
}

#[test]
fn binarizer_keeps_the_type() {
    let node = Node::new("Binarizer", 1).with("threshold", Value::Float(0.5));
    node.check(floats(&[[0.5, 0.6, NAN, -1.0]]), floats(&[[0.0, 1.0, 0.0, 0.0]]));
    node.check(tensor(&[1, 2], vec![0i64, 1]), tensor(&[1, 2], vec![0i64, 1]));
    node.check(tensor(&[1, 2], vec![0.5f64, 0.51]), tensor(&[1, 2], vec![0.0, 1.0f64]));
}

#[test]
fn feature_vectorizer_cuts_and_pads() {
    let join = |dimensions: &[i64], inputs: &[tract_onnx::prelude::Tensor]| {
        Node::new("FeatureVectorizer", 1).with("inputdimensions", Value::Ints(dimensions)).run(inputs)
    };
    let inputs = [floats(&[[1.0, 2.0], [3.0, 4.0]]), tensor(&[2, 1], vec![5i64, 6])];
    assert_close(&join(&[2, 1], &inputs).unwrap()[0], &floats(&[[1.0, 2.0, 5.0], [3.0, 4.0, 6.0]]));
    assert_close(&join(&[1, 3], &inputs).unwrap()[0], &floats(&[[1.0, 5.0, 0.0, 0.0], [3.0, 6.0, 0.0, 0.0]]));
    let rows = [tensor(&[2], vec![1f32, 2.0]), tensor(&[1], vec![5f32])];
    assert_close(&join(&[2, 1], &rows).unwrap()[0], &floats(&[[1.0, 2.0, 5.0]]));
    let error = format!("{:#}", join(&[2], &inputs).unwrap_err());
    assert!(error.contains("inputdimensions has 1 values, input 2"), "{error}");
    let error = format!("{:#}", join(&[2, i64::MAX], &inputs).unwrap_err());
    assert!(error.contains("too many columns"), "{error}");
}

#[test]
fn array_feature_extractor_picks_columns() {
    let node = Node::new("ArrayFeatureExtractor", 1);
    let rows = floats(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let pick = |input: &tract_onnx::prelude::Tensor, indices| node.run(&[input.clone(), indices]);
    assert_close(&pick(&rows, ints(&[2, 0])).unwrap()[0], &floats(&[[3.0, 1.0], [6.0, 4.0]]));
    assert_close(&pick(&rows, tensor(&[1, 2], vec![2i64, 0])).unwrap()[0], &floats(&[[3.0, 1.0], [6.0, 4.0]]));
    // A scalar index keeps the axis.
    assert_close(&pick(&rows, tensor(&[], vec![1i64])).unwrap()[0], &floats(&[[2.0], [5.0]]));
    assert_close(&pick(&ints(&[7, 8, 9]), ints(&[2])).unwrap()[0], &tensor(&[1, 1], vec![9i64]));
    let texts = tensor(&[1, 2], vec!["a".to_owned(), "b".to_owned()]);
    assert_close(&pick(&texts, ints(&[1])).unwrap()[0], &tensor(&[1, 1], vec!["b".to_owned()]));
    assert_close(
        &pick(&tensor(&[1, 2, 2], vec![1f32, 2.0, 3.0, 4.0]), ints(&[1])).unwrap()[0],
        &tensor(&[1, 2, 1], vec![2f32, 4.0]),
    );
    assert_close(&pick(&floats::<3>(&[]), ints(&[1])).unwrap()[0], &floats::<1>(&[]));
    assert_close(&pick(&ints(&[7, 8]), ints(&[])).unwrap()[0], &tensor::<i64>(&[1, 0], vec![]));
    // Below zero, from the end.
    assert_close(&pick(&rows, ints(&[-1, -3])).unwrap()[0], &floats(&[[3.0, 1.0], [6.0, 4.0]]));
    for index in [3, -4, i64::MAX, i64::MIN] {
        node.check_error(&[rows.clone(), ints(&[index])], &format!("index {index} is outside of the last axis"));
    }
}
