//! Real exports against what ONNX Runtime answered: every `tests/exports/*.onnx` with the `.json` beside it.
//!
//! Each file has seven rows. A prefix of the rows must give the same prefix of the answers, whatever its length: the
//! batch changes nothing. `models/train/onnx_ml_exports.py` wrote the files.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tract_onnx::prelude::{Framework, TValue, TVec, Tensor};

use crate::harness::{assert_close, load, tensor};

#[test]
fn exports_answer_as_onnx_runtime_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("the folder exists").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "onnx"));
    files.sort();
    assert!(files.len() >= 60, "only {} exports", files.len());
    let failed: Vec<_> = files.iter().filter(|file| std::panic::catch_unwind(|| check(file)).is_err()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

fn check(file: &Path) {
    let proto = tract_onnx::onnx().proto_model_for_path(file).expect("an ONNX file");
    let plan = load(&proto).expect("the model loads");
    let text = fs::read_to_string(file.with_extension("json")).expect("expected answers");
    let case: Value = serde_json::from_str(&text).expect("JSON");
    for rows in [1, 2, 7, 0] {
        let inputs: TVec<TValue> = array(&case["inputs"]).iter().map(|input| prefix(input, rows).into()).collect();
        let outputs = plan.run(inputs).expect("the model runs");
        let expected = array(&case["outputs"]);
        assert_eq!(outputs.len(), expected.len());
        for (output, expected) in outputs.iter().zip(expected) {
            assert_close(output, &prefix(expected, rows));
        }
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

/// The first `rows` rows of a tensor as the JSON file has it: `{"dtype": …, "shape": [7, …], "data": [flat]}`.
fn prefix(json: &Value, rows: usize) -> Tensor {
    let mut shape: Vec<usize> =
        array(&json["shape"]).iter().map(|dim| dim.as_u64().expect("a length") as usize).collect();
    shape[0] = rows;
    let data = &array(&json["data"])[..shape.iter().product()];
    // JSON has no NaN: a missing number is null.
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    match json["dtype"].as_str().expect("a type") {
        "float32" => tensor(&shape, data.iter().map(|value| number(value) as f32).collect()),
        "float64" => tensor(&shape, data.iter().map(number).collect()),
        "int64" => tensor(&shape, data.iter().map(|value| value.as_i64().expect("an integer")).collect()),
        "bool" => tensor(&shape, data.iter().map(|value| value.as_bool().expect("a boolean")).collect()),
        "string" => tensor(&shape, data.iter().map(|value| value.as_str().expect("text").to_owned()).collect()),
        other => panic!("unknown type {other}"),
    }
}
