//! Models that are described by Triton's `config.pbtxt`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed expectation ends the test")]

use std::fs;

use ferrocast_engine::{Dim, Dtype, Signature, Tensor, TensorSpec};
use ferrocast_engine_tract::TractLoader;
use ferrocast_pipeline::{Encoded, Loaders, ModelFiles, OpenError, Pipeline, told, version_policy};
use ferrocast_schema::{JsonLimits, Prediction, Task, VersionPolicy};
use ferrocast_testkit::{FakeEngine, FakeLoader, small_model};
use tempfile::TempDir;

/// A repository with version 1 of the model `m`.
fn repository(model: &[u8], config: &str) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("m/1")).unwrap();
    fs::write(root.path().join("m/1/model.onnx"), model).unwrap();
    fs::write(root.path().join("m/config.pbtxt"), config).unwrap();
    root
}

fn open(model: &str, config: &str) -> Result<Pipeline, OpenError> {
    let root = repository(&small_model(model), config);
    Pipeline::open(root.path().join("m/1"), &Loaders::new().with(TractLoader::new()))
}

/// What is said of a configuration that does not fit.
fn refused(model: &str, config: &str) -> String {
    match open(model, config) {
        Ok(_) => panic!("opened: {config}"),
        Err(error) => told(&error),
    }
}

const MLP: &str = r#"
name: "m"
platform: "onnxruntime_onnx"
max_batch_size: 16
input { name: "x" data_type: TYPE_FP32 dims: [ 4 ] }
output { name: "probabilities" data_type: TYPE_FP32 dims: [ 3 ] label_filename: "labels.txt" }
dynamic_batching { max_queue_delay_microseconds: 500 preferred_batch_size: [ 8 ] }
version_policy { all {} }
"#;

#[test]
fn fields_come_from_the_file_and_classes_from_the_list_of_labels() {
    let root = repository(&small_model("mlp"), MLP);
    fs::write(root.path().join("m/labels.txt"), "cat\ndog\ncow\n").unwrap();
    let pipeline = Pipeline::open(root.path().join("m/1"), &Loaders::new().with(TractLoader::new())).unwrap();
    let manifest = pipeline.manifest();
    assert_eq!(manifest.task, Task::Classification);
    assert_eq!((manifest.serving.max_batch_rows, manifest.serving.max_delay_us), (Some(16), 500));
    assert_eq!(manifest.versions, VersionPolicy::All);
    assert_eq!(
        pipeline.notes(),
        ["config.pbtxt: line 7, column 54: dynamic_batching.preferred_batch_size: is not used"]
    );
    let row = br#"{"x0": 1, "x1": 2, "x2": 3, "x3": 4}"#;
    let rows = pipeline.schema().parse_row(row, &JsonLimits::default()).unwrap();
    let Prediction::Class { label, .. } = &pipeline.predict(&rows).unwrap()[0] else { panic!() };
    assert!(["cat", "dog", "cow"].contains(&label.as_deref().unwrap()));
    assert_eq!(pipeline.wire_signature(), pipeline.signature());
    assert_eq!(version_policy(&root.path().join("m/config.pbtxt"), MLP).unwrap(), VersionPolicy::All);
}

#[test]
fn a_manifest_of_our_own_comes_first() {
    let root = repository(&small_model("mlp"), "no text format at all");
    fs::write(root.path().join("m/model.toml"), "task = \"embedding\"\n[versions]\nlatest = 2").unwrap();
    let files = ModelFiles::find(&root.path().join("m/1")).unwrap();
    assert!(files.manifest.as_ref().unwrap().ends_with("model.toml"));
    let manifest = files.manifest.unwrap();
    let text = fs::read_to_string(&manifest).unwrap();
    assert_eq!(version_policy(&manifest, &text).unwrap(), VersionPolicy::Latest(2));
    fs::remove_file(root.path().join("m/model.toml")).unwrap();
    let files = ModelFiles::find(&root.path().join("m/1")).unwrap();
    assert!(files.manifest.unwrap().ends_with("m/config.pbtxt"));
}

#[test]
fn the_file_may_have_another_name() {
    let root = repository(b"nothing", "default_model_filename: \"net.onnx\"");
    fs::write(root.path().join("m/1/net.onnx"), small_model("mlp")).unwrap();
    let pipeline = Pipeline::open(root.path().join("m/1"), &Loaders::new().with(TractLoader::new())).unwrap();
    assert_eq!(pipeline.manifest().model.file, "net.onnx");
}

#[test]
fn what_is_more_than_we_do_is_done_as_far_as_we_do() {
    let config = "max_batch_size: 100000 dynamic_batching { max_queue_delay_microseconds: 5000000 }";
    let serving = open("mlp", config).unwrap().manifest().serving;
    assert_eq!((serving.max_batch_rows, serving.max_delay_us), (Some(65_536), 1_000_000));
}

