//! The word under which a request is known, and the trace that it is part of: with every answer, whatever came of it.

use std::collections::BTreeSet;

use ferrocast_access::Scope;
use ferrocast_server::loaders;
use serde_json::Value;

use crate::access::{KeyFile, ROUTES};
use crate::callbacks::{OK, Receiving, lax, row};
use crate::client::Answer;
use crate::scripted::{HELD, NO_NUMBER, PANIC, Script, write};
use crate::server::{PENGUIN, TestServer, samples, shared};

const GIVEN: &str = "Given-1._";

/// Sends a request under that word on a connection of its own.
fn named(server: &TestServer, (method, path): (&str, &str), headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let own = [("content-type", "application/json"), ("x-request-id", GIVEN)];
    // Of two headers of a name the first counts.
    server.client().request(method, path, &[headers, &own].concat(), body)
}

/// The word is in the head, once, and in the body if that is an error in our own words.
fn assert_is_known(answer: &Answer, id: &str, what: &str) {
    let ids: Vec<&str> =
        answer.headers.iter().filter(|(name, _)| name == "x-request-id").map(|(_, value)| value.as_str()).collect();
    assert_eq!(ids, [id], "{what}");
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if body["error_code"].is_string() {
        assert_eq!(body["request_id"], id, "{what}: {body}");
    }
}

#[test]
fn every_route_answers_under_the_word_it_was_asked_under() {
    for (method, path, _) in ROUTES {
        for body in ["", PENGUIN, "{\"x\":"] {
            let answer = named(shared(), (method, path), &[], body.as_bytes());
            assert_is_known(&answer, GIVEN, &format!("{method} {path} {body}"));
        }
    }
    for path in ["/docs", "/docs/swagger-ui.css", "/redoc", "/openapi.json"] {
        assert_is_known(&named(shared(), ("GET", path), &[], b""), GIVEN, path);
        assert_is_known(&named(shared(), ("HEAD", path), &[], b""), GIVEN, path);
    }
}

