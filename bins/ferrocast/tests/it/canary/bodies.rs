//! What is sent: each body with something in it that must not get out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ferrocast_testkit::png;
use serde_json::{Value, json};

use super::{NUMBER, PAYLOAD, SECRET};

/// A picture with a text in it.
fn picture() -> Vec<u8> {
    png(8, 8, 8, 2, &[(b"tEXt", format!("Comment\0{SECRET} {SECRET} {SECRET} {SECRET}").as_bytes())])
}

/// The same as it is sent in JSON.
pub(super) fn picture_in_base64() -> String {
    STANDARD.encode(picture())
}

fn part(head: &str, content: &[u8]) -> Vec<u8> {
    [format!("--edge\r\ncontent-disposition: form-data; {head}\r\n\r\n").as_bytes(), content, b"\r\n"].concat()
}

/// Forms of files that are pictures and that are none, with parts that nobody knows.
pub(super) fn forms() -> Vec<Vec<u8>> {
    let file = format!("name=\"file\"; filename=\"{SECRET}\u{9b}.png\"");
    let parts = [
        part(&file, &picture()),
        part(&file, SECRET.as_bytes()),
        part(&format!("name=\"{PAYLOAD}\u{9b}\""), SECRET.as_bytes()),
        part(&format!("name=\"file\"\r\ncontent-type: text/{PAYLOAD}"), &picture()),
        part(&format!("name=\"file\"\r\ncontent-length: {SECRET}"), &picture()),
        part("name=\"callback_url\"", format!("http://{SECRET}").as_bytes()),
    ];
    parts.into_iter().map(|part| [part, b"--edge--\r\n".to_vec()].concat()).collect()
}

/// Rows, tensors and pictures, and much that is none of them.
pub(super) fn bodies() -> Vec<String> {
    let row = format!("{{\"a\": {NUMBER}, \"b\": 1, \"c\": 2, \"d\": {NUMBER}}}");
    let tensor = |name: &str, data: Value| json!({"name": name, "datatype": "FP32", "shape": [1, 4], "data": data});
    let infer = |name: &str, data: Value| json!({"id": PAYLOAD, "inputs": [tensor(name, data)]}).to_string();
    vec![
        row.clone(),
        format!("{{\"instances\": [{row}, {row}]}}"),
        format!("{{\"a\": \"{PAYLOAD}\", \"{PAYLOAD}\\u001b[31m\\u009b\": \"\\u001b{PAYLOAD}\", \"d\": {NUMBER}}}"),
        format!("{{\"instances\": [{{\"a\": \"{PAYLOAD}\"}}, \"{PAYLOAD}\", {row}]}}"),
        format!("{{\"a\": {PAYLOAD}"),
        format!("\"{PAYLOAD}\u{9b}\u{7f}\""),
        json!({"image_data": picture_in_base64()}).to_string(),
        json!({"image_data": PAYLOAD}).to_string(),
        infer("x", json!([0.314_159_26, 1, 2, 3])),
        infer("x", json!([PAYLOAD, 1, 2, 3])),
        infer(PAYLOAD, json!([1, 2, 3, 4])),
        json!({"inputs": [1], "outputs": 1, "ready": 1, "parameters": 1, "level": 1}).to_string(),
        json!({"inputs": 1, "parameters": {"triton_x": []}}).to_string(),
        json!([1, {}]).to_string(),
        " ".repeat(5000) + PAYLOAD,
    ]
}
