//! From manifest text and JSON rows to tensors, or to the message that says why not.

use ferrocast_engine::{Dim, Element};
use ferrocast_schema::{JsonLimits, Manifest, RowSchema, SchemaOptions};

use super::*;

const LENGTH: &str = "[[feature]]\nname = \"length\"\ntype = \"float\"\n";
const COUNT: &str = "[[feature]]\nname = \"count\"\ntype = \"int\"\n";
const ALIVE: &str = "[[feature]]\nname = \"alive\"\ntype = \"bool\"\n";
const NOTE: &str = "[[feature]]\nname = \"note\"\ntype = \"string\"\n";
const ISLAND: &str = "[[feature]]\nname = \"island\"\ntype = \"string\"\ncategories = [\"Biscoe\", \"Dream\"]\n";
const MISSABLE: &str = "required = false\nnullable = true\n";

fn input(name: &str, dtype: Dtype, width: usize) -> TensorSpec {
    TensorSpec::new(name, dtype, vec![Dim::Batch, Dim::Fixed(width)])
}

fn manifest(parts: &[&str]) -> Manifest {
    Manifest::from_toml(&format!("manifest = 1\ntask = \"regression\"\n{}", parts.concat())).unwrap()
}

fn compile(parts: &[&str], inputs: Vec<TensorSpec>) -> Result<(ColumnEncoder, RowSchema), String> {
    let manifest = manifest(parts);
    let encoder = ColumnEncoder::compile(&manifest.features, &manifest.inputs, &Signature::new(inputs, vec![]))
        .map_err(|error| error.to_string())?;
    let options = SchemaOptions { carriers: encoder.carriers(), ..SchemaOptions::default() };
    let schema = RowSchema::compile(&manifest.features, &options).unwrap();
    Ok((encoder, schema))
}

fn rows(schema: &RowSchema, json: &[&str]) -> Rows {
    let parse = |json: &&str| schema.parse_row(json.as_bytes(), &JsonLimits::default()).unwrap();
    Rows::concat(json.iter().map(parse)).unwrap().unwrap()
}

fn encode(parts: &[&str], inputs: Vec<TensorSpec>, json: &[&str]) -> Vec<Tensor> {
    let (encoder, schema) = compile(parts, inputs).unwrap();
    encoder.encode(&rows(&schema, json)).unwrap()
}

fn check<T: Element + PartialEq + std::fmt::Debug>(parts: &[&str], spec: TensorSpec, json: &[&str], expected: &[T]) {
    let tensors = encode(parts, vec![spec], json);
    assert_eq!(tensors[0].shape()[0], json.len());
    assert_eq!(tensors[0].as_slice::<T>(), Some(expected));
}

fn refused(parts: &[&str], inputs: Vec<TensorSpec>) -> String {
    compile(parts, inputs).map(|_| ()).unwrap_err()
}

#[test]
fn features_follow_each_other_in_one_tensor() {
    let one_hot = [ISLAND, "encode = \"one-hot\"\n"].concat();
    let scaled = [COUNT, "scale = { kind = \"minmax\", min = 0.0, max = 10.0 }\n"].concat();
    check(
        &[LENGTH, &one_hot, &scaled, ALIVE],
        input("x", Dtype::F32, 5),
        &[
            r#"{"length": 1.5, "island": "Dream", "count": 5, "alive": true}"#,
            r#"{"length": -2, "island": "Biscoe", "count": 0, "alive": false}"#,
        ],
        &[1.5f32, 0., 1., 0.5, 1., -2., 1., 0., 0., 0.],
    );
}

