//! How many bytes of bodies are in memory at a time: what is beyond is refused, small requests go on, and everything is given
//! back, however a request ends.

use std::io::Write;

use ferrocast_server::loaders;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::client::Client;
use crate::errors::assert_is_honest;
use crate::scripted::eventually;
use crate::server::{PENGUIN, TestServer, samples};

/// Most bytes of all bodies, and of one: four of them fill it.
const ALL: usize = 1 << 20;
const ONE: usize = ALL / 4;

fn server(settings: &[(&str, &str)]) -> TestServer {
    let (all, one) = (ALL.to_string(), ONE.to_string());
    let own = [
        ("MODELS__DEFAULT", "penguins"),
        ("LIMITS__IN_FLIGHT_BYTES", all.as_str()),
        ("LIMITS__JSON_BYTES", &one),
        ("LIMITS__TENSOR_BYTES", &one),
        ("LIMITS__IMAGE_BYTES", "65536"),
        ("LIMITS__IMAGE_BATCH_BYTES", "65536"),
    ];
    TestServer::start(&samples(), &[&own, settings].concat(), loaders())
}

/// A body of this size that is good.
fn body(bytes: usize) -> Vec<u8> {
    let mut body = PENGUIN.as_bytes().to_vec();
    body.resize(bytes, b' ');
    body
}

/// An upload of which all but the last byte has been sent.
fn upload(server: &TestServer, bytes: usize) -> Client {
    let mut client = server.client();
    client.send(format!("POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: {bytes}\r\n\r\n").as_bytes());
    client.send(&body(bytes - 1));
    client
}

fn held(server: &TestServer) -> usize {
    let metrics = server.client().get("/metrics").text();
    let line = metrics.lines().find_map(|line| line.strip_prefix("ferrocast_body_bytes_held "));
    line.and_then(|bytes| bytes.parse().ok()).unwrap_or_else(|| panic!("no number in {metrics}"))
}

fn wait_until_held(server: &TestServer, bytes: usize) {
    eventually(&format!("{bytes} bytes held"), || (held(server) == bytes).then_some(()));
}

/// Uploads that fill the budget.
fn fill(server: &TestServer) -> Vec<Client> {
    let uploads = (0..ALL / ONE).map(|_| upload(server, ONE)).collect();
    wait_until_held(server, ALL);
    uploads
}

/// As it says its size, it is refused at once.
fn assert_is_full(server: &TestServer) {
    let mut client = server.client();
    client.send(b"POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: 5000\r\n\r\n");
    let answer = client.answer(false);
    assert_is_honest(&answer, "beyond the budget");
    assert_eq!((answer.status, answer.code().as_str(), answer.header("retry-after")), (429, "OVERLOADED", Some("1")));
    assert!(answer.text().contains("limits.in_flight_bytes"), "{}", answer.text());
    assert_eq!(answer.header("connection"), Some("close"));
}

fn assert_has_room(server: &TestServer) {
    let mut uploads = fill(server);
    for upload in &mut uploads {
        upload.send(b" ");
        assert_eq!(upload.answer(false).status, 200);
    }
    wait_until_held(server, 0);
}

#[test]
fn what_is_beyond_is_refused_and_small_requests_go_on() {
    let server = server(&[]);
    let mut uploads = fill(&server);
    for _ in 0..20 {
        assert_is_full(&server);
    }
    let mut client = server.client();
    for path in ["/health", "/livez", "/readyz", "/v2/health/ready", "/models"] {
        assert_eq!(client.get(path).status, 200, "{path}");
    }
    assert_eq!(client.post("/predict", PENGUIN.as_bytes()).status, 200);
    // Of a body of unknown size the first piece counts.
    let mut unknown = server.client();
    unknown.send(b"POST /predict HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\n \r\n");
    assert_eq!(unknown.answer(false).status, 429);
    assert_eq!(held(&server), ALL);
    for upload in &mut uploads {
        upload.send(b" ");
        assert_eq!(upload.answer(false).status, 200);
    }
    wait_until_held(&server, 0);
    let metrics = client.get("/metrics").text();
    assert!(metrics.lines().any(|line| line == "ferrocast_overloaded_total 21"), "{metrics}");
}

#[test]
fn what_clients_held_who_leave_is_given_back() {
    let server = server(&[]);
    drop(fill(&server));
    wait_until_held(&server, 0);
    // Before their uploads these have asked for something whose answer they do not read, so that they leave with a reset.
    let uploads: Vec<Client> = (0..ALL / ONE)
        .map(|_| {
            let mut client = server.client();
            client.send(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n");
            client.send(format!("POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: {ONE}\r\n\r\n").as_bytes());
            client.send(&body(ONE - 1));
            client
        })
        .collect();
    wait_until_held(&server, ALL);
    assert_is_full(&server);
    uploads.into_iter().for_each(Client::reset);
    wait_until_held(&server, 0);
    assert_has_room(&server);
}

#[test]
fn what_slow_and_wrong_requests_held_is_given_back() {
    let server = server(&[("SERVER__BODY_TIMEOUT_S", "1")]);
    let head = format!("POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: {ONE}\r\n\r\n");
    let mut slow: Vec<Client> = (0..ALL / ONE).map(|_| server.client()).collect();
    slow.iter_mut().for_each(|client| client.send(head.as_bytes()));
    // What is declared counts before it is there.
    assert!(slow.iter_mut().all(|client| client.answer(false).status == 408));
    wait_until_held(&server, 0);
    for _ in 0..20 {
        let broken = format!("POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: {ONE}\r\n\r\n{}", "[".repeat(ONE));
        let mut client = server.client();
        client.send(broken.as_bytes());
        assert_eq!(client.answer(false).status, 422);
    }
    wait_until_held(&server, 0);
    assert_has_room(&server);
}

/// The body is small until it is unpacked.
#[test]
fn what_a_compressed_body_becomes_counts() {
    let server = server(&[]);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&body(ONE - 1)).expect("it takes all");
    let packed = encoder.finish().expect("an end");
    assert!(packed.len() < 4096);
    let infer = || {
        let headers = [("content-encoding", "gzip")];
        server.client().request("POST", "/v2/models/penguins/infer", &headers, &packed)
    };
    let mut uploads = fill(&server);
    let answer = infer();
    // In the statuses of this protocol.
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")), "{}", answer.text());
    assert!(answer.text().contains("limits.in_flight_bytes"), "{}", answer.text());
    // What it is and what it becomes are there together.
    for upload in &mut uploads[..2] {
        upload.send(b" ");
        assert_eq!(upload.answer(false).status, 200);
    }
    wait_until_held(&server, ALL / 2);
    let answer = infer();
    assert_eq!(answer.status, 400, "it is read, and is no such request: {}", answer.text());
    wait_until_held(&server, ALL / 2);
}
