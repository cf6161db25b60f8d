//! From a request's trace to a receiver that takes it, or does not.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tracing::subscriber::with_default;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;

use self::receiver::{Receiver, Reply};
use super::signal::MAX_WAITING;
use super::{OtlpConfig, OtlpProtocol};
use crate::trace::{Attribute, RootSpan, SpanKind, SpanStatus, Tracing, attribute_name};

mod receiver;

const LONG: Duration = Duration::from_secs(60);
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn config(endpoint: String, protocol: OtlpProtocol) -> OtlpConfig {
    OtlpConfig {
        endpoint,
        protocol,
        headers: vec![("authorization".to_owned(), "Bearer secret".to_owned())],
        service_name: "service".to_owned(),
        resource: vec![("deployment.environment.name".to_owned(), "test".to_owned())],
        sample_ratio: 1.0,
        timeout: LONG,
    }
}

fn started(receiver: &Receiver, protocol: OtlpProtocol) -> Tracing {
    Tracing::start(&config(receiver.endpoint(), protocol)).unwrap()
}

fn over_http(replies: impl IntoIterator<Item = Reply>) -> (Receiver, Tracing) {
    let receiver = Receiver::start(OtlpProtocol::Http, replies);
    let tracing = started(&receiver, OtlpProtocol::Http);
    (receiver, tracing)
}

fn root(name: &str) -> RootSpan<'_> {
    let now = Instant::now();
    RootSpan { name, kind: SpanKind::Server, from: now, to: now, status: SpanStatus::Unset, attributes: &[] }
}

/// One request with one span.
fn request(tracing: &Tracing) {
    tracing.begin(None, None).finish(&root("request"));
}

fn spans(message: &[u8]) -> (Resource, Vec<Span>) {
    let mut request = ExportTraceServiceRequest::decode(message).unwrap();
    let mut resource = request.resource_spans.pop().unwrap();
    (resource.resource.unwrap(), resource.scope_spans.pop().unwrap().spans)
}

fn records(message: &[u8]) -> Vec<LogRecord> {
    let mut request = ExportLogsServiceRequest::decode(message).unwrap();
    request.resource_logs.pop().unwrap().scope_logs.pop().unwrap().log_records
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), key_strindex: 0 }
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A request with two parts, below a parent.
fn traced_request(tracing: &Tracing) {
    let from = Instant::now();
    let mut trace = tracing.begin(Some(PARENT), Some("foo=1"));
    let at = |ms| from + Duration::from_millis(ms);
    trace.span("parse", at(1), at(2), &[Attribute::int(attribute_name::ROWS, 3)]);
    trace.span("inference", at(2), at(4), &[]);
    let attributes = [Attribute::text(attribute_name::HTTP_ROUTE, "/predict"), Attribute::bool("b", true)];
    let (name, kind) = ("POST /predict", SpanKind::Server);
    trace.finish(&RootSpan { name, kind, from, to: at(5), status: SpanStatus::Error("full"), attributes: &attributes });
}

