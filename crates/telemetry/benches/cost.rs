//! What tracing costs a request: off, not sampled, and sampled with five parts. And what an event costs that is not logged.
//!
//! `cargo bench -p ferrocast-telemetry`. The receiver takes every connection and answers nothing, so that sampled spans are
//! made, handed over, and mostly dropped.

#![allow(clippy::unwrap_used, reason = "a benchmark that fails should panic")]

use std::net::TcpListener;
use std::time::{Duration, Instant};

use divan::{Bencher, black_box};
use ferrocast_telemetry::{
    Attribute, LogConfig, LogFormat, OtlpConfig, OtlpProtocol, RootSpan, SpanKind, SpanStatus, Tracing,
    attribute_name as name, init,
};

const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const UNSAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

fn main() {
    let log = LogConfig { filter: "warn,ferrocast=info".to_owned(), format: LogFormat::Json };
    let _telemetry = init(&log, None).unwrap();
    divan::main();
}

#[divan::bench]
fn event_that_is_not_logged() {
    tracing::debug!(rows = black_box(3), "not logged");
}

fn on(listener: &TcpListener) -> Tracing {
    let config = OtlpConfig {
        endpoint: format!("http://{}", listener.local_addr().unwrap()),
        protocol: OtlpProtocol::Http,
        headers: Vec::new(),
        service_name: "bench".to_owned(),
        resource: Vec::new(),
        sample_ratio: 0.0,
        timeout: Duration::from_secs(10),
    };
    Tracing::start(&config).unwrap()
}

/// A request with five parts, as a server would have it.
fn request(tracing: &Tracing, traceparent: Option<&str>, now: Instant) {
    let mut trace = tracing.begin(black_box(traceparent), None);
    for part in ["parse", "queue", "preprocess", "inference", "encode"] {
        trace.span(part, now, now, &[]);
    }
    let attributes = [
        Attribute::text(name::HTTP_REQUEST_METHOD, "POST"),
        Attribute::text(name::HTTP_ROUTE, "/models/{model}/predict"),
        Attribute::int(name::HTTP_RESPONSE_STATUS_CODE, 200),
        Attribute::text(name::MODEL_NAME, "penguins"),
    ];
    let (kind, status) = (SpanKind::Server, SpanStatus::Unset);
    trace.finish(&RootSpan { name: "POST /predict", kind, from: now, to: now, status, attributes: &attributes });
}

#[divan::bench]
fn begin_off(bencher: Bencher<'_, '_>) {
    let tracing = Tracing::off();
    bencher.bench(|| tracing.begin(black_box(None), black_box(None)));
}

#[divan::bench]
fn off(bencher: Bencher<'_, '_>) {
    let (tracing, now) = (Tracing::off(), Instant::now());
    bencher.bench(|| request(&tracing, None, now));
}

#[divan::bench]
fn off_with_a_parent(bencher: Bencher<'_, '_>) {
    let (tracing, now) = (Tracing::off(), Instant::now());
    bencher.bench(|| request(&tracing, Some(SAMPLED), now));
}

#[divan::bench]
fn not_sampled(bencher: Bencher<'_, '_>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (tracing, now) = (on(&listener), Instant::now());
    bencher.bench(|| request(&tracing, None, now));
}

#[divan::bench]
fn not_sampled_with_a_parent(bencher: Bencher<'_, '_>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (tracing, now) = (on(&listener), Instant::now());
    bencher.bench(|| request(&tracing, Some(UNSAMPLED), now));
}

#[divan::bench]
fn sampled_with_five_parts(bencher: Bencher<'_, '_>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (tracing, now) = (on(&listener), Instant::now());
    bencher.bench(|| request(&tracing, Some(SAMPLED), now));
}
