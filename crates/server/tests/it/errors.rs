//! Every route fed with garbage: the answer is JSON of the error table, and tells nothing about the inside.

use serde_json::Value;

use crate::client::Answer;
use crate::server::{PENGUIN, TestServer, copy, samples, shared};

const POSTS: &[&str] = &[
    "/predict",
    "/predict/1",
    "/predict_batch",
    "/models/penguins/predict",
    "/models/penguins/predict_batch",
    "/models/penguins/versions/2/predict",
    "/models/penguins/versions/2/predict_batch",
];
const GETS: &[&str] =
    &["/", "/health", "/models", "/models/penguins", "/models/penguins/versions/1", "/docs", "/redoc", "/openapi.json"];

/// A client error of the table: JSON, coded, and silent about files, types and sources.
pub(crate) fn assert_is_honest(answer: &Answer, context: &str) {
    let text = answer.text();
    assert!((400..600).contains(&answer.status), "{context}: {} {text}", answer.status);
    assert_eq!(answer.header("content-type"), Some("application/json"), "{context}");
    let body = answer.json();
    let known = ferrocast_protocol::ErrorCode::ALL.iter().find(|code| body["error_code"] == code.as_str());
    let code = known.unwrap_or_else(|| panic!("{context}: unknown code in {text}"));
    assert_eq!(code.status(), answer.status, "{context}");
    assert!(body["error"].is_string() && !body["detail"].is_null() && body["type"] == code.error_type(), "{context}");
    // What the client sent comes back in `input`; only what the server says itself is searched.
    let mut said = body.clone();
    for list in ["details", "detail"] {
        said[list].as_array_mut().into_iter().flatten().for_each(|detail| detail["input"] = Value::Null);
    }
    let said = said.to_string();
    for inside in
        ["panicked", ".rs", "src/", "tract_", "tract-", "actix", "ferrocast_", "0x", "/tmp", env!("CARGO_MANIFEST_DIR")]
    {
        assert!(!said.contains(inside), "{context} tells {inside:?}: {said}");
    }
}

#[test]
fn garbage_bodies() {
    let bodies: &[&[u8]] =
        &[b"", b"{", b"null", b"[]", b"\"text\"", b"\xff\xfe", b"{\"a\":1e999}", b"NaN", b"{}", b"{\"instances\":7}"];
    let mut client = shared().client();
    for path in POSTS {
        for body in bodies {
            let context = format!("{path} {}", String::from_utf8_lossy(body));
            let answer = client.post(path, body);
            assert_is_honest(&answer, &context);
            assert_eq!(answer.status, 422, "{context}");
        }
    }
}

