//! The Open Inference Protocol: the published vectors to the byte, random tensors there and back, and everything malformed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation ends the test"
)]

use ferrocast_engine::{Dim, Dtype, Signature, Tensor, TensorSpec};
use ferrocast_protocol::ApiError;
use ferrocast_protocol::oip::{InferRequest, Inferred, RequestedOutput, decode_infer, encode_infer, render, status};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A model that gives back what it takes: `x` of this type, `[batch, 2]`, as `y`.
fn mirror(dtype: Dtype) -> Signature {
    let spec = |name| TensorSpec::new(name, dtype, vec![Dim::Batch, Dim::Fixed(2)]);
    Signature::new(vec![spec("x")], vec![spec("y")])
}

fn free(dtype: Dtype, rank: usize) -> Signature {
    let axis = |number: usize| if number == 0 { Dim::Batch } else { Dim::Dynamic(format!("d{number}").into()) };
    let spec = |name| TensorSpec::new(name, dtype, (0..rank).map(axis).collect());
    Signature::new(vec![spec("x")], vec![spec("y")])
}

fn decode(body: &[u8], header: Option<usize>, signature: &Signature) -> Result<InferRequest, ApiError> {
    decode_infer(body, header, "m", signature)
}

fn respond(signature: &Signature, outputs: &[Tensor], requested: &[RequestedOutput]) -> (Vec<u8>, Option<usize>) {
    let answer = Inferred::<&str> { model: "m", version: "1", id: None, signature, class_names: &["cat", "dog"] };
    let response = encode_infer(&answer, outputs.to_vec(), requested).unwrap();
    let header_length = response.header_length();
    (response.joined(), header_length)
}

#[test]
fn the_published_request_is_read_to_the_byte() {
    let json = br#"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}],"outputs":[{"name":"y","parameters":{"binary_data":true}}]}"#;
    assert_eq!(json.len(), 152);
    let body = [&json[..], &[0x00, 0x00, 0x80, 0x3f, 0x00, 0x00, 0x20, 0xc0]].concat();
    assert_eq!(body.len(), 160);
    let request = decode(&body, Some(152), &mirror(Dtype::F32)).unwrap();
    assert_eq!(request.inputs, [Tensor::from_vec(&[1, 2], vec![1f32, -2.5]).unwrap()]);
    assert_eq!((request.rows, request.id.as_deref()), (1, None));
    assert_eq!(request.outputs, [RequestedOutput { index: 0, binary: true, classes: None }]);
    let (answer, header) = respond(&mirror(Dtype::F32), &request.inputs, &request.outputs);
    let json = br#"{"model_name":"m","model_version":"1","outputs":[{"name":"y","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8}}]}"#;
    assert_eq!(header, Some(json.len()));
    assert_eq!(answer, [&json[..], &[0x00, 0x00, 0x80, 0x3f, 0x00, 0x00, 0x20, 0xc0]].concat());
}

#[test]
fn texts_are_read_and_written_to_the_byte() {
    let bytes = [2, 0, 0, 0, 0x61, 0x62, 0, 0, 0, 0];
    let json = br#"{"inputs":[{"name":"x","shape":[1,2],"datatype":"BYTES","parameters":{"binary_data_size":10}}]}"#;
    let request = decode(&[&json[..], &bytes].concat(), Some(json.len()), &mirror(Dtype::Str)).unwrap();
    let texts = [Tensor::from_vec(&[1, 2], vec!["ab".to_owned(), String::new()]).unwrap()];
    assert_eq!(request.inputs, texts);
    let (answer, header) =
        respond(&mirror(Dtype::Str), &texts, &[RequestedOutput { index: 0, binary: true, classes: None }]);
    assert_eq!(answer[header.unwrap()..], bytes);
    let (answer, header) = respond(&mirror(Dtype::Str), &texts, &request.outputs);
    assert_eq!(header, None);
    assert_eq!(
        String::from_utf8(answer).unwrap(),
        r#"{"model_name":"m","model_version":"1","outputs":[{"name":"y","datatype":"BYTES","shape":[1,2],"data":["ab",""]}]}"#
    );
}

