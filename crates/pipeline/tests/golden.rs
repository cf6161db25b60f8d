//! The sample models answer what the library that trained them answered.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed expectation ends the test")]

use std::path::{Path, PathBuf};

use ferrocast_engine_tract::TractLoader;
use ferrocast_pipeline::{Loaders, Pipeline};
use ferrocast_schema::{ClassValue, JsonLimits, Number, Prediction, Scores};
use serde_json::Value;

fn versions() -> Vec<PathBuf> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let folders = |path: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect()
    };
    let mut all: Vec<_> = folders(&models).iter().flat_map(|model| folders(model)).collect();
    all.retain(|version| version.join("golden.json").is_file());
    all.sort();
    all
}

#[test]
fn every_sample_agrees_with_its_library() {
    assert_eq!(versions().len(), 3, "{:?}", versions());
    for version in versions() {
        let golden: Value = serde_json::from_slice(&std::fs::read(version.join("golden.json")).unwrap()).unwrap();
        let pipeline = Pipeline::open(&version, &Loaders::new().with(TractLoader::new()))
            .unwrap_or_else(|error| panic!("{}: {error}", version.display()));
        let cases = golden["cases"].as_array().unwrap();
        let bodies: Vec<String> = cases.iter().map(|case| case["input"].to_string()).collect();
        let mut all = Vec::new();
        for body in &bodies {
            let rows = pipeline.schema().parse_row(body.as_bytes(), &JsonLimits::default()).unwrap();
            all.extend(pipeline.predict(&rows).unwrap());
        }
        for (case, prediction) in cases.iter().zip(&all) {
            check(case, prediction, &golden["tolerance"], &version);
        }
        assert_eq!(all.len(), cases.len());
    }
}

fn check(case: &Value, prediction: &Prediction, tolerance: &Value, version: &Path) {
    let close = |wanted: f64, got: f64| {
        let limit = match (tolerance["absolute"].as_f64(), tolerance["relative"].as_f64()) {
            (Some(absolute), _) => absolute,
            (None, relative) => relative.unwrap() * wanted.abs(),
        };
        assert!((wanted - got).abs() <= limit, "{}: {case}: {got}", version.display());
    };
    match prediction {
        Prediction::Class { class, scores: Scores::Probabilities(probabilities), .. } => {
            assert_eq!(*class, ClassValue::Int(case["prediction"].as_i64().unwrap()), "{case}");
            for (wanted, got) in case["probability"].as_array().unwrap().iter().zip(probabilities) {
                close(wanted.as_f64().unwrap(), f64::from(*got));
            }
        }
        Prediction::Value(Number::F32(got)) => close(case["prediction"].as_f64().unwrap(), f64::from(*got)),
        other => panic!("{}: {other:?}", version.display()),
    }
}