#[test]
fn wrong_types_and_encodings() {
    for path in POSTS {
        for header in [
            ("content-type", "text/plain"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("content-type", "multipart/form-data; boundary=x"),
            ("content-encoding", "gzip"),
            ("content-encoding", "br"),
        ] {
            let answer = shared().client().request("POST", path, &[header], PENGUIN.as_bytes());
            assert_is_honest(&answer, path);
            assert_eq!(answer.status, 415, "{path} {header:?}");
        }
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = shared().client().request("POST", "/predict", &form, PENGUIN.as_bytes());
    assert!(answer.text().contains("-H 'content-type: application/json'"), "{}", answer.text());
}

#[test]
fn other_json_types_are_json() {
    for media_type in ["application/json; charset=utf-8", "APPLICATION/JSON", "application/ld+json"] {
        let headers = [("content-type", media_type), ("content-encoding", "identity")];
        let answer = shared().client().request("POST", "/predict", &headers, PENGUIN.as_bytes());
        assert_eq!(answer.status, 200, "{media_type}");
    }
    assert_eq!(shared().client().request("POST", "/predict", &[], PENGUIN.as_bytes()).status, 200);
}

#[test]
fn unknown_models_and_versions() {
    let mut client = shared().client();
    for (method, path, code) in [
        ("POST", "/predict/9", "VERSION_NOT_FOUND"),
        ("POST", "/predict/..", "VERSION_NOT_FOUND"),
        ("POST", "/predict/%2e%2e%2f", "VERSION_NOT_FOUND"),
        ("POST", "/models/cats/predict", "MODEL_NOT_FOUND"),
        ("POST", "/models/penguins/versions/0/predict", "VERSION_NOT_FOUND"),
        ("POST", "/models/%00/predict", "MODEL_NOT_FOUND"),
        ("GET", "/models/cats", "MODEL_NOT_FOUND"),
        ("GET", "/models/..%2fsecret", "MODEL_NOT_FOUND"),
        ("GET", "/models/penguins/versions/9", "VERSION_NOT_FOUND"),
        ("GET", "/models//", "NOT_FOUND"),
        ("GET", "/PREDICT", "NOT_FOUND"),
        ("GET", "/docs/../predict", "NOT_FOUND"),
    ] {
        let answer = client.request(method, path, &[("content-type", "application/json")], PENGUIN.as_bytes());
        assert_is_honest(&answer, path);
        assert_eq!(answer.code(), code, "{path}");
        // The body was not wanted, so the connection cannot go on.
        assert_eq!(answer.header("connection"), Some("close"), "{path}");
        client = shared().client();
    }
}

#[test]
fn wrong_methods_name_the_right_ones() {
    let mut client = shared().client();
    for (paths, allowed) in [(POSTS, "POST"), (GETS, "GET, HEAD")] {
        for path in paths {
            for method in ["PUT", "DELETE", "PATCH", "OPTIONS", if allowed == "POST" { "GET" } else { "POST" }] {
                let answer = client.request(method, path, &[], b"");
                assert_is_honest(&answer, path);
                assert_eq!((answer.status, answer.header("allow")), (405, Some(allowed)), "{method} {path}");
            }
        }
    }
}

#[test]
fn broken_http() {
    for raw in [
        "GET / HTTP/1.1\r\n\r\n",
        "POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        "POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: +4\r\n\r\nabcd",
        "POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "\u{0}\u{1}\u{2}\r\n\r\n",
    ] {
        let mut client = shared().client();
        client.send(raw.as_bytes());
        assert_eq!(client.answer(false).status, 400, "{raw:?}");
        assert!(client.is_closed(), "{raw:?}");
    }
}

#[test]
fn a_bad_chunk_is_a_bad_request() {
    let mut client = shared().client();
    client.send(b"POST /predict HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"a\":\r\nzz\r\n");
    let answer = client.answer(false);
    assert_is_honest(&answer, "bad chunk");
    assert_eq!(answer.code(), "BAD_REQUEST");
    assert!(client.is_closed());
}

/// One model that cannot be loaded hides nothing and is hidden nowhere.
#[test]
fn a_corrupt_model_beside_good_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&samples().join("penguins"), &folder.path().join("penguins"));
    let good = folder.path().join("penguins/1/model.onnx");
    let bytes = std::fs::read(good).expect("a model");
    for (name, bytes) in
        [("truncated", &bytes[..bytes.len() / 2]), ("foreign", b"PK\x03\x04 not a model"), ("empty", b"")]
    {
        let broken = folder.path().join(name).join("1");
        std::fs::create_dir_all(&broken).expect("a folder");
        std::fs::write(broken.join("model.onnx"), bytes).expect("a file");
    }
    let server = TestServer::start(folder.path(), &[("MODELS__DEFAULT", "penguins")], ferrocast_server::loaders());
    let mut client = server.client();
    assert_eq!(client.post("/predict", PENGUIN.as_bytes()).status, 200);
    let health = client.get("/health");
    assert_eq!((health.status, &health.json()["status"]), (200, &"healthy".into()));
    for name in ["truncated", "foreign", "empty"] {
        let state = &health.json()["models"][name]["versions"][0];
        assert_eq!(state["state"], "failed", "{name}");
        assert!(
            state["reason"].as_str().is_some_and(|reason| !reason.is_empty() && !reason.contains("/tmp")),
            "{name}"
        );
        let card = client.get(&format!("/models/{name}"));
        assert_eq!((card.status, &card.json()["described"]), (200, &serde_json::Value::Null), "{name}");
        let answer = server.client().post(&format!("/models/{name}/predict"), PENGUIN.as_bytes());
        assert_is_honest(&answer, name);
        assert_eq!(answer.code(), "MODEL_NOT_READY", "{name}");
    }
}

/// Without a default model the flat routes cannot answer, and health says so.
#[test]
fn no_model_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TestServer::start(folder.path(), &[], ferrocast_server::loaders());
    let mut client = server.client();
    let health = client.get("/health");
    assert_eq!((health.status, &health.json()["model_loaded"]), (503, &false.into()));
    let answer = server.client().post("/predict", PENGUIN.as_bytes());
    assert_is_honest(&answer, "/predict");
    assert_eq!(answer.status, 503);
    assert_eq!(client.get("/openapi.json").status, 200);
}