#[test]
fn what_is_asked_for_is_understood() {
    let body = json!({
        "model_name": "ignored", "id": "a\u{fc}", "inputs": [{"datatype": "FP32", "data": [[1, 2], [3, 4]], "shape": [2, 2], "name": "x",
            "parameters": {"content_type": "np", "headers": {"a": ["b"]}}}],
        "parameters": {"timeout": 1500, "priority": 0, "sequence_id": "s", "binary_data_output": true, "mine": [1, {"a": null}]},
        "outputs": [{"name": "y", "parameters": {"binary_data": false, "classification": 1}}],
    });
    let request = decode(body.to_string().as_bytes(), None, &mirror(Dtype::F32)).unwrap();
    assert_eq!((request.id.as_deref(), request.rows), (Some("aü"), 2));
    assert_eq!(request.timeout.map(|timeout| timeout.as_micros()), Some(1500));
    assert_eq!(request.outputs, [RequestedOutput { index: 0, binary: false, classes: Some(1) }]);
    let (answer, _) = respond(&mirror(Dtype::F32), &request.inputs, &request.outputs);
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["outputs"][0]["data"], json!(["2:1:dog", "4:1:dog"]));
    assert_eq!(answer["outputs"][0]["shape"], json!([2, 1]));
    let all = json!({"inputs": body["inputs"], "parameters": body["parameters"]});
    let request = decode(all.to_string().as_bytes(), None, &mirror(Dtype::F32)).unwrap();
    assert_eq!(request.outputs, [RequestedOutput { index: 0, binary: true, classes: None }]);
}

#[test]
fn an_escaped_key_is_the_key() {
    let body = br#"{"inputs":[{"n\u0061me":"x","shape":[1,2],"datatype":"FP32","d\u0061ta":[1,2]}]}"#;
    let request = decode(body, None, &mirror(Dtype::F32)).unwrap();
    assert_eq!(request.inputs, [Tensor::from_vec(&[1, 2], vec![1f32, 2.0]).unwrap()]);
}

#[test]
fn a_raw_body_is_the_one_input() {
    let bytes = [0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0];
    let request = decode(&bytes, Some(0), &mirror(Dtype::F32)).unwrap();
    assert_eq!(request.inputs, [Tensor::from_vec(&[1, 2], vec![1f32, -2.5]).unwrap()]);
    assert!(request.outputs.iter().all(|output| output.binary));
    let request = decode(&[7; 24], Some(0), &free(Dtype::I16, 2)).unwrap();
    assert_eq!(request.inputs[0].shape(), [1, 12]);
    let one_text = Signature::new(vec![TensorSpec::new("x", Dtype::Str, vec![Dim::Batch, Dim::Fixed(1)])], vec![]);
    let request = decode("tschüs".as_bytes(), Some(0), &one_text).unwrap();
    assert_eq!(request.inputs[0].as_slice::<String>().unwrap(), ["tschüs"]);
    for (body, signature) in [
        (&bytes[..7], mirror(Dtype::F32)),
        (&bytes[..4], mirror(Dtype::F32)),
        (&bytes, free(Dtype::F32, 3)),
        (&bytes, mirror(Dtype::Str)),
        (&bytes[..3], free(Dtype::F32, 2)),
        (&[0xff], one_text),
        (&bytes, Signature::new(vec![TensorSpec::new("a", Dtype::F32, vec![]); 2], vec![])),
    ] {
        assert_eq!(status(&decode(body, Some(0), &signature).unwrap_err()), 400);
    }
}

