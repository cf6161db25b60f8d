//! What one request may cost: exact edges, and the connection closed where the rest of a body is not wanted.

use std::time::{Duration, Instant};

use crate::errors::assert_is_honest;
use crate::server::{PENGUIN, TestServer, samples};

fn small() -> TestServer {
    let settings = [
        ("MODELS__DEFAULT", "penguins"),
        ("LIMITS__JSON_BYTES", "1024"),
        ("LIMITS__JSON_DEPTH", "4"),
        ("LIMITS__JSON_NUMBERS", "20"),
        ("MAX_BATCH_SIZE", "3"),
        ("SERVER__BODY_TIMEOUT_S", "1"),
        ("SERVER__HEAD_TIMEOUT_S", "1"),
    ];
    TestServer::start(&samples(), &settings, ferrocast_server::loaders())
}

/// The sample request, blown up to this many bytes.
fn padded(bytes: usize) -> Vec<u8> {
    let mut body = PENGUIN.as_bytes().to_vec();
    body.resize(bytes, b' ');
    body
}

#[test]
fn sizes() {
    let server = small();
    assert_eq!(server.client().post("/predict", &padded(1023)).status, 200);
    assert_eq!(server.client().post("/predict", &padded(1024)).status, 200);
    let mut client = server.client();
    let answer = client.post("/predict", &padded(1025));
    assert_is_honest(&answer, "declared too large");
    assert_eq!(answer.code(), "PAYLOAD_TOO_LARGE");
    assert!(client.is_closed());
    for (bytes, status) in [(1024, 200), (1025, 413)] {
        let mut client = server.client();
        client.send(b"POST /predict HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
        for piece in padded(bytes).chunks(100) {
            client.send(format!("{:x}\r\n{}\r\n", piece.len(), String::from_utf8_lossy(piece)).as_bytes());
        }
        client.send(b"0\r\n\r\n");
        assert_eq!(client.answer(false).status, status, "{bytes} bytes in chunks");
    }
}

#[test]
fn batch_size_depth_and_numbers() {
    let server = small();
    let mut client = server.client();
    let batch = |rows: usize| format!(r#"{{"instances":[{}]}}"#, vec![PENGUIN; rows].join(","));
    assert_eq!(client.post("/predict_batch", batch(3).as_bytes()).status, 200);
    let answer = client.post("/predict_batch", batch(4).as_bytes());
    assert_eq!((answer.status, answer.code().as_str()), (400, "BATCH_TOO_LARGE"));
    assert!(answer.text().contains("max 3"), "{}", answer.text());
    let empty = client.post("/predict_batch", br#"{"instances":[]}"#);
    assert_is_honest(&empty, "empty batch");
    for (body, setting) in [
        (r#"{"x":[[[[1]]]]}"#.to_owned(), "limits.json_depth"),
        (format!(r#"{{"x":[{}]}}"#, vec!["1"; 21].join(",")), "limits.json_numbers"),
    ] {
        let answer = client.post("/predict", body.as_bytes());
        assert_eq!(answer.status, 422, "{body}");
        assert!(answer.text().contains(setting), "{}", answer.text());
    }
}

#[test]
fn slow_clients_are_let_go() {
    let server = small();
    let started = Instant::now();
    let mut body = server.client();
    body.send(b"POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{\"bill");
    let mut head = server.client();
    head.send(b"POST /predict HTTP/1.1\r\nhost: ");
    let answer = body.answer(false);
    assert_is_honest(&answer, "stalled body");
    assert_eq!((answer.status, answer.code().as_str()), (408, "REQUEST_TIMEOUT"));
    assert!(body.is_closed());
    assert_eq!(head.answer(false).status, 408);
    assert!(started.elapsed() < Duration::from_secs(5));
}