/// One answer of each status that the server has, but for those that the HTTP library answers by itself (`framing.rs`).
#[test]
fn every_status_comes_with_the_word() {
    let file = KeyFile::new();
    let [metrics] = file.write([("metrics", &[Scope::Metrics])]);
    let locked = file.server(&[]);
    let folder = tempfile::tempdir().expect("a folder");
    let nothing = TestServer::start(folder.path(), &[], loaders());
    let limits = [
        ("MODELS__DEFAULT", "penguins"),
        ("LIMITS__JSON_BYTES", "1024"),
        ("SERVER__BODY_TIMEOUT_S", "1"),
        ("RATE__PER_SECOND", "1"),
        ("RATE__BURST", "5"),
    ];
    let small = TestServer::start_early(&samples(), &limits, loaders());
    let (script, folder) = (Script::new(), tempfile::tempdir().expect("a folder"));
    write(folder.path(), "m", 2.0, "max_queue_rows = 1\n");
    let settings = [("SERVER__COMPUTE_THREADS", "2")];
    let scripted = TestServer::start(folder.path(), &settings, script.loaders());
    let predict = ("POST", "/predict");
    let mut seen = BTreeSet::new();
    let mut check = |server: &TestServer, request: (&str, &str), headers: &[(&str, &str)], body: &[u8], status: u16| {
        let answer = named(server, request, headers, body);
        assert_eq!(answer.status, status, "{request:?}: {}", answer.text());
        assert_is_known(&answer, GIVEN, &format!("{request:?}, {status}"));
        assert!(answer.json()["request_id"] == GIVEN, "{request:?}: {}", answer.text());
        seen.insert(status);
    };
    let bearer = format!("Bearer {metrics}");
    check(&locked, predict, &[], PENGUIN.as_bytes(), 401);
    check(&locked, predict, &[("authorization", &bearer)], PENGUIN.as_bytes(), 403);
    check(&nothing, predict, &[], PENGUIN.as_bytes(), 503);
    check(
        shared(),
        ("POST", "/predict_batch"),
        &[],
        format!("{{\"instances\":[{}1]}}", "1,".repeat(100)).as_bytes(),
        400,
    );
    check(shared(), ("GET", "/nowhere"), &[], b"", 404);
    check(shared(), ("DELETE", "/predict"), &[], b"", 405);
    check(shared(), predict, &[("content-type", "text/plain")], b"x", 415);
    check(shared(), predict, &[], b"{}", 422);
    check(shared(), ("GET", "/admin/log"), &[], b"", 409);
    check(shared(), ("GET", "/"), &[("x", &"y".repeat(70_000))], b"", 431);
    check(&small, predict, &[], &[b' '; 2000], 413);
    let mut slow = small.client();
    slow.send(
        format!("POST /predict HTTP/1.1\r\nhost: a\r\nx-request-id: {GIVEN}\r\ncontent-length: 9\r\n\r\n{{").as_bytes(),
    );
    let answer = slow.answer(false);
    assert_eq!((answer.status, answer.json()["request_id"].as_str()), (408, Some(GIVEN)));
    assert_is_known(&answer, GIVEN, "408");
    check(&scripted, predict, &[], PANIC.as_bytes(), 500);
    check(&scripted, predict, &[], NO_NUMBER.as_bytes(), 500);
    script.hold_next();
    let mut held = scripted.client();
    held.send(format!("POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n{HELD}", HELD.len()).as_bytes());
    script.wait_until_held();
    check(&scripted, predict, &[("x-request-timeout-ms", "50")], br#"{"x": 2.0}"#, 504);
    script.let_go();
    assert_eq!(held.answer(false).status, 200);
    let refused = (0..1000).map(|_| named(&small, ("GET", "/"), &[], b"")).find(|answer| answer.status == 429);
    assert_is_known(&refused.expect("a limit"), GIVEN, "429");
    seen.extend([408, 429]);
    let all: BTreeSet<u16> = ferrocast_protocol::ErrorCode::ALL.iter().map(|code| code.status()).collect();
    assert_eq!(seen, all, "a status has not been tried");
}

#[test]
fn words_that_could_do_harm_are_replaced() {
    let long = "a".repeat(129);
    let hostile: &[&[u8]] = &[
        b"two words",
        b"",
        b"a\tb",
        b"a\"b",
        b"{}",
        b"a;b",
        b"a/../b",
        b"%0d%0aset-cookie: a=b",
        b"\xc3\xa9",
        b"\xff\xfe",
        b"\xc2\x9b31m",
        b"${jndi:ldap://a}",
        b"<script>alert(1)</script>",
        long.as_bytes(),
    ];
    for id in hostile {
        for path in ["/livez", "/nowhere", "/models/nobody"] {
            let mut client = shared().client();
            let head = format!("GET {path} HTTP/1.1\r\nhost: a\r\nx-request-id: ");
            client.send(&[head.as_bytes(), id, b"\r\n\r\n"].concat());
            let answer = client.answer(false);
            let made = answer.header("x-request-id").expect("a word").to_owned();
            let is_made = made.len() == 32 && made.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_made, "{:?} became {made:?}", String::from_utf8_lossy(id));
            assert_is_known(&answer, &made, path);
        }
    }
    // An escape character cannot be in a header at all.
    let mut client = shared().client();
    client.send(b"GET /livez HTTP/1.1\r\nhost: a\r\nx-request-id: \x1b[31m\r\n\r\n");
    assert_eq!(client.answer(false).status, 400);
}

#[test]
fn the_trace_of_a_request_goes_on_with_its_answer_and_its_callback() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let belongs = |parent: &str| parent.starts_with(&format!("00-{TRACE}-")) && parent.len() == 55;
    for (method, path, _) in ROUTES {
        let answer = named(shared(), (method, path), &[("traceparent", &parent)], b"");
        assert!(answer.header("traceparent").is_some_and(belongs), "{method} {path}: {answer:?}");
    }
    for bad in ["", "00-0-0-01", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "\u{e9}", &parent[1..]] {
        let answer = named(shared(), ("GET", "/livez"), &[("traceparent", bad)], b"");
        assert_eq!((answer.status, answer.header("traceparent")), (200, None), "{bad:?}");
    }
    let receiving = Receiving::start(&[OK]);
    let (script, folder) = (Script::new(), tempfile::tempdir().expect("a folder"));
    write(folder.path(), "m", 2.0, "");
    let port = receiving.port.to_string();
    let server = TestServer::start(folder.path(), &lax(&port), script.loaders());
    let task = row(r#"{"x": 3}"#, &receiving.url("/hook"));
    let answer = named(&server, ("POST", "/predict_async"), &[("traceparent", &parent)], task.as_bytes());
    assert_eq!(answer.status, 202, "{}", answer.text());
    assert!(answer.header("traceparent").is_some_and(belongs), "{answer:?}");
    let sent = receiving.next();
    assert!(belongs(sent.header("traceparent")), "{sent:?}");
    assert_eq!(sent.header("x-request-id"), GIVEN);
}