/// Bodies that are refused, and some words of why.
fn malformed() -> Vec<(String, Option<usize>, &'static str)> {
    let input = |fields: &str| format!(r#"{{"inputs":[{{{fields}}}]}}"#);
    let good = r#""name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]"#;
    let with = |more: &str| format!(r#"{{"inputs":[{{{good}}}],{more}}}"#);
    let binary = r#"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}]}"#;
    vec![
        (String::new(), None, "failed to parse"),
        ("{".into(), None, "failed to parse"),
        ("[]".into(), None, "failed to parse"),
        ("null".into(), None, "failed to parse"),
        (r#"{"inputs":{}}"#.into(), None, "failed to parse"),
        (r#"{"inputs":[1]}"#.into(), None, "failed to parse"),
        (format!("{} x", with(r#""id":"a""#)), None, "failed to parse"),
        (with(r#""id":7"#), None, "failed to parse"),
        (with(r#""parameters":[]"#), None, "failed to parse"),
        (with(r#""outputs":{}"#), None, "failed to parse"),
        (with(r#""id":"a","id":"b""#), None, "duplicate field"),
        ("{}".into(), None, "expected 1 inputs but got 0 inputs"),
        (r#"{"inputs":[]}"#.into(), None, "missing required input(s) ['x']"),
        (input(r#""shape":[1,2],"datatype":"FP32","data":[1,2]"#), None, "missing field `name`"),
        (input(r#""name":"x","datatype":"FP32","data":[1,2]"#), None, "missing field `shape`"),
        (input(r#""name":"x","shape":[1,2],"data":[1,2]"#), None, "missing field `datatype`"),
        (input(r#""name":"z","shape":[1,2],"datatype":"FP32","data":[1,2]"#), None, "unexpected inference input 'z'"),
        (format!(r#"{{"inputs":[{{{good}}},{{{good}}}]}}"#), None, "already exists"),
        (input(r#""name":"x","shape":[1,2],"datatype":"FP31","data":[1,2]"#), None, "unknown datatype 'FP31'"),
        (input(r#""name":"x","shape":[1,2],"datatype":"INT32","data":[1,2]"#), None, "data-type is 'INT32'"),
        (input(r#""name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]"#), None, "Expected [-1,2], got [1,3]"),
        (input(r#""name":"x","shape":[2],"datatype":"FP32","data":[1,2]"#), None, "Expected [-1,2], got [2]"),
        (input(r#""name":"x","shape":[0,2],"datatype":"FP32","data":[]"#), None, "got [0,2]"),
        (input(r#""name":"x","shape":[-1,2],"datatype":"FP32","data":[]"#), None, "impossible shape"),
        (input(r#""name":"x","shape":[1.5,2],"datatype":"FP32","data":[]"#), None, "failed to parse"),
        (input(r#""name":"x","shape":[9223372036854775807,2],"datatype":"FP32","data":[]"#), None, "shape"),
        (
            input(r#""name":"x","shape":[4611686018427387904,2],"datatype":"FP32","data":[1]"#),
            None,
            "number of elements",
        ),
        (input(r#""name":"x","shape":[99999999999999999999,2],"datatype":"FP32","data":[]"#), None, "failed to parse"),
        (input(r#""name":"x","shape":[1,2],"datatype":"FP32","data":[1]"#), None, "number of elements"),
        (input(r#""name":"x","shape":[1,2],"datatype":"FP32","data":[1,2,3]"#), None, "number of elements"),
        (input(r#""name":"x","shape":[1,2],"datatype":"FP32","data":[1,[2]]"#), None, "element 1"),
        (input(r#""name":"x","shape":[1,2],"datatype":"FP32","data":[[1],[2]]"#), None, "number of elements"),
        (input(r#""name":"x","shape":[1,2],"datatype":"FP32","data":"1,2""#), None, "is no array"),
        (
            input(r#""name":"x","shape":[1,2],"datatype":"FP32","data":[1,"2"]"#),
            None,
            "element 1 of input 'x' is no FP32",
        ),
        (input(r#""name":"x","shape":[1,2],"datatype":"FP32","data":[1,1e39]"#), None, "out of its range"),
        (input(r#""name":"x","shape":[1,2],"datatype":"FP32","data":[1,NaN]"#), None, "element 1"),
        (input(r#""name":"x","shape":[1,2],"datatype":"FP32","data":[01,2]"#), None, "element 0"),
        (input(r#""name":"x","shape":[1,2],"datatype":"FP32""#), None, "neither 'data'"),
        (input(&format!(r#"{good},"parameters":{{"binary_data_size":8}}"#)), None, "both 'data'"),
        (input(&format!(r#"{good},"parameters":{{"binary_data_size":"8"}}"#)), None, "must be a whole number"),
        (input(&format!(r#"{good},"parameters":{{"shared_memory_region":"r"}}"#)), None, "shared memory"),
        (input(r#""name":"x","shape":[1,2],"datatype":"FP16","data":[1,2]"#), None, "as binary data"),
        (with(r#""x":[{"data":[}]}]"#), None, "failed to parse"),
        (with(r#""x":[{"data":[{ not json ,,]}]"#), None, "failed to parse"),
        (with(r#""outputs":[{"name":"y","data":[junk,,]}]"#), None, "failed to parse"),
        (input(r#""name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]4"#), None, "failed to parse"),
        (input(r#""name":"x","shape":[1,2],"datatype":"FP32","d\u0061ta":0"#), None, "is no array"),
        (r#"["id",null,[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}],null]"#.into(), None, "an object"),
        (r#"{"inputs":[["x",[1,2],"FP32",null,0]],"x":[{"data":[1,2]}]}"#.into(), None, "an object"),
        (with(r#""parameters":{"timeout":1,"timeout":2}"#), None, "duplicate parameter"),
        (with(r#""parameters":{"triton_x":1}"#), None, "reserved"),
        (with(r#""parameters":{"binary_data_output":1}"#), None, "must be true or false"),
        (with(r#""parameters":{"timeout":-1}"#), None, "must be a whole number"),
        (with(r#""outputs":[{"name":"z"}]"#), None, "unexpected inference output 'z'"),
        (with(r#""outputs":[{"name":"y"},{"name":"y"}]"#), None, "more than once"),
        (with(r#""outputs":[{}]"#), None, "missing field `name`"),
        (with(r#""outputs":[{"name":"y","parameters":{"classification":0}}]"#), None, "at least 1"),
        (with(r#""outputs":[{"name":"y","parameters":{"classification":1.5}}]"#), None, "whole number"),
        (with(r#""outputs":[{"name":"y","parameters":{"shared_memory_region":"r"}}]"#), None, "shared memory"),
        (binary.into(), None, "expecting 8 additional bytes"),
        (format!("{binary}1234567"), Some(binary.len()), "expecting 1 additional bytes"),
        (format!("{binary}123456789"), Some(binary.len()), "unexpected additional input data"),
        (format!("{binary}12345678"), Some(binary.len() + 9), "but the body has"),
        (format!("{binary}12345678"), Some(binary.len() - 1), "failed to parse"),
        (
            binary.replace("\"binary_data_size\":8", "\"binary_data_size\":4") + "1234",
            Some(binary.len()),
            "expecting 4 additional bytes",
        ),
    ]
}

#[test]
fn what_is_malformed_is_refused_in_words() {
    for (body, header, words) in malformed() {
        let Err(error) = decode(body.as_bytes(), header, &mirror(Dtype::F32)) else { panic!("accepted: {body}") };
        assert_eq!(status(&error), 400, "{body}");
        assert!(error.message.contains(words), "{body}\n{}\ndoes not say {words:?}", error.message);
        let rendered: Value = serde_json::from_slice(&render(&error)).unwrap();
        assert!(rendered["error"].is_string() && rendered.as_object().unwrap().len() == 1);
    }
}

/// A tensor of any type and of up to three axes, the first of them of at least one row.
fn tensors() -> impl Strategy<Value = Tensor> {
    fn of<T: ferrocast_engine::Element + std::fmt::Debug>(
        element: impl Strategy<Value = T> + Clone + 'static,
    ) -> BoxedStrategy<Tensor> {
        let shapes = prop::collection::vec(0usize..4, 0..3).prop_map(|mut rest| {
            rest.insert(0, 1 + rest.first().copied().unwrap_or(0));
            rest
        });
        let filled = shapes.prop_flat_map(move |shape| {
            let count = shape.iter().product::<usize>();
            prop::collection::vec(element.clone(), count).prop_map(move |data| Tensor::from_vec(&shape, data).unwrap())
        });
        filled.boxed()
    }
    prop_oneof![
        of(any::<bool>()),
        of(any::<u8>()),
        of(any::<u16>()),
        of(any::<u32>()),
        of(any::<u64>()),
        of(any::<i8>()),
        of(any::<i16>()),
        of(any::<i32>()),
        of(any::<i64>()),
        of(prop::num::f32::NORMAL | prop::num::f32::SUBNORMAL | prop::num::f32::ZERO),
        of(prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO),
        of(any::<String>()),
    ]
}

/// The answer of a mirror as the request that would be sent to get it.
fn as_request(answer: &[u8], header: Option<usize>) -> (Vec<u8>, Option<usize>) {
    let (json, binary) = answer.split_at(header.unwrap_or(answer.len()));
    let mut body: Value = serde_json::from_slice(json).unwrap();
    let mut inputs = body["outputs"].take();
    inputs[0]["name"] = "x".into();
    let json = json!({"inputs": inputs}).to_string();
    ([json.as_bytes(), binary].concat(), header.map(|_| json.len()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn tensors_come_back_as_they_went(tensor in tensors(), binary: bool) {
        let signature = free(tensor.dtype(), tensor.shape().len());
        let tensor = [tensor];
        let (answer, header) = respond(&signature, &tensor, &[RequestedOutput { index: 0, binary, classes: None }]);
        prop_assert_eq!(header.is_some(), binary && !tensor[0].is_empty());
        let (body, header) = as_request(&answer, header);
        prop_assert_eq!(&decode(&body, header, &signature).unwrap().inputs, &tensor);
        // Nested as deep as the tensor.
        let nested = json!({"inputs": [{"name": "x", "datatype": tensor[0].dtype().to_string(), "shape": tensor[0].shape(),
            "data": nested(&flat(&respond(&signature, &tensor, &[RequestedOutput { index: 0, binary: false, classes: None }]).0), tensor[0].shape())}]});
        prop_assert_eq!(&decode(nested.to_string().as_bytes(), None, &signature).unwrap().inputs, &tensor);
    }

    #[test]
    fn no_bytes_bring_it_down(body in prop::collection::vec(any::<u8>(), 0..200), header in prop::option::of(0usize..300)) {
        for dtype in [Dtype::F32, Dtype::Str, Dtype::Bool] {
            if let Err(error) = decode(&body, header, &mirror(dtype)) {
                prop_assert_eq!(status(&error), 400);
            }
        }
    }

    #[test]
    fn no_damage_brings_it_down(place in 0usize..170, byte: u8, cut in 0usize..170) {
        let json = br#"{"id":"a","inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[[1.5, -2e3]]}],"outputs":[{"name":"y","parameters":{"binary_data":true}}],"parameters":{"timeout":5}}"#;
        let mut body = json.to_vec();
        body[place] = byte;
        body.truncate(cut.max(place));
        for header in [None, Some(cut), Some(place)] {
            if let Err(error) = decode(&body, header, &mirror(Dtype::F32)) {
                prop_assert_eq!(status(&error), 400);
            }
        }
    }
}

fn flat(answer: &[u8]) -> Vec<Value> {
    // Numbers beyond 64 bits of precision have none here: texts of the answer's own digits stay what they are.
    let answer: Value = serde_json::from_slice(answer).unwrap();
    answer["outputs"][0]["data"].as_array().unwrap().clone()
}

fn nested(flat: &[Value], shape: &[usize]) -> Value {
    match shape {
        [] | [_] => flat.into(),
        [first, rest @ ..] => {
            let width: usize = rest.iter().product();
            (0..*first).map(|row| nested(&flat[row * width..(row + 1) * width], rest)).collect()
        }
    }
}
