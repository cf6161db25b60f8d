//! A server as a process: what it says, what it answers, how it ends.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::program::{ferrocast, folder, run, samples};
use crate::served::Served;

/// The arguments of most of these servers.
fn samples_of_penguins(command: &mut Command) {
    command.args(["--default-model", "penguins", "--models"]).arg(samples()).env("SERVER__DRAIN_DELAY_S", "0");
}

/// Sends a request and reads its answer up to the end of the head.
fn ask(stream: &mut TcpStream, head: &str, body: &str) -> String {
    write!(stream, "{head} HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n{body}", body.len()).expect("sent");
    let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut piece).expect("an answer");
        assert!(read > 0, "the connection ended after {:?}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&piece[..read]);
    }
    String::from_utf8_lossy(&answer).to_ascii_lowercase()
}

#[test]
fn help_teaches_and_the_version_is_told() {
    let folder = folder();
    let (code, out, _) = run(ferrocast(folder.path()).arg("--help"));
    assert_eq!(code, Some(0));
    for part in
        ["Examples:", "ferrocast init model.onnx", "ferrocast bench", "ready", "check-config", "--default-model"]
    {
        assert!(out.contains(part), "no {part:?} in {out}");
    }
    let (_, out, _) = run(ferrocast(folder.path()).arg("--version"));
    assert_eq!(out, format!("ferrocast {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(run(ferrocast(folder.path()).arg("--no-such-flag")).0, Some(2));
}

/// The curl line of the log is copied by people, so it has to work.
#[test]
fn the_log_says_what_is_served_and_what_to_try() {
    let served = Served::start(samples_of_penguins);
    let log = served.lines.join("\n");
    for part in ["penguins", "auto-mpg", "took_ms=", "/docs"] {
        assert!(log.contains(part), "no {part:?} in {log}");
    }
    let (_, curl) = log.split_once("try: curl ").expect("a request to try");
    let (_, body) = curl.lines().next().and_then(|line| line.split_once("-d '")).expect("a body");
    let body = body.trim_end_matches('\'');
    let mut stream = served.connect();
    write!(
        stream,
        "POST /predict HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("\"prediction\":"), "{answer}");
}

#[test]
fn a_signal_lets_requests_in_flight_finish() {
    for name in ["-TERM", "-INT"] {
        let mut served = Served::start(samples_of_penguins);
        let mut stream = served.connect();
        let body = r#"{"feature1": 50.0, "feature2": 15.2, "feature3": "A", "feature4": 218}"#;
        let (first, rest) = body.split_at(10);
        write!(stream, "POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n{first}", body.len())
            .expect("sent");
        // The answer to another request tells that this one has been taken up.
        let mut other = served.connect();
        other.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").expect("sent");
        other.read_to_string(&mut String::new()).expect("an answer");
        served.signal(name);
        std::thread::sleep(Duration::from_millis(100));
        stream.write_all(rest.as_bytes()).expect("sent");
        let mut answer = [0; 15];
        stream.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 200 OK", "{name}");
        assert_eq!(served.process.wait().expect("it ends").code(), Some(0), "{name}");
    }
}

/// A proxy in front needs time to notice: until then nobody may be turned away.
#[test]
fn a_server_that_is_told_to_stop_answers_but_is_not_ready() {
    let mut served = Served::start(|command| {
        samples_of_penguins(command);
        command.env("SERVER__DRAIN_DELAY_S", "3");
    });
    let (mut kept, mut probes) = (served.connect(), served.connect());
    for path in ["/startupz", "/livez", "/readyz", "/health", "/v2/health/live", "/v2/health/ready"] {
        let answer = ask(&mut probes, &format!("GET {path}"), "");
        assert!(answer.starts_with("http/1.1 200 ok") && !answer.contains("connection: close"), "{path}: {answer}");
    }
    served.signal("-TERM");
    while ask(&mut served.connect(), "GET /readyz", "").starts_with("http/1.1 200 ok") {}
    for (path, status) in
        [("/readyz", 503), ("/health", 503), ("/v2/health/ready", 503), ("/startupz", 200), ("/livez", 200)]
    {
        let answer = ask(&mut served.connect(), &format!("GET {path}"), "");
        assert!(answer.starts_with(&format!("http/1.1 {status}")), "{path}: {answer}");
    }
    let body = r#"{"feature1": 50.0, "feature2": 15.2, "feature3": "A", "feature4": 218}"#;
    for stream in [&mut kept, &mut served.connect()] {
        let answer = ask(stream, "POST /predict", body);
        assert!(answer.starts_with("http/1.1 200 ok") && answer.contains("connection: close"), "{answer}");
        stream.read_to_end(&mut Vec::new()).expect("the connection ends");
    }
    assert_eq!(served.process.wait().expect("it ends").code(), Some(0));
    assert!(TcpStream::connect(&served.address).is_err());
}

/// As a unit of systemd with `Type=notify` would see it.
#[test]
fn a_service_manager_is_told_of_beginning_and_end() {
    let folder = folder();
    let socket = folder.path().join("notify");
    let manager = UnixDatagram::bind(&socket).expect("a socket");
    manager.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    let served = Served::start(|command| {
        samples_of_penguins(command);
        command.env("NOTIFY_SOCKET", &socket);
    });
    let told = || {
        let mut message = [0; 100];
        let length = manager.recv(&mut message).expect("a message");
        String::from_utf8_lossy(&message[..length]).trim().to_owned()
    };
    assert_eq!(told(), "READY=1");
    served.signal("-TERM");
    assert_eq!(told(), "STOPPING=1");
}

#[test]
fn a_second_signal_does_not_wait() {
    let mut served = Served::start(samples_of_penguins);
    let started = Instant::now();
    let mut stream = served.connect();
    stream.write_all(b"POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{").expect("sent");
    served.signal("-TERM");
    std::thread::sleep(Duration::from_millis(300));
    served.signal("-TERM");
    assert_eq!(served.process.wait().expect("it ends").code(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(5), "it took {:?}", started.elapsed());
}
