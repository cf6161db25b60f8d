//! The encoder against scikit-learn: `golden/*.json`, written by `models/train/preprocess_golden.py`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test a panic is a failure, not an outage")]

use ferrocast_engine::{Dim, Dtype, Signature, Tensor, TensorSpec};
use ferrocast_preprocess::ColumnEncoder;
use ferrocast_schema::{JsonLimits, Manifest, RowSchema, Rows, SchemaOptions};
use serde_json::Value;

/// Both sides compute in double precision; the order of operations may cost a few units in the last place.
const TOLERANCE: f64 = 1e-12;

/// Encodes the file's rows for one tensor of `dtype` and hands over the tensor with the expected elements.
fn run(file: &str, dtype: Dtype) -> (Tensor, Vec<f64>) {
    let path = format!("{}/tests/golden/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let golden: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let expected: Vec<Vec<f64>> = golden["expected"].as_array().unwrap().iter().map(numbers).collect();

    let manifest = Manifest::from_toml(golden["manifest"].as_str().unwrap()).unwrap();
    let x = TensorSpec::new("x", dtype, vec![Dim::Batch, Dim::Fixed(expected[0].len())]);
    let signature = Signature::new(vec![x], vec![]);
    let encoder = ColumnEncoder::compile(&manifest.features, &manifest.inputs, &signature).unwrap();
    let options = SchemaOptions { carriers: encoder.carriers(), ..SchemaOptions::default() };
    let schema = RowSchema::compile(&manifest.features, &options).unwrap();

    let rows = golden["rows"].as_array().unwrap().iter();
    let rows = rows.map(|row| schema.parse_row(row.to_string().as_bytes(), &JsonLimits::default()).unwrap());
    let mut tensors = encoder.encode(&Rows::concat(rows).unwrap().unwrap()).unwrap();
    let tensor = tensors.remove(0);
    assert_eq!(tensor.shape(), [expected.len(), expected[0].len()], "{file}");
    (tensor, expected.concat())
}

/// JSON has no NaN; the files write null.
fn numbers(row: &Value) -> Vec<f64> {
    row.as_array().unwrap().iter().map(|number| number.as_f64().unwrap_or(f64::NAN)).collect()
}

fn check(file: &str) {
    let (tensor, expected) = run(file, Dtype::F64);
    for (place, (actual, expected)) in tensor.as_slice::<f64>().unwrap().iter().zip(&expected).enumerate() {
        let same = actual.is_nan() && expected.is_nan();
        let bound = TOLERANCE * expected.abs().max(1.0);
        assert!(same || (actual - expected).abs() <= bound, "{file}, element {place}: {actual} is not {expected}");
    }

    // In single precision: the same numbers, rounded once.
    let (tensor, expected) = run(file, Dtype::F32);
    for (place, (actual, expected)) in tensor.as_slice::<f32>().unwrap().iter().zip(&expected).enumerate() {
        let expected = *expected as f32;
        let same = actual.is_nan() && expected.is_nan();
        let bound = f32::EPSILON * expected.abs().max(f32::EPSILON);
        assert!(same || (actual - expected).abs() <= bound, "{file}, element {place}: {actual} is not {expected}");
    }
}

#[test]
fn standard_scaler() {
    check("standard_scaler");
}

#[test]
fn min_max_scaler() {
    check("min_max_scaler");
}

#[test]
fn robust_scaler() {
    check("robust_scaler");
}

#[test]
fn one_hot_encoder() {
    check("one_hot_encoder");
}

#[test]
fn ordinal_encoder() {
    check("ordinal_encoder");
}

#[test]
fn simple_imputer() {
    check("simple_imputer");
}
