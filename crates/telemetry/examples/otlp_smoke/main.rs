//! A program that traces what it pretends to do, for a check of what a receiver gets of it: `check.py` beside it.
//!
//! `otlp_smoke <grpc|http> <endpoint>`. It traces a request, one every five milliseconds, until its standard input ends. The
//! first one comes with the variable `TRACEPARENT`, and hands in a task, which makes a callback. Then it logs an error, panics in
//! a thread, sends what waits for two seconds at most, and prints what it has seen as JSON.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for a check, which fails if it panics"
)]

use std::io::{self, Read};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use ferrocast_telemetry::{
    Attribute, LogConfig, LogFormat, OtlpConfig, OtlpProtocol, RootSpan, SpanKind, SpanStatus, Telemetry, Tracing,
    attribute_name as name, init,
};

const PAUSE: Duration = Duration::from_millis(5);
const SHUTDOWN: Duration = Duration::from_secs(2);

fn main() {
    let mut args = env::args().skip(1);
    let (protocol, endpoint) = (args.next().expect("grpc or http"), args.next().expect("an endpoint"));
    let telemetry = telemetry(&protocol, endpoint);
    let trace_id = first_request(&telemetry.tracing, env::var("TRACEPARENT").ok().as_deref());
    tracing::error!(trace_id, model = "penguins", "inference failed");
    // The hook logs it.
    thread::spawn(|| panic!("a panic on purpose")).join().unwrap_err();

    let (requests, longest) = requests_until_the_end_of_input(&telemetry.tracing);
    let begun = Instant::now();
    let complete = telemetry.shutdown(SHUTDOWN);
    let counts = telemetry.tracing.counts().unwrap();
    println!(
        r#"{{"requests": {requests}, "longest_us": {}, "complete": {complete}, "shutdown_ms": {}, "peak_kib": {},
            "sent_spans": {}, "dropped_spans": {}, "sent_records": {}, "dropped_records": {}}}"#,
        longest.as_micros(),
        begun.elapsed().as_millis(),
        peak_memory(),
        counts.sent_spans,
        counts.dropped_spans,
        counts.sent_records,
        counts.dropped_records,
    );
}

fn telemetry(protocol: &str, endpoint: String) -> Telemetry {
    let otlp = OtlpConfig {
        endpoint,
        protocol: if protocol == "grpc" { OtlpProtocol::Grpc } else { OtlpProtocol::Http },
        headers: vec![("authorization".to_owned(), "Bearer smoke".to_owned())],
        service_name: "otlp-smoke".to_owned(),
        resource: vec![("deployment.environment.name".to_owned(), "check".to_owned())],
        sample_ratio: 1.0,
        timeout: Duration::from_secs(1),
    };
    init(&LogConfig { filter: "info".to_owned(), format: LogFormat::Json }, Some(&otlp)).unwrap()
}

/// A request with two parts, the task that it hands in, and the callback of that. Returns the trace.
fn first_request(tracing: &Tracing, traceparent: Option<&str>) -> String {
    let from = Instant::now();
    let at = |ms| from + Duration::from_millis(ms);
    let mut request = tracing.begin(traceparent, Some("vendor=value"));
    request.span("parse", at(1), at(2), &[Attribute::int(name::ROWS, 3)]);
    request.span("inference", at(2), at(4), &[Attribute::float("ratio", 0.5), Attribute::bool(name::CACHE_HIT, false)]);
    let (trace_id, handed_in) = (request.trace_id().unwrap().to_string(), request.traceparent());
    let attributes = [
        Attribute::text(name::HTTP_REQUEST_METHOD, "POST"),
        Attribute::text(name::HTTP_ROUTE, "/predict_async"),
        Attribute::int(name::HTTP_RESPONSE_STATUS_CODE, 202),
    ];
    let whole = RootSpan {
        name: "POST /predict_async",
        kind: SpanKind::Server,
        from,
        to: at(5),
        status: SpanStatus::Unset,
        attributes: &attributes,
    };
    request.finish(&whole);

    let task = tracing.begin(handed_in.as_deref(), None);
    let callback = tracing.begin(task.traceparent().as_deref(), None);
    let failed = SpanStatus::Error("the receiver answers 500");
    let attributes = [Attribute::text(name::ERROR_TYPE, "500")];
    let (name, kind) = ("POST", SpanKind::Client);
    callback.finish(&RootSpan { name, kind, from: at(12), to: at(19), status: failed, attributes: &attributes });
    let (name, kind) = ("task", SpanKind::Consumer);
    task.finish(&RootSpan { name, kind, from: at(10), to: at(20), attributes: &[], ..whole });
    trace_id
}

/// How many there were, and how long the longest took of what tracing does in them.
fn requests_until_the_end_of_input(tracing: &Tracing) -> (u64, Duration) {
    let (end, ended) = sync_channel::<()>(0);
    thread::spawn(move || {
        io::stdin().read_to_end(&mut Vec::new()).unwrap();
        drop(end);
    });
    let (mut requests, mut longest, mut told) = (0, Duration::ZERO, false);
    while ended.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
        let begun = Instant::now();
        request(tracing);
        requests += 1;
        longest = longest.max(begun.elapsed());
        if !told && tracing.counts().unwrap().dropped_spans > 0 {
            told = true;
            tracing::info!("spans are dropped");
        }
    }
    (requests, longest)
}

/// One with five spans.
fn request(tracing: &Tracing) {
    let from = Instant::now();
    let mut trace = tracing.begin(None, None);
    for part in ["parse", "queue", "inference", "encode"] {
        trace.span(part, from, Instant::now(), &[Attribute::text(name::MODEL_NAME, "penguins")]);
    }
    let attributes = [Attribute::text(name::HTTP_ROUTE, "/predict")];
    trace.finish(&RootSpan {
        name: "POST /predict",
        kind: SpanKind::Server,
        from,
        to: Instant::now(),
        status: SpanStatus::Unset,
        attributes: &attributes,
    });
}

/// The most memory that this process has held, in KiB; 0 where the system does not tell.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}
