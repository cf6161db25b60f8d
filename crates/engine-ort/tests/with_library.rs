//! What needs ONNX Runtime itself: that it keeps the engine contract, and answers as tract does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation ends the test"
)]

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier};

use ferrocast_engine::{
    Classes, Dim, Dtype, EngineError, EngineLoader, InferenceEngine, LoadError, LoadOptions, ModelSource, Tensor,
    TensorSpec,
};
use ferrocast_engine_ort::{OrtLoader, Runtime, RuntimeError};
use ferrocast_engine_tract::TractLoader;
use ferrocast_testkit::small_model;
use serde_json::Value;

/// The library that is tested with.
fn library() -> PathBuf {
    let path = std::env::var_os("ORT_DYLIB_PATH").expect(
        "ORT_DYLIB_PATH names no library: `cargo xtask ci --only onnxruntime` installs the Python package onnxruntime and runs these \
         tests with its capi/libonnxruntime.so.*",
    );
    PathBuf::from(path)
}

fn loader() -> OrtLoader {
    // Set by the same step.
    let runtime = Runtime::load(&library(), NonZeroUsize::new(2).unwrap()).unwrap_or_else(|error| panic!("{error}"));
    OrtLoader::new(runtime, TractLoader::new())
}

fn load(loader: &dyn EngineLoader, bytes: &[u8]) -> Result<Arc<dyn InferenceEngine>, LoadError> {
    loader.load(ModelSource { name: "test", bytes }, &LoadOptions::default())
}

/// The model in ONNX Runtime and in tract.
fn both(bytes: &[u8]) -> [Arc<dyn InferenceEngine>; 2] {
    [load(&loader(), bytes).unwrap(), load(&TractLoader::new(), bytes).unwrap()]
}

fn sample(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(path)
}

fn f32s(shape: &[usize]) -> Tensor {
    let len = shape.iter().product::<usize>();
    Tensor::from_vec(shape, (0..len).map(|i| ((i * 37) % 101) as f32 / 50.0 - 1.0).collect()).unwrap()
}

fn assert_close(left: &[Tensor], right: &[Tensor], tolerance: f32, what: &str) {
    assert_eq!(left.len(), right.len(), "{what}");
    for (left, right) in left.iter().zip(right) {
        assert_eq!((left.dtype(), left.shape()), (right.dtype(), right.shape()), "{what}");
        match (left.as_slice::<f32>(), right.as_slice::<f32>()) {
            (Some(left), Some(right)) => {
                let worst = left.iter().zip(right).map(|(a, b)| (a - b).abs() / b.abs().max(1.0)).fold(0.0, f32::max);
                assert!(worst <= tolerance, "{what}: {worst}");
            }
            _ => assert_eq!(left, right, "{what}"),
        }
    }
}

#[test]
fn keeps_the_engine_contract() {
    ferrocast_testkit::engine_suite(&loader());
}

/// A column of the golden rows, as the model takes it.
fn column(spec: &TensorSpec, rows: &[Value]) -> Tensor {
    let values = rows.iter().map(|row| &row[&*spec.name]);
    let shape = [rows.len(), 1];
    match spec.dtype {
        // What is missing is NaN for the imputer in the graph.
        Dtype::F32 => Tensor::from_vec(&shape, values.map(|v| v.as_f64().unwrap_or(f64::NAN) as f32).collect()),
        Dtype::I64 => Tensor::from_vec(&shape, values.map(|v| v.as_i64().unwrap()).collect()),
        Dtype::Str => Tensor::from_vec(&shape, values.map(|v| v.as_str().unwrap().to_owned()).collect()),
        other => panic!("{other}"),
    }
    .unwrap()
}

#[test]
fn tables_are_answered_as_by_tract() {
    for version in ["penguins/1", "penguins/2", "auto-mpg/1"] {
        let golden: Value = serde_json::from_slice(&fs::read(sample(version).join("golden.json")).unwrap()).unwrap();
        let rows: Vec<Value> = golden["cases"].as_array().unwrap().iter().map(|case| case["input"].clone()).collect();
        assert!(rows.len() > 100, "{version}");
        let [ours, tracts] = both(&fs::read(sample(version).join("model.onnx")).unwrap());
        assert_eq!(ours.signature(), tracts.signature(), "{version}");
        assert_eq!(ours.hints(), tracts.hints(), "{version}");
        let inputs: Vec<Tensor> = ours.signature().inputs().iter().map(|spec| column(spec, &rows)).collect();
        assert_close(&ours.infer(&inputs).unwrap(), &tracts.infer(&inputs).unwrap(), 1e-5, version);
    }
}

#[test]
fn pictures_are_answered_as_by_tract() {
    let [ours, tracts] = both(&fs::read(sample("imagenet/1/model.onnx")).unwrap());
    let pictures = [f32s(&[2, 3, 224, 224])];
    assert_close(&ours.infer(&pictures).unwrap(), &tracts.infer(&pictures).unwrap(), 1e-5, "imagenet");
}