#[test]
fn tensors_are_reshaped_for_those_who_send_them() {
    let config = r#"
        input { name: "x" data_type: TYPE_FP32 dims: [ 2, 2 ] reshape { shape: [ 1, 4 ] } }
    "#;
    let pipeline = open("fixed_batch", config).unwrap();
    let spec = &pipeline.wire_signature().inputs()[0];
    assert_eq!(spec.shape, [Dim::Fixed(2), Dim::Fixed(2)]);
    let sent = Tensor::from_vec(&[2, 2], vec![1.0_f32, 2.0, 3.0, 4.0]).unwrap();
    let encoded = pipeline.inputs_from_wire(Encoded { tensors: vec![sent], rows: 1 }).unwrap();
    assert_eq!(encoded.tensors[0].shape(), [1, 4]);
    let outputs = pipeline.infer(&encoded).unwrap();
    assert_eq!(pipeline.outputs_to_wire(outputs.clone(), 1).unwrap(), outputs);

    let config = r#"
        max_batch_size: 8
        input { name: "x" data_type: TYPE_FP32 dims: [ 2, 2 ] reshape { shape: 4 } }
        output { name: "probabilities" data_type: TYPE_FP32 dims: [ 3, 1 ] reshape { shape: 3 } }
    "#;
    let pipeline = open("mlp", config).unwrap();
    assert!(pipeline.wire_signature().is_batchable());
    let sent = Tensor::from_vec(&[5, 2, 2], vec![1.0_f32; 20]).unwrap();
    let encoded = pipeline.inputs_from_wire(Encoded { tensors: vec![sent], rows: 5 }).unwrap();
    let outputs = pipeline.outputs_to_wire(pipeline.infer(&encoded).unwrap(), 5).unwrap();
    assert_eq!(outputs[0].shape(), [5, 3, 1]);
}

#[test]
fn a_free_axis_is_as_long_as_the_configuration_says() {
    let axes = |dim| vec![Dim::Batch, dim];
    let signature = Signature::new(
        vec![TensorSpec::new("ids", Dtype::I64, axes(Dim::Dynamic("tokens".into())))],
        vec![TensorSpec::new("vector", Dtype::F32, axes(Dim::Fixed(2)))],
    );
    let engine = FakeEngine::new(signature, |inputs| {
        let rows = inputs[0].shape()[0];
        Ok(vec![Tensor::from_vec(&[rows, 2], vec![inputs[0].shape()[1] as f32; rows * 2])?])
    });
    let open = |config: &str| {
        let root = repository(b"", config);
        Pipeline::open(root.path().join("m/1"), &Loaders::new().with(FakeLoader(engine.clone())))
    };
    let pipeline = open("max_batch_size: 4 input { name: 'ids' data_type: TYPE_INT64 dims: 3 }").unwrap();
    let names: Vec<&str> = pipeline.manifest().features.iter().map(|feature| feature.name.as_str()).collect();
    assert_eq!(names, ["x0", "x1", "x2"]);
    let Err(free) = open("max_batch_size: 4 input { name: 'ids' data_type: TYPE_INT64 dims: -1 }") else { panic!() };
    assert!(told(&free).contains("free axis `tokens`"), "{}", told(&free));
}

#[test]
fn what_does_not_fit_is_refused() {
    let table = [
        ("x: [", "config.pbtxt: line 1, column 5: expected a value, found the end"),
        ("name: 'n'", "config.pbtxt: name: \"n\" is not the name of the folder, m"),
        ("input { name: 'y' }", "config.pbtxt: input: the model has no input \"y\"; it has x"),
        ("output { name: 'y' }", "config.pbtxt: output: the model has no output \"y\"; it has probabilities"),
        (
            "input { name: 'x' data_type: TYPE_FP64 dims: [-1, 4] }",
            "config.pbtxt: input \"x\": data_type is TYPE_FP64, but the model's is TYPE_FP32",
        ),
        (
            "input { name: 'x' data_type: TYPE_FP32 dims: [-1, 5] }",
            "config.pbtxt: input \"x\": dims is [-1, 5], but the model's tensor is FP32 [batch, 4]",
        ),
        (
            "max_batch_size: 2 input { name: 'x' dims: [-1, 4] }",
            "config.pbtxt: input \"x\": dims is [-1, 4], but the model's tensor is FP32 [batch, 4]; the axis of rows is \
             left out where max_batch_size is above 0",
        ),
        (
            "max_batch_size: 2 input { name: 'x' dims: [2, 3] reshape { shape: [4] } }",
            "config.pbtxt: input \"x\": reshape of [2, 3] to [4] changes the number of elements",
        ),
        (
            "max_batch_size: 2 input { name: 'x' dims: [-1] reshape { shape: [4] } }",
            "config.pbtxt: input \"x\": reshape is taken only between axes of fixed lengths",
        ),
        (
            "max_batch_size: 2 output { name: 'probabilities' dims: [3] label_filename: 'none.txt' }",
            "none.txt: No such file or directory (os error 2)",
        ),
    ];
    for (config, expected) in table {
        assert_eq!(refused("mlp", config), expected, "{config}");
    }
}
