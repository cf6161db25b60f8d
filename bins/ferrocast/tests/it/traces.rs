//! Traces of requests and tasks, as a receiver of OTLP over HTTP gets them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::program::samples;
use crate::served::Served;

/// Takes everything and keeps it.
struct Receiver {
    url: String,
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Receiver {
    fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let bodies = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let kept = Arc::clone(&bodies);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || while keep(&stream, &kept).is_some() {});
            }
        });
        Receiver { url, bodies }
    }

    /// Whether one body holds all of that.
    fn has(&self, parts: &[&[u8]]) -> bool {
        let holds = |body: &Vec<u8>, part: &[u8]| body.windows(part.len()).any(|window| window == part);
        self.bodies.lock().unwrap().iter().any(|body| parts.iter().all(|part| holds(body, part)))
    }

    fn wait_for(&self, parts: &[&[u8]]) {
        for _ in 0..2000 {
            if self.has(parts) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let bodies = self.bodies.lock().unwrap();
        panic!("not received: {:?}", bodies.iter().map(|body| String::from_utf8_lossy(body)).collect::<Vec<_>>())
    }
}

/// One request of the connection.
fn keep(stream: &TcpStream, bodies: &Mutex<Vec<Vec<u8>>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().to_ascii_lowercase() {
            end if end.is_empty() => break,
            line => {
                if let Some(text) = line.strip_prefix("content-length:") {
                    length = text.trim().parse().ok()?;
                }
            }
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    bodies.lock().unwrap().push(body);
    let mut stream = stream;
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n").ok()
}

fn send(served: &Served, path: &str, trace: Option<&str>, body: &str) -> String {
    let method = if body.is_empty() { "GET" } else { "POST" };
    let trace = trace.map(|trace| format!("traceparent: {trace}\r\n")).unwrap_or_default();
    let mut stream = served.connect();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{trace}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

const PENGUIN: &str = r#"{"feature1": 50.0, "feature2": 15.2, "feature3": "A", "feature4": 218}"#;

#[test]
fn a_trace_goes_on_through_requests_and_tasks() {
    let receiver = Receiver::start();
    let served = Served::start(|command| {
        command.args(["--default-model", "penguins", "--models"]).arg(samples());
        command.env("OTLP__ENDPOINT", &receiver.url).env("OTLP__PROTOCOL", "http/protobuf");
        // Only what comes with a trace.
        command.env("OTLP__SAMPLE_RATIO", "0").env("OTEL_SERVICE_NAME", "penguins-of-a-test");
    });
    let parent = [0x51; 8];
    let [request, task] = [[0xa7; 16], [0xb8; 16]];
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let trace = |id: &[u8]| format!("00-{}-{}-01", hex(id), hex(&parent));

    assert!(send(&served, "/models", None, "").starts_with("HTTP/1.1 200"));
    let answer = send(&served, "/predict", Some(&trace(&request)), PENGUIN);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let told = answer.lines().find_map(|line| line.strip_prefix("traceparent: ")).expect("where the trace goes on");
    assert!(told.starts_with(&format!("00-{}-", hex(&request))) && !told.contains(&hex(&parent)), "{told}");
    let of_request: [&[u8]; 12] = [
        &request,
        &parent,
        b"penguins-of-a-test",
        b"POST /predict",
        b"parse",
        b"preprocess",
        b"inference",
        b"decode",
        b"encode",
        b"http.response.status_code",
        b"ferrocast.model.name",
        b"penguins",
    ];
    receiver.wait_for(&of_request);

    assert!(send(&served, "/predict_async", Some(&trace(&task)), PENGUIN).starts_with("HTTP/1.1 202"));
    receiver.wait_for(&[&task, &parent, b"POST /predict_async"]);
    receiver.wait_for(&[&task, b"ferrocast.task.id", b"task", b"inference"]);
    assert!(!receiver.has(&[b"GET /models"]), "a request without a trace was recorded");
}