#[test]
fn small_models_are_answered_as_by_tract() {
    for name in ferrocast_testkit::SMALL_MODELS {
        let [ours, tracts] = both(&small_model(name));
        let [spec] = ours.signature().inputs() else { panic!("{name}") };
        if spec.dtype != Dtype::F32 {
            continue;
        }
        let shape: Vec<usize> =
            spec.shape.iter().map(|dim| if let Dim::Fixed(size) = dim { *size } else { 5 }).collect();
        let inputs = [f32s(&shape)];
        if *name != "nan" {
            assert_close(&ours.infer(&inputs).unwrap(), &tracts.infer(&inputs).unwrap(), 1e-5, name);
        }
    }
}

#[test]
fn text_goes_in_and_comes_out() {
    let [ours, tracts] = both(&small_model("sklearn_logreg_string_labels"));
    let rows = [f32s(&[7, 4])];
    let answers = ours.infer(&rows).unwrap();
    assert_eq!(answers[0].dtype(), Dtype::Str);
    assert_close(&answers, &tracts.infer(&rows).unwrap(), 1e-5, "labels of text");
    let Some(Classes::Str(classes)) = &ours.hints().classes else { panic!("{:?}", ours.hints()) };
    assert_eq!(answers[1].shape(), [7, classes.len()]);

    let [ours, tracts] = both(&small_model("strings"));
    let words = ["cold", "", "München", "長い", "no such word"].map(str::to_owned).to_vec();
    let words = [Tensor::from_vec(&[5, 1], words).unwrap()];
    assert_close(&ours.infer(&words).unwrap(), &tracts.infer(&words).unwrap(), 0.0, "words");
    let zero = Tensor::from_vec(&[1, 1], vec!["a\0b".to_owned()]).unwrap();
    let error = ours.infer(&[zero]).unwrap_err();
    assert!(error.is_caller_fault() && error.to_string().contains("zero character"), "{error}");
}

#[test]
fn no_rows_are_answered_with_none() {
    let outputs = load(&loader(), &small_model("mlp")).unwrap().infer(&[f32s(&[0, 4])]).unwrap();
    assert_eq!(outputs[0].shape(), [0, 3]);
}

#[test]
fn threads_that_share_a_model_get_their_own_answers() {
    const THREADS: usize = 8;
    let engine = load(&loader(), &small_model("conv")).unwrap();
    let together = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for rows in 1..=THREADS {
            let (engine, together) = (&engine, &together);
            scope.spawn(move || {
                let input = [f32s(&[rows, 3, 8, 8])];
                let expected = engine.infer(&input).unwrap();
                let mut session = engine.session().unwrap();
                together.wait();
                for _ in 0..100 {
                    assert_eq!(session.run(&input).unwrap(), expected);
                }
            });
        }
    });
}

/// As tract has it in a sequence of its own; here it is no tensor, and said so.
#[test]
fn sequences_of_tensors_are_refused() {
    let error = load(&loader(), &small_model("sklearn_multi_output")).map(drop).unwrap_err();
    assert!(error.to_string().starts_with("tensor `probabilities`: Sequence<"), "{error}");
}

#[test]
fn a_graph_that_contradicts_itself_is_malformed() {
    // The name of the only input, where the first node takes it.
    let mut bytes = small_model("nan");
    let taken = bytes.windows(3).position(|window| window == [0x0a, 1, b'x']).unwrap();
    bytes[taken + 2] = b'q';
    let error = load(&loader(), &bytes).map(drop).unwrap_err();
    assert!(matches!(error, LoadError::Malformed(_)), "{error}");
}

#[test]
fn why_a_run_failed_is_told() {
    // Its encoder knows three islands.
    let engine = load(&loader(), &fs::read(sample("penguins/1/model.onnx")).unwrap()).unwrap();
    let penguin = [
        Tensor::from_vec(&[1, 1], vec![50.0f32]).unwrap(),
        Tensor::from_vec(&[1, 1], vec![15.2f32]).unwrap(),
        Tensor::from_vec(&[1, 1], vec!["Atlantis".to_owned()]).unwrap(),
        Tensor::from_vec(&[1, 1], vec![218i64]).unwrap(),
    ];
    let error = engine.infer(&penguin).unwrap_err();
    assert!(matches!(&error, EngineError::Backend(_)), "{error}");
    assert!(error.to_string().contains("Unknown Category"), "{error}");
}

#[test]
fn the_library_is_loaded_once() {
    drop(loader());
    // The same file under another path is the same library; another file is one too many.
    let folder = library().parent().unwrap().to_owned();
    let detour = folder.join("..").join(folder.file_name().unwrap()).join(library().file_name().unwrap());
    assert!(Runtime::load(&detour, NonZeroUsize::MIN).is_ok());
    let error = Runtime::load(&std::env::current_exe().unwrap(), NonZeroUsize::MIN).unwrap_err();
    assert!(matches!(error, RuntimeError::AnotherLoaded { .. }), "{error}");
}
