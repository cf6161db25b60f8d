//! Requests whose framing is broken, or could be read in two ways: one answer, the end of the connection, and nothing behind
//! them is taken for a request.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Instant;

use crate::errors::assert_is_honest;
use crate::scripted::SOON;
use crate::server::{PENGUIN, TestServer, samples, shared};

/// What a client hides behind a request, hoping that it is taken for another one.
const HIDDEN: &str = "GET /livez HTTP/1.1\r\nhost: a\r\n\r\n";

/// Bytes that all names and values of headers may have, and their number.
const HEADER_BYTES: usize = 64 << 10;
const HEADERS: usize = 96;

/// A prediction with these lines in its head, and this behind the head.
fn post(lines: &str, body: &str) -> String {
    format!("POST /predict HTTP/1.1\r\nhost: a\r\n{lines}\r\n\r\n{body}")
}

fn chunked(body: &str) -> String {
    post("transfer-encoding: chunked", body)
}

/// The sample prediction, in a chunk with this behind its size.
fn in_a_chunk(behind_size: &str) -> String {
    chunked(&format!("{:x}{behind_size}\r\n{PENGUIN}\r\n0\r\n\r\n", PENGUIN.len()))
}

/// Everything that the server says to these bytes, up to the end of the connection.
fn said_to(bytes: &[u8]) -> String {
    let mut client = shared().client();
    client.send(bytes);
    String::from_utf8(client.rest()).expect("text")
}

fn statuses(said: &str) -> Vec<u16> {
    let answers = said.split("HTTP/1.1 ").skip(1);
    answers.map(|answer| answer[..3].parse().expect("a status")).collect()
}

fn assert_is_refused(what: &str, bytes: &[u8], status: u16) {
    let said = said_to(&[bytes, HIDDEN.as_bytes()].concat());
    assert_eq!(statuses(&said), [status], "{what}: {said}");
}