#[test]
fn integers_stay_exact() {
    let json = [r#"{"count": 9007199254740993, "alive": true}"#];
    check(&[COUNT, ALIVE], input("x", Dtype::I64, 2), &json, &[9_007_199_254_740_993i64, 1]);
    check(&[COUNT, ALIVE], input("x", Dtype::U8, 2), &[r#"{"count": 255, "alive": false}"#], &[255u8, 0]);
    check(&[ALIVE], input("x", Dtype::Bool, 1), &[r#"{"alive": true}"#], &[true]);
}

#[test]
fn integer_categories_are_their_own_values() {
    let year = [COUNT, "categories = [2007, 2009]\n"].concat();
    check(&[&year], input("x", Dtype::I64, 1), &[r#"{"count": 2009}"#], &[2009i64]);
    let position = [&year, "encode = \"ordinal\"\n"].concat();
    check(&[&position], input("x", Dtype::I64, 1), &[r#"{"count": 2009}"#], &[1i64]);
}

#[test]
fn a_string_tensor_takes_the_text() {
    let text = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let optional = [NOTE, MISSABLE].concat();
    check(
        &[ISLAND, &optional],
        input("x", Dtype::Str, 2),
        &[r#"{"island": "Dream", "note": "ä"}"#, r#"{"island": "Biscoe"}"#],
        &text(&["Dream", "ä", "Biscoe", ""]),
    );
    let imputed = [ISLAND, MISSABLE, "impute = \"Dream\"\n"].concat();
    check(&[&imputed], input("x", Dtype::Str, 1), &[r#"{"island": null}"#], &text(&["Dream"]));
}

#[test]
fn one_input_per_column_as_skl2onnx_exports_tables() {
    let inputs = vec![input("island", Dtype::Str, 1), input("count", Dtype::I64, 1), input("length", Dtype::F32, 1)];
    let tensors = encode(&[LENGTH, ISLAND, COUNT], inputs, &[r#"{"length": 39.1, "island": "Dream", "count": 181}"#]);
    assert_eq!(tensors[0].as_slice::<String>(), Some(&["Dream".to_owned()][..]));
    assert_eq!(tensors[1].as_slice::<i64>(), Some(&[181][..]));
    assert_eq!(tensors[2].as_slice::<f32>(), Some(&[39.1][..]));
}

#[test]
fn bindings_decide_the_columns() {
    let binding = "[[input]]\ntensor = \"x\"\nfeatures = [\"count\", \"length\"]\n";
    let json = [r#"{"length": 1.5, "count": 2}"#];
    check(&[LENGTH, COUNT, binding], input("x", Dtype::F64, 2), &json, &[2.0f64, 1.5]);
}

#[test]
fn array_features_fill_the_axes_behind_the_rows() {
    let pixels = [LENGTH, "shape = [2, 2]\nscale = { kind = \"standard\", mean = 1.0, std = 2.0 }\n"].concat();
    let spec = TensorSpec::new("x", Dtype::F32, vec![Dim::Batch, Dim::Fixed(2), Dim::Fixed(2)]);
    let tensors = encode(&[&pixels], vec![spec], &[r#"{"length": [[1, 3], [5, 7]]}"#, r#"{"length": [9, 1, 1, 1]}"#]);
    assert_eq!(tensors[0].shape(), [2, 2, 2]);
    assert_eq!(tensors[0].as_slice::<f32>(), Some(&[0., 1., 2., 3., 4., 0., 0., 0.][..]));
}

#[test]
fn no_rows_are_an_empty_tensor() {
    let (encoder, schema) = compile(&[LENGTH], vec![input("x", Dtype::F32, 1)]).unwrap();
    let nothing = schema.rows(Vec::<Vec<(&str, ferrocast_schema::Value)>>::new()).unwrap();
    assert_eq!(encoder.encode(&nothing).unwrap()[0].shape(), [0, 1]);
}

#[test]
fn a_missing_number_is_nan_in_a_float_tensor() {
    let (length, count) = ([LENGTH, MISSABLE].concat(), [COUNT, MISSABLE].concat());
    let tensors = encode(&[&length, &count], vec![input("x", Dtype::F32, 2)], &["{}", r#"{"length": 1, "count": 2}"#]);
    let found = tensors[0].as_slice::<f32>().unwrap();
    assert!(found[0].is_nan() && found[1].is_nan());
    assert_eq!(found[2..], [1., 2.]);
}

#[test]
fn what_a_missing_value_cannot_be_asks_for_impute() {
    let refused = |feature: &str, more: &str, dtype, width| {
        refused(&[&[feature, MISSABLE, more].concat()], vec![input("x", dtype, width)])
    };
    assert_eq!(
        refused(COUNT, "", Dtype::I64, 1),
        "feature `count` may be missing, which INT64 of input `x` cannot express; add `impute`"
    );
    assert_eq!(
        refused(ISLAND, "encode = \"one-hot\"\n", Dtype::F32, 2),
        "feature `island` may be missing, which FP32 of input `x` cannot express one-hot; add `impute`"
    );
    assert!(compile(&[COUNT, MISSABLE, "impute = 3\n"], vec![input("x", Dtype::I64, 1)]).is_ok());
}

#[test]
fn a_default_stands_in_for_an_absent_field() {
    let count = [COUNT, "default = 7\n"].concat();
    check(&[&count], input("x", Dtype::I64, 1), &["{}"], &[7i64]);
}

#[test]
fn constants_of_the_manifest_must_fit_the_tensor() {
    let imputed = [COUNT, MISSABLE, "impute = 300\n"].concat();
    assert_eq!(
        refused(&[&imputed], vec![input("x", Dtype::U8, 1)]),
        "feature `count`: `impute` is no value that UINT8 of input `x` can hold"
    );
    let year = [COUNT, "categories = [2007]\n"].concat();
    assert_eq!(
        refused(&[&year], vec![input("x", Dtype::I8, 1)]),
        "feature `count`: a category is no value that INT8 of input `x` can hold"
    );
}

#[test]
fn a_feature_that_the_tensor_cannot_hold_is_named() {
    let text = refused(&[NOTE], vec![input("x", Dtype::F32, 1)]);
    assert!(text.starts_with("feature `note` does not fit input `x` of FP32: text is no number;"), "{text}");
    let text = refused(&[COUNT], vec![input("x", Dtype::Str, 1)]);
    assert!(text.starts_with("feature `count` does not fit input `x` of BYTES: the input takes text;"), "{text}");
    let encoded = [ISLAND, "encode = \"ordinal\"\n"].concat();
    let text = refused(&[&encoded], vec![input("x", Dtype::Str, 1)]);
    assert!(text.ends_with("remove `encode`"), "{text}");
}

#[test]
fn widths_are_counted_with_their_encoding() {
    let one_hot = [ISLAND, "encode = \"one-hot\"\n"].concat();
    assert_eq!(
        refused(&[LENGTH, &one_hot], vec![input("x", Dtype::F32, 2)]),
        "input `x` takes 2 columns a row, but its features fill 3: length 1, island 2 (one-hot)"
    );
    assert_eq!(
        refused(&[ISLAND, NOTE], vec![input("x", Dtype::Str, 3)]),
        "input `x` takes 3 columns a row, but its features fill 2: island 1, note 1"
    );
}

#[test]
fn a_number_that_overflows_only_when_scaled_is_the_callers_fault() {
    let scaled = [LENGTH, "scale = { kind = \"standard\", mean = 0.0, std = 0.001 }\n"].concat();
    let (encoder, schema) = compile(&[&scaled], vec![input("x", Dtype::F32, 1)]).unwrap();
    let error = encoder.encode(&rows(&schema, &[r#"{"length": 1}"#, r#"{"length": 1e38}"#])).unwrap_err();
    assert_eq!(error, EncodeError::OutOfRange { feature: "length".into(), row: 1, dtype: Dtype::F32 });
    assert!(error.is_caller_fault());
}

#[test]
fn rows_of_other_features_are_refused() {
    let (encoder, _) = compile(&[LENGTH, COUNT], vec![input("x", Dtype::F32, 2)]).unwrap();
    let optional = [LENGTH, MISSABLE].concat();
    for (features, json) in [
        (&[LENGTH][..], r#"{"length": 1}"#),
        (&[LENGTH, NOTE], r#"{"length": 1, "note": ""}"#),
        (&[&optional, COUNT], r#"{"count": 1}"#),
    ] {
        let other = RowSchema::compile(&manifest(features).features, &SchemaOptions::default()).unwrap();
        let error = encoder.encode(&rows(&other, &[json])).unwrap_err();
        assert_eq!(error, EncodeError::ForeignRows, "{json}");
        assert!(!error.is_caller_fault());
    }
}

#[test]
fn a_category_of_another_manifest_is_refused() {
    for (encode, width) in [("one-hot", 2), ("ordinal", 1)] {
        let island = [ISLAND, "encode = \"", encode, "\"\n"].concat();
        let (encoder, _) = compile(&[&island], vec![input("x", Dtype::F32, width)]).unwrap();
        let wider = island.replace("\"Dream\"", "\"Dream\", \"Torgersen\"");
        let other = RowSchema::compile(&manifest(&[&wider]).features, &SchemaOptions::default()).unwrap();
        let error = encoder.encode(&rows(&other, &[r#"{"island": "Torgersen"}"#])).unwrap_err();
        assert_eq!(error, EncodeError::ForeignRows, "{encode}");
    }
}
