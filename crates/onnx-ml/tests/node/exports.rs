//! Real exports against what ONNX Runtime answered: every `tests/exports/*.onnx` with the `.json` beside it.
//!
//! Each file has seven rows. A prefix of the rows must give the same prefix of the answers, whatever its length: the
//! batch changes nothing. `models/train/onnx_ml_exports.py` wrote the files; where ONNX Runtime does not run one, the
//! answers are the library's.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ferrocast_onnx_ml::{RowProgram, RowState, View};
use serde_json::Value;
use tract_onnx::prelude::{DatumType, Framework, TValue, TVec, Tensor, TypedRunnableModel};

use crate::harness::{assert_close, load, tensor};

/// The exports that need tract's executor, which costs several times as much: they have an operator that is no step yet, or
/// answer across rows.
const NO_ROW_PROGRAMS: &[&str] = &[
    "ada_boost",
    "ada_boost_regressor",
    "bagging",
    "calibrated",
    "catboost_binary_strings",
    "catboost_regressor",
    "complement_naive_bayes",
    "gaussian_process_double",
    "isolation_forest",
    "k_means",
    "logistic_double",
    "multinomial_naive_bayes",
    "naive_bayes",
    "neighbours",
    "neighbours_cdist",
    "one_class_svm",
    "one_vs_rest",
    "perceptron",
    "perceptron_layers",
    "perceptron_layers_double",
    "poisson",
    "power_transformer",
    "scaler_bins",
    "scaler_pca",
    "scaler_polynomial",
    "sgd_classifier",
    "stacking",
    "table_text",
    "table_text_imputer",
    "text_count",
    "text_tfidf",
    "voting",
];

#[test]
fn exports_answer_as_onnx_runtime_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("the folder exists").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "onnx"));
    files.sort();
    assert!(files.len() >= 90, "only {} exports", files.len());
    let failed: Vec<_> = files.iter().filter(|file| std::panic::catch_unwind(|| check(file)).is_err()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let others = files.iter().filter(|file| program(&plan(file)).is_none());
    let others: Vec<_> = others.filter_map(|file| file.file_stem()?.to_str()).collect();
    assert_eq!(others, NO_ROW_PROGRAMS);
}

fn plan(file: &Path) -> Arc<TypedRunnableModel> {
    let proto = tract_onnx::onnx().proto_model_for_path(file).expect("an ONNX file");
    load(&proto).expect("the model loads")
}

fn program(plan: &TypedRunnableModel) -> Option<RowProgram> {
    RowProgram::compile(plan.model(), &plan.model().symbols.sym("batch"), &|_| None)
}

fn check(file: &Path) {
    let plan = plan(file);
    let program = program(&plan);
    let mut state = RowState::default();
    let text = fs::read_to_string(file.with_extension("json")).expect("expected answers");
    let case: Value = serde_json::from_str(&text).expect("JSON");
    for rows in [1, 2, 7, 0] {
        let inputs: TVec<TValue> = array(&case["inputs"]).iter().map(|input| prefix(input, rows).into()).collect();
        let outputs = plan.run(inputs.clone()).expect("the model runs");
        let expected = array(&case["outputs"]);
        assert_eq!(outputs.len(), expected.len());
        for (output, expected) in outputs.iter().zip(expected) {
            assert_close(output, &prefix(expected, rows));
        }
        if let Some(program) = &program {
            let feeds: Vec<View<'_>> = inputs.iter().map(|input| view(input)).collect();
            program.run(&mut state, rows, &feeds).expect("the program runs");
            for (position, output) in outputs.iter().enumerate() {
                let same = program.output(&state, &feeds, position).expect("an output");
                // In words, because a NaN is not equal to itself.
                assert_eq!(format!("{same:?}"), format!("{:?}", view(output)), "{}", file.display());
            }
        }
    }
}

fn view(tensor: &Tensor) -> View<'_> {
    let plain = tensor.try_as_plain_ram().expect("plain values");
    match tensor.datum_type() {
        DatumType::F32 => View::F32(plain.as_slice().expect("floats")),
        DatumType::F64 => View::F64(plain.as_slice().expect("doubles")),
        DatumType::I64 => View::I64(plain.as_slice().expect("integers")),
        DatumType::Bool => View::Bool(plain.as_slice().expect("booleans")),
        DatumType::String => View::Str(plain.as_slice().expect("text")),
        other => panic!("no export has {other:?}"),
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
