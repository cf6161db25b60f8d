//! Requests and their answers as files: `tests/wire/native/<route>/<case>.in.json` holds the bytes of a body, the
//! `.out.json` beside it the status and body that they are answered with. A pair is added by writing the `.in.json` and
//! running with `UPDATE_EXPECT=1`, which writes the answers; read them before committing them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a broken fixture should stop the test where it is"
)]

use std::fs;
use std::path::{Path, PathBuf};

use ferrocast_protocol::ApiError;
use ferrocast_protocol::native::{self, Limits, Served};
use ferrocast_schema::{ClassValue, Manifest, Prediction, RowSchema, Rows, SchemaOptions, Scores, Values};
use serde_json::{Value, json};

const SERVED: Served<'_> = Served { model: "penguins", version: "1" };
const SPECIES: [&str; 3] = ["Adelie", "Chinstrap", "Gentoo"];
/// The flipper length for which the model below answers NaN.
const POISON: i64 = 666;

#[test]
fn predict() {
    check_folder("predict", |body, schema| {
        let rows = native::decode_row(body, schema, &limits())?;
        let predictions = predict_rows(&rows);
        native::encode_prediction(predictions.first().expect("one row"), SERVED)
    });
}

#[test]
fn predict_batch() {
    check_folder("predict_batch", |body, schema| {
        let rows = native::decode_batch(body, schema, &limits())?;
        native::encode_batch(&predict_rows(&rows), SERVED)
    });
}

fn limits() -> Limits {
    Limits { max_batch: 4, ..Limits::default() }
}

/// A model that is easy to follow by hand: the species is the flipper length modulo 3, with a probability of 0.9.
fn predict_rows(rows: &Rows) -> Vec<Prediction> {
    let Some(Values::Int(flippers)) = rows.columns().last().map(|column| &column.values) else {
        panic!("the last feature is an integer: {rows:?}");
    };
    let classify = |&flipper: &i64| {
        let index = usize::try_from(flipper % 3).unwrap();
        let likely = if flipper == POISON { f32::NAN } else { 0.9 };
        let scores = (0..3).map(|class| if class == index { likely } else { 0.05 });
        let scores = Scores::Probabilities(scores.collect());
        let label = SPECIES.get(index).map(|&name| name.into());
        Prediction::Class { index, class: ClassValue::Int(flipper % 3), label, scores }
    };
    flippers.iter().map(classify).collect()
}

fn check_folder(route: &str, answer: impl Fn(&[u8], &RowSchema) -> Result<Vec<u8>, ApiError>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/native");
    let manifest = Manifest::from_toml(&fs::read_to_string(root.join("model.toml")).unwrap()).unwrap();
    let schema = RowSchema::compile(&manifest.features, &SchemaOptions::default()).unwrap();
    let cases = requests(&root.join(route));
    assert!(!cases.is_empty(), "no cases for {route}");
    for case in cases {
        let (status, body) = match answer(&fs::read(&case).unwrap(), &schema) {
            Ok(body) => (200, body),
            Err(error) => (error.code.status(), native::render(&error, "request-1")),
        };
        let body: Value = serde_json::from_slice(&body).unwrap();
        compare(&case, &json!({ "status": status, "body": body }));
    }
}

/// The `.in.json` files of a folder, in order.
fn requests(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut requests: Vec<_> =
        entries.filter(|path| path.to_str().is_some_and(|name| name.ends_with(".in.json"))).collect();
    requests.sort();
    requests
}

fn compare(case: &Path, got: &Value) {
    let expected_file = PathBuf::from(case.to_str().unwrap().replace(".in.json", ".out.json"));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let text = serde_json::to_string_pretty(got).unwrap() + "\n";
        fs::write(&expected_file, text).unwrap();
        return;
    }
    let expected = fs::read(&expected_file).unwrap_or_else(|_| panic!("{} is missing", expected_file.display()));
    let expected: Value = serde_json::from_slice(&expected).unwrap();
    assert_eq!(got, &expected, "{}", case.display());
}