#[test]
fn spans_arrive_over_both_protocols() {
    for protocol in [OtlpProtocol::Http, OtlpProtocol::Grpc] {
        let receiver = Receiver::start(protocol, []);
        let tracing = started(&receiver, protocol);
        traced_request(&tracing);
        assert!(tracing.shutdown(LONG));
        assert_eq!(tracing.counts().unwrap().sent_spans, 3);
        let requests = receiver.received();
        let [request] = requests.as_slice() else { panic!("{requests:?}") };
        assert_eq!(request.headers["authorization"], "Bearer secret");
        let message = match protocol {
            OtlpProtocol::Http => {
                assert_eq!(request.path, "/v1/traces");
                assert_eq!(request.headers["content-type"], "application/x-protobuf");
                request.body.as_ref()
            }
            OtlpProtocol::Grpc => {
                assert_eq!(request.path, "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
                assert_eq!(request.headers["content-type"], "application/grpc");
                assert_eq!(request.headers["te"], "trailers");
                &request.body[5..]
            }
        };
        check_traced_request(message);
    }
}

fn check_traced_request(message: &[u8]) {
    let (resource, spans) = spans(message);
    assert!(resource.attributes.contains(&text("service.name", "service")));
    assert!(resource.attributes.contains(&text("deployment.environment.name", "test")));
    let [parse, inference, root] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!(
        (parse.name.as_str(), inference.name.as_str(), root.name.as_str()),
        ("parse", "inference", "POST /predict")
    );
    assert_eq!((parse.kind, inference.kind, root.kind), (1, 1, 2));
    for span in &spans {
        assert_eq!(hex(&span.trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(span.trace_state, "foo=1");
    }
    assert_eq!(hex(&root.parent_span_id), "00f067aa0ba902b7");
    assert_eq!((&parse.parent_span_id, &inference.parent_span_id), (&root.span_id, &root.span_id));
    assert_ne!(parse.span_id, inference.span_id);
    assert_eq!((parse.flags, root.flags), (0x101, 0x301));
    let ms = |span: &Span| {
        let since = |time: u64| (time - root.start_time_unix_nano) / 1_000_000;
        (since(span.start_time_unix_nano), since(span.end_time_unix_nano))
    };
    assert_eq!((ms(parse), ms(inference), ms(root)), ((1, 2), (2, 4), (0, 5)));
    assert_eq!(parse.attributes, [attribute("ferrocast.rows", Value::IntValue(3))]);
    assert_eq!(root.attributes, [text("http.route", "/predict"), attribute("b", Value::BoolValue(true))]);
    let status = root.status.as_ref().unwrap();
    assert_eq!((status.code, status.message.as_str()), (2, "full"));
    assert_eq!(parse.status.as_ref().unwrap().code, 0);
}

#[test]
fn a_later_part_goes_on_with_the_context() {
    let (receiver, tracing) = over_http([]);
    let handed_in = tracing.begin(None, None);
    let context = handed_in.traceparent().unwrap();
    handed_in.finish(&root("POST /predict_async"));
    tracing.begin(Some(&context), None).finish(&RootSpan { kind: SpanKind::Consumer, ..root("task") });
    assert!(tracing.shutdown(LONG));
    let (_, spans) = spans(&receiver.received()[0].body);
    assert_eq!(spans[0].trace_id, spans[1].trace_id);
    assert_eq!(spans[0].span_id, spans[1].parent_span_id);
    assert_eq!((spans[0].kind, spans[1].kind), (2, 5));
    assert_eq!((spans[0].parent_span_id.len(), spans[0].flags), (0, 0x101));
}

#[test]
fn a_parent_decides_before_the_share_does() {
    let receiver = Receiver::start(OtlpProtocol::Http, []);
    for (ratio, flags, recorded) in [(0.0, "01", true), (1.0, "00", false)] {
        let config = OtlpConfig { sample_ratio: ratio, ..config(receiver.endpoint(), OtlpProtocol::Http) };
        let tracing = Tracing::start(&config).unwrap();
        let parent = format!("{}{flags}", &PARENT[..53]);
        let trace = tracing.begin(Some(&parent), None);
        assert_eq!(trace.is_sampled(), recorded);
        // A span of its own, or the parent's as it came.
        assert_eq!(trace.traceparent().unwrap() != parent, recorded);
        let alone = tracing.begin(None, None);
        assert_eq!(alone.is_sampled(), !recorded);
        assert_eq!(alone.context().unwrap().is_sampled(), !recorded);
        let again = tracing.begin(alone.traceparent().as_deref(), None);
        assert_eq!((again.is_sampled(), again.trace_id()), (!recorded, alone.trace_id()));
    }
}

#[test]
fn the_share_is_kept() {
    let receiver = Receiver::start(OtlpProtocol::Http, []);
    let config = OtlpConfig { sample_ratio: 0.1, ..config(receiver.endpoint(), OtlpProtocol::Http) };
    let tracing = Tracing::start(&config).unwrap();
    let recorded = (0..20_000).filter(|_| tracing.begin(None, None).is_sampled()).count();
    // Eight standard deviations from 2,000.
    assert!((1_660..=2_340).contains(&recorded), "{recorded}");
}

#[test]
fn what_could_not_be_accepted_is_sent_again() {
    let (receiver, tracing) = over_http([Reply::Status(503)]);
    request(&tracing);
    let requests = receiver.wait_for(2);
    assert_eq!(requests[0].body, requests[1].body);
    assert!(tracing.shutdown(LONG));
    assert_eq!(tracing.counts().unwrap().sent_spans, 1);
}

#[test]
fn what_is_not_wanted_is_dropped_and_counted() {
    let (_receiver, tracing) = over_http([Reply::Status(400)]);
    request(&tracing);
    assert!(!tracing.shutdown(LONG));
    assert_eq!(tracing.counts().unwrap().dropped_spans, 1);
}

/// The library's exporters do not say which part of a message was not wanted, so it counts as sent.
#[test]
fn what_is_accepted_and_then_not_wanted_counts_as_sent() {
    let partial_success = Some(ExportTracePartialSuccess { rejected_spans: 1, error_message: "why".to_owned() });
    let message = ExportTraceServiceResponse { partial_success }.encode_to_vec();
    for protocol in [OtlpProtocol::Http, OtlpProtocol::Grpc] {
        let receiver = Receiver::start(protocol, [Reply::Message(message.clone())]);
        let tracing = started(&receiver, protocol);
        traced_request(&tracing);
        assert!(tracing.shutdown(LONG));
        let counts = tracing.counts().unwrap();
        assert_eq!((counts.sent_spans, counts.dropped_spans), (3, 0));
    }
}

#[test]
fn a_receiver_that_is_silent_keeps_nobody() {
    for protocol in [OtlpProtocol::Http, OtlpProtocol::Grpc] {
        let receiver = Receiver::start(protocol, [Reply::Silence]);
        let tracing = started(&receiver, protocol);
        request(&tracing);
        receiver.wait_for(1);
        (0..MAX_WAITING + 10).for_each(|_| request(&tracing));
        assert_eq!(tracing.counts().unwrap().dropped_spans, 10);
        assert!(!tracing.shutdown(Duration::from_millis(10)));
        request(&tracing);
        assert_eq!(tracing.counts().unwrap().dropped_spans, 11);
    }
}

#[test]
fn a_receiver_that_is_not_there_costs_what_waits() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for protocol in [OtlpProtocol::Http, OtlpProtocol::Grpc] {
        let config = OtlpConfig { timeout: Duration::from_secs(1), ..config(format!("http://{free}"), protocol) };
        let tracing = Tracing::start(&config).unwrap();
        (0..10).for_each(|_| request(&tracing));
        assert!(!tracing.shutdown(LONG));
        assert_eq!(tracing.counts().unwrap().dropped_spans, 10);
    }
}

#[test]
fn a_request_has_a_bounded_number_of_spans() {
    let (receiver, tracing) = over_http([]);
    let mut trace = tracing.begin(None, None);
    let now = Instant::now();
    (0..200).for_each(|_| trace.span("part", now, now, &[]));
    trace.finish(&root("request"));
    assert!(tracing.shutdown(LONG));
    assert_eq!(spans(&receiver.received()[0].body).1.len(), 128);
    assert_eq!(tracing.counts().unwrap().dropped_spans, 73);
}

#[test]
fn errors_are_sent_too() {
    let (receiver, tracing) = over_http([]);
    with_default(Registry::default().with(tracing.error_records()), || {
        tracing::error!(trace_id = "4bf92f3577b34da6a3ce929d0e0e4736", model = "m", rows = 3, "it failed");
        tracing::error!(trace_id = %"no trace", big = u64::MAX, "again");
        tracing::warn!("not an error");
    });
    assert!(tracing.shutdown(LONG));
    assert_eq!(tracing.counts().unwrap().sent_records, 2);
    let requests = receiver.received();
    assert_eq!(requests[0].path, "/v1/logs");
    let records = records(&requests[0].body);
    let [first, second] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((first.severity_number, first.severity_text.as_str()), (17, "ERROR"));
    assert_eq!(first.body, text("", "it failed").value);
    assert_eq!(hex(&first.trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
    let texts = |record: &LogRecord| -> Vec<String> {
        let text = |value: &Value| match value {
            Value::StringValue(text) => text.clone(),
            other => format!("{other:?}"),
        };
        let attributes = record.attributes.iter();
        attributes
            .map(|one| format!("{}={}", one.key, text(one.value.as_ref().unwrap().value.as_ref().unwrap())))
            .collect()
    };
    assert_eq!(texts(first), [concat!("target=", module_path!()), "model=m", "rows=IntValue(3)"]);
    assert_eq!(texts(second), [concat!("target=", module_path!()), "trace_id=no trace", "big=18446744073709551615"]);
    assert_eq!(second.trace_id, [0; 0]);
}
