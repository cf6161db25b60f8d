//! Triton's `config.pbtxt`, as people have it beside their models.

use expect_test::{Expect, expect};
use ferrocast_schema::{TritonConfig, TritonTensor, VersionPolicy};

fn read(text: &str) -> TritonConfig {
    TritonConfig::from_pbtxt(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn tensor(name: &str, data_type: &str, dims: &[i64]) -> TritonTensor {
    let (name, data_type) = (name.to_owned(), Some(data_type.to_owned()));
    TritonTensor { name, data_type, dims: dims.to_vec(), reshape: None, labels_file: None }
}

/// The mistakes in a text, or else what is not used of it.
fn check(text: &str, expected: Expect) {
    let told = match TritonConfig::from_pbtxt(text) {
        Ok(config) => config.unused.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        Err(error) => format!("error\n{error}"),
    };
    expected.assert_eq(&told);
}

#[test]
fn an_empty_one_says_what_is_meant_without_it() {
    let config = read("");
    let TritonConfig { name, file, max_batch_size, inputs, outputs, max_delay_us, versions, unused } = config;
    assert_eq!((name, file, max_batch_size, max_delay_us), (None, None, 0, 0));
    assert_eq!((inputs, outputs, unused), (vec![], vec![], vec![]));
    assert_eq!(versions, VersionPolicy::Latest(1));
}

#[test]
fn a_picture_classifier() {
    let config = read(
        r#"
        name: "classifier"
        platform: "onnxruntime_onnx"
        max_batch_size : 0
        input [
          {
            name: "data_0"
            data_type: TYPE_FP32
            format: FORMAT_NCHW
            dims: [ 3, 224, 224 ]
            reshape { shape: [ 1, 3, 224, 224 ] }
          }
        ]
        output [
          {
            name: "fc6_1"
            data_type: TYPE_FP32
            dims: [ 1000 ]
            reshape { shape: [ 1, 1000, 1, 1 ] }
            label_filename: "labels.txt"
          }
        ]
        "#,
    );
    assert_eq!((config.name.as_deref(), config.max_batch_size), (Some("classifier"), 0));
    let input = TritonTensor { reshape: Some(vec![1, 3, 224, 224]), ..tensor("data_0", "FP32", &[3, 224, 224]) };
    assert_eq!(config.inputs, [input]);
    let output = TritonTensor {
        reshape: Some(vec![1, 1000, 1, 1]),
        labels_file: Some("labels.txt".to_owned()),
        ..tensor("fc6_1", "FP32", &[1000])
    };
    assert_eq!(config.outputs, [output]);
    let unused: Vec<String> = config.unused.iter().map(ToString::to_string).collect();
    assert_eq!(unused, ["line 9, column 13: input[0].format: is not used"]);
}

#[test]
fn a_text_encoder() {
    let config = read(
        r#"
        backend: "onnxruntime"   # who runs it
        default_model_filename: "encoder.onnx"
        max_batch_size: 32
        input { name: "input_ids" data_type: TYPE_INT64 dims: -1 }
        input { name: "attention_mask" data_type: TYPE_INT64 dims: [-1] }
        output: { name: "embedding", data_type: TYPE_FP16, dims: [384] };
        dynamic_batching {
          preferred_batch_size: [ 4, 8 ]
          max_queue_delay_microseconds: 100
        }
        instance_group [ { count: 2 kind: KIND_GPU gpus: [0] } ]
        version_policy: { specific: { versions: [1, 3] } }
        optimization { execution_accelerators { gpu_execution_accelerator: [ { name: "tensorrt" } ] } }
        parameters { key: "intra_op_thread_count" value: { string_value: "1" } }
        "#,
    );
    assert_eq!((config.file.as_deref(), config.max_batch_size, config.max_delay_us), (Some("encoder.onnx"), 32, 100));
    assert_eq!(config.inputs, [tensor("input_ids", "INT64", &[-1]), tensor("attention_mask", "INT64", &[-1])]);
    assert_eq!(config.outputs, [tensor("embedding", "FP16", &[384])]);
    assert_eq!(config.versions, VersionPolicy::Only(vec!["1".to_owned(), "3".to_owned()]));
    let unused: Vec<&str> = config.unused.iter().map(|note| note.path.as_str()).collect();
    assert_eq!(unused, ["dynamic_batching.preferred_batch_size", "instance_group", "optimization", "parameters"]);
}

#[test]
fn version_policies() {
    let policy = |text: &str| read(&format!("version_policy: {{ {text} }}")).versions;
    assert_eq!(policy("all { }"), VersionPolicy::All);
    assert_eq!(policy("latest: { num_versions: 2 }"), VersionPolicy::Latest(2));
    assert_eq!(policy("latest {}"), VersionPolicy::Latest(1));
    assert_eq!(
        policy("specific { versions: 4 versions: 2 }"),
        VersionPolicy::Only(vec!["4".to_owned(), "2".to_owned()])
    );
    assert_eq!(policy(""), VersionPolicy::Latest(1));
}

#[test]
fn mistakes_are_told_at_their_place() {
    check(
        "name: ",
        expect![[r#"
        error
        line 1, column 7: expected a value, found the end"#]],
    );
    check(
        "name: \"m\"\nmax_batch_size: -1\nmax_batch_size2: 3",
        expect![[r#"
        error
        line 2, column 1: max_batch_size: expected a whole number that is not negative, found -1"#]],
    );
    check(
        "input [ { data_type: TYPE_FP32 dims: [0, -2, x] } ]",
        expect![[r#"
        error
        line 1, column 9: input[0].name: is missing
        line 1, column 39: input[0].dims[0]: expected an array of lengths above 0, or -1, found 0 in it
        line 1, column 42: input[0].dims[1]: expected an array of lengths above 0, or -1, found -2 in it
        line 1, column 46: input[0].dims[2]: expected an array of lengths above 0, or -1, found a string in it"#]],
    );
    check(
        "input: 3 output { name: 5 }",
        expect![[r#"
        error
        line 1, column 1: input[0]: expected a table, found 3
        line 1, column 19: output[0].name: expected a string, found 5"#]],
    );
    check(
        "version_policy { latest { num_versions: 0 } }",
        expect![[r#"
        error
        line 1, column 27: version_policy.latest.num_versions: expected a whole number above 0, found 0"#]],
    );
    check(
        "version_policy { specific { versions: [ -1 ] } }",
        expect![[r#"
        error
        line 1, column 41: version_policy.specific.versions[0]: expected an array of versions, found -1 in it"#]],
    );
    check(
        "default_model_filename: \"../../etc/passwd.onnx\"",
        expect![[r#"
        error
        line 1, column 1: default_model_filename: is not the plain name of a file beside the manifest"#]],
    );
    check(
        "output { name: \"y\" label_filename: \"a/b.txt\" }",
        expect![[r#"
        error
        line 1, column 20: output[0].label_filename: is not the plain name of a file beside the manifest"#]],
    );
    check(
        "max_batch_size: 1 max_batch_size: 2",
        expect![[r#"
        error
        line 1, column 1: max_batch_size: expected a whole number that is not negative, found an array"#]],
    );
    check(
        "platform: \"tensorrt_plan\"",
        expect![[r#"line 1, column 1: platform: "tensorrt_plan" is not used: the model must be an ONNX file"#]],
    );
}