/// The HTTP library answers these before it has a request that the server could see: with a bare status, without
/// `X-Request-Id`, and not in the metrics. So it does with 408, where a head does not arrive in time, and with 431.
#[test]
fn heads_that_cannot_be_trusted() {
    let cases = [
        ("length and chunks", post("content-length: 4\r\ntransfer-encoding: chunked", "0\r\n\r\n")),
        ("chunks and length", post("transfer-encoding: chunked\r\ncontent-length: 4", "0\r\n\r\n")),
        ("two lengths", post("content-length: 4\r\ncontent-length: 5", "abcd")),
        ("two lengths that agree", post("content-length: 4\r\ncontent-length: 4", "abcd")),
        ("length with a sign", post("content-length: +4", "abcd")),
        ("negative length", post("content-length: -4", "abcd")),
        ("hexadecimal length", post("content-length: 0x4", "abcd")),
        ("length of two numbers", post("content-length: 4, 4", "abcd")),
        ("length of no number", post("content-length:", "abcd")),
        ("length beyond 64 bits", post("content-length: 18446744073709551616", "abcd")),
        ("encoding identity", post("transfer-encoding: identity", "abcd")),
        ("chunked twice in a line", post("transfer-encoding: chunked, chunked", "0\r\n\r\n")),
        ("chunked in two lines", post("transfer-encoding: chunked\r\ntransfer-encoding: chunked", "0\r\n\r\n")),
        ("chunked, then identity", post("transfer-encoding: chunked, identity", "0\r\n\r\n")),
        ("gzip, then chunked", post("transfer-encoding: gzip, chunked", "0\r\n\r\n")),
        ("another word than chunked", post("transfer-encoding: xchunked", "0\r\n\r\n")),
        ("chunked behind a vertical tab", post("transfer-encoding: \u{b}chunked", "0\r\n\r\n")),
        ("chunked in quotes", post("transfer-encoding: \"chunked\"", "0\r\n\r\n")),
        ("space behind a name", post("transfer-encoding : chunked", "0\r\n\r\n")),
        ("space before a name", post(" transfer-encoding: chunked", "0\r\n\r\n")),
        ("folded line", post("transfer-encoding:\r\n chunked", "0\r\n\r\n")),
        ("NUL in a name", post("content\0length: 4", "abcd")),
        ("NUL in a value", post("content-length: 4\0", "abcd")),
        ("carriage return in a value", post("x: a\rcontent-length: 4", "abcd")),
        ("line without a colon", post("content-length", "")),
        ("no host", "GET /livez HTTP/1.1\r\n\r\n".to_owned()),
        ("two hosts", "GET /livez HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n".to_owned()),
        ("version 0.9", "GET /livez\r\n".to_owned()),
        ("version 2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()),
        ("version 1.0 and chunks", "POST /predict HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_owned()),
        ("version 1.0 without a length", "POST /predict HTTP/1.0\r\n\r\nabcd".to_owned()),
        ("garbage for a method", "GE(T /livez HTTP/1.1\r\nhost: a\r\n\r\n".to_owned()),
        ("space in the path", "GET /li vez HTTP/1.1\r\nhost: a\r\n\r\n".to_owned()),
        ("no HTTP at all", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\r\n\r\n".to_owned()),
        ("path beyond 64 KiB", format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(65_536))),
    ];
    for (what, request) in cases {
        assert_is_refused(what, request.as_bytes(), 400);
    }
    let mut client = shared().client();
    client.send(b"GET /livez HTTP/1.1\r\n\r\n");
    let answer = client.answer(false);
    let names: Vec<&str> =
        answer.headers.iter().map(|(name, _)| name.as_str()).filter(|name| *name != "date").collect();
    assert_eq!((names, answer.body.len()), (vec!["content-length", "connection"], 0));
}

/// More headers than the library counts, or more bytes than its buffer holds, it refuses by itself. What is within its bounds
/// and beyond ours is refused as everything else is: with the body of an error.
#[test]
fn heads_that_are_too_large() {
    let lines = |number: usize| format!("GET /livez HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: y\r\n".repeat(number - 1));
    let of_bytes = |bytes: usize| {
        let others = "hostaconnectionclosex".len();
        format!("GET /livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx: {}\r\n\r\n", "y".repeat(bytes - others))
    };
    assert_eq!(statuses(&said_to(format!("{}{}", lines(HEADERS), of_bytes(100)).as_bytes())), [200, 200]);
    assert_is_refused("a header too many", lines(HEADERS + 1).as_bytes(), 431);
    assert_is_refused("very many headers", lines(10_000).as_bytes(), 431);
    assert_is_refused("a header of 200 KB", of_bytes(200_000).as_bytes(), 431);
    assert_eq!(statuses(&said_to(of_bytes(HEADER_BYTES).as_bytes())), [200]);
    let mut client = shared().client();
    client.send(of_bytes(HEADER_BYTES + 1).as_bytes());
    let answer = client.answer(false);
    assert_is_honest(&answer, "beyond 64 KiB");
    assert_eq!((answer.status, answer.code().as_str()), (431, "HEADERS_TOO_LARGE"));
    assert!(answer.header("x-request-id").is_some() && client.is_closed());
}

/// The head is good, so a route has begun to read when the framing breaks: the answer is the server's own.
#[test]
fn chunks_that_cannot_be_trusted() {
    let cases = [
        ("size of no digits", chunked("\r\nabc\r\n0\r\n\r\n")),
        ("negative size", chunked("-1\r\na\r\n0\r\n\r\n")),
        ("size with a sign", chunked("+1\r\na\r\n0\r\n\r\n")),
        ("size with a prefix", chunked("0x1\r\na\r\n0\r\n\r\n")),
        ("size beyond 64 bits", chunked("10000000000000001\r\na\r\n0\r\n\r\n")),
        ("digits behind a space", chunked("1 1\r\na\r\n0\r\n\r\n")),
        ("line feed alone behind a size", chunked("1\na\r\n0\r\n\r\n")),
        ("line feed alone behind a chunk", chunked("1\r\na\n0\r\n\r\n")),
        ("more than was said", chunked("1\r\nabc\r\n0\r\n\r\n")),
        ("control character in an extension", chunked("1;\u{1}\r\na\r\n0\r\n\r\n")),
        ("line feed in an extension", chunked("1;a\nb\r\na\r\n0\r\n\r\n")),
    ];
    for (what, request) in cases {
        let said = said_to(format!("{request}{HIDDEN}").as_bytes());
        assert_eq!(statuses(&said), [400], "{what}: {said}");
        assert!(said.contains("x-request-id: ") && said.contains("\"error_code\":\"BAD_REQUEST\""), "{what}: {said}");
    }
}

/// What is unusual and can be read in one way only is served, and so is what comes behind it.
#[test]
fn what_is_unambiguous_is_served() {
    let last = "GET /livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let cases = [
        ("absolute form", "GET http://a/livez HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), 200),
        // RFC 9112, 2.2: a recipient may take it for the end of a line.
        ("line feeds alone in a head", "GET /livez HTTP/1.1\nhost: a\n\n".to_owned(), 200),
        ("empty lines before", "\r\n\r\nGET /livez HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), 200),
        ("Chunked in capitals", in_a_chunk("").replace("chunked", "CHUNKED"), 200),
        ("space behind a size", in_a_chunk("  "), 200),
        ("large extension", in_a_chunk(&format!(";{}", "a=b;".repeat(50_000))), 200),
        ("zeros before a size", in_a_chunk("").replacen("\r\n\r\n", "\r\n\r\n0000", 1), 200),
        ("trailers", in_a_chunk("").replace("\r\n0\r\n", "\r\n0\r\ncontent-length: 7\r\nhost: b\r\n"), 200),
        ("a method that nobody knows", "BREW /livez HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), 405),
        ("TRACE", "TRACE /livez HTTP/1.1\r\nhost: a\r\nx: y\r\n\r\n".to_owned(), 405),
        ("asterisk form", "OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), 404),
    ];
    for (what, request, status) in cases {
        let said = said_to(format!("{request}{last}").as_bytes());
        assert_eq!(statuses(&said), [status, 200], "{what}: {said}");
        // A request never comes back, as the answer to TRACE has it.
        assert!(!said.contains("x: y"), "{what}: {said}");
    }
}

/// With these the connection is to change into something else, which it does not; what comes behind them could be meant for
/// that.
#[test]
fn what_asks_for_another_protocol_is_the_last_on_its_connection() {
    let cases = [
        ("CONNECT", "CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n".to_owned(), 404),
        (
            "WebSocket",
            "GET /livez HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n".to_owned(),
            200,
        ),
    ];
    for (what, request, status) in cases {
        assert_is_refused(what, request.as_bytes(), status);
    }
}

fn impatient() -> TestServer {
    let settings = [("MODELS__DEFAULT", "penguins"), ("LIMITS__JSON_BYTES", "1024"), ("SERVER__BODY_TIMEOUT_S", "1")];
    TestServer::start(&samples(), &settings, ferrocast_server::loaders())
}

/// Sends the same again and again until the server has enough of it, and gives what it has said.
fn flooded(server: &TestServer, first: &str, again: &str) -> String {
    let mut stream = TcpStream::connect(server.address).expect("the server accepts");
    stream.set_write_timeout(Some(SOON)).expect("a timeout");
    stream.set_read_timeout(Some(SOON)).expect("a timeout");
    let mut answers = stream.try_clone().expect("a second handle");
    let reading = thread::spawn(move || {
        let mut said = String::new();
        match answers.read_to_string(&mut said) {
            Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("the connection goes on: {error}"),
            _ => said,
        }
    });
    stream.write_all(first.as_bytes()).expect("it reads");
    let (began, again) = (Instant::now(), again.repeat(1_000));
    while stream.write_all(again.as_bytes()).is_ok() {
        assert!(began.elapsed() < SOON, "the server reads for ever");
    }
    reading.join().expect("the connection ends")
}

/// Nothing of these is part of a body, so no limit of its size is ever reached: time is.
#[test]
fn whoever_sends_for_ever_is_cut_off() {
    let server = impatient();
    let cases = [
        ("an extension", chunked("1;"), "a=b;", 408),
        ("trailers", in_a_chunk("").replace("\r\n0\r\n\r\n", "\r\n0\r\n"), "a: b\r\n", 408),
        ("zeros before a size", chunked(""), "0", 408),
        ("chunks", chunked(""), "1\r\n \r\n", 413),
        ("a chunk", chunked("fffffff\r\n"), " ", 413),
    ];
    for (what, first, again, status) in cases {
        let said = flooded(&server, &first, again);
        assert_eq!(statuses(&said), [status], "{what}: {said}");
    }
}

/// The rest of a body that is refused never comes, and nor does anything else.
#[test]
fn whoever_falls_silent_behind_a_refusal_is_cut_off() {
    let heads = [
        "POST /nowhere HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\n \r\n",
        "GET /livez HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\n \r\n",
        "HEAD /livez HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n",
        "POST /predict HTTP/1.1\r\nhost: a\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n1\r\n",
        "POST /nowhere HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n ",
    ];
    for head in heads {
        let said = said_to(head.as_bytes());
        assert_eq!(statuses(&said).len(), 1, "{head}: {said}");
    }
}
