//! As fast as the answers come: what is counted is what was served.

use std::collections::BTreeMap;
use std::io::Write;
use std::thread;
use std::time::Duration;

use ferrocast_load::{Plan, Requests, run, start};

use crate::plan;
use crate::server::{Server, Then, answer, say};

#[test]
fn counts_are_those_of_the_server() {
    let server = Server::saying(answer("200 OK"));
    let report = run(plan(&server.url)).unwrap();
    assert_eq!((report.requests, report.answers, report.failed), (server.count(), server.count(), 0));
    assert_eq!((report.abandoned, report.unsent, report.warm_up_requests), (0, 0, 0));
    assert_eq!(report.statuses, BTreeMap::from([(200, server.count())]));
    assert_eq!(report.answer_bytes, 2 * server.count());
    assert_eq!((server.connections(), report.connections), (2, 2));
    assert!(report.is_good() && report.answers_per_second > 0.0, "{report:?}");
    assert_eq!(report.seconds, 0.2);
    let latency = report.latency_milliseconds.unwrap();
    assert!(0.0 < latency.p50 && latency.p50 <= latency.p99 && latency.p99 <= latency.max, "{latency:?}");
}

#[test]
fn warming_up_is_counted_apart() {
    let server = Server::saying(answer("200 OK"));
    let report = run(Plan { warm_up: Duration::from_millis(100), ..plan(&server.url) }).unwrap();
    assert!(report.warm_up_requests > 0 && report.requests > 0, "{report:?}");
    assert_eq!(report.warm_up_requests + report.requests, server.count());
    assert_eq!(report.requests, report.answers);
}

#[test]
fn answers_of_any_status_are_answers() {
    const STATUSES: [&str; 3] = ["200 OK", "429 Too Many Requests", "500 Internal Server Error"];
    let server = Server::start(|number, stream| say(stream, &answer(STATUSES[number % 3])));
    let report = run(plan(&server.url)).unwrap();
    let count = server.count();
    assert_eq!((report.requests, report.answers, report.failed), (count, count, 0));
    assert_eq!(report.statuses, BTreeMap::from([(200, count.div_ceil(3)), (429, (count + 1) / 3), (500, count / 3)]));
    assert_eq!((report.refused(), report.is_good()), (count - count.div_ceil(3), false));
}

#[test]
fn redirects_are_answers() {
    let server = Server::saying("HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n".to_owned());
    let report = run(plan(&server.url)).unwrap();
    assert_eq!((report.requests, &report.statuses), (server.count(), &BTreeMap::from([(302, server.count())])));
    assert!(report.failed == 0 && report.refused() == 0);
}

#[test]
fn bodies_are_read_whatever_their_framing() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n";
    let server = Server::start(move |number, stream| match number % 3 {
        0 => say(stream, chunked),
        1 => say(stream, "HTTP/1.1 204 No Content\r\n\r\n"),
        _ => {
            say(stream, "HTTP/1.1 200 OK\r\n\r\nefg");
            Then::Closes
        }
    });
    let report = run(Plan { connections: 1, ..plan(&server.url) }).unwrap();
    assert_eq!((report.requests, report.failed), (server.count(), 0), "{report:?}");
    assert_eq!(report.answer_bytes, (0..server.count()).map(|number| [4, 0, 3][number as usize % 3]).sum::<u64>());
}

/// As servers say it that drain, or that let a connection have so many requests.
#[test]
fn a_connection_that_the_server_closes_loses_nothing() {
    let server = Server::start(|number, stream| {
        if number % 5 == 4 {
            say(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}");
            return Then::Closes;
        }
        say(stream, &answer("200 OK"))
    });
    let report = run(plan(&server.url)).unwrap();
    assert_eq!((report.requests, report.answers, report.failed), (server.count(), server.count(), 0), "{report:?}");
    assert!(server.connections() > 2 && report.is_good());
}

#[test]
fn bodies_and_headers_arrive_in_turn() {
    let server = Server::saying(answer("200 OK"));
    let bodies = ["one", "two", "three"];
    let requests = Requests::post("text/x", bodies.map(|body| body.as_bytes().to_vec())).unwrap();
    let requests = requests.header("x-team", "pricing").unwrap().method("PUT").unwrap();
    let report = run(Plan { requests, connections: 1, ..plan(&format!("{}a?b=c", server.url)) }).unwrap();
    let sent = server.requests();
    assert_eq!((report.requests, report.method.as_str()), (sent.len() as u64, "PUT"));
    for (request, body) in sent.iter().zip(bodies.iter().cycle()) {
        assert_eq!(request.body, *body);
    }
    let authority = server.url.trim_start_matches("http://").trim_end_matches('/');
    for part in ["put /a?b=c http/1.1", "content-type: text/x", "x-team: pricing", &format!("host: {authority}")] {
        assert!(sent[0].head.contains(&format!("{part}\r\n")), "no {part:?} in {}", sent[0].head);
    }
}

#[test]
fn what_runs_can_be_watched_and_stopped() {
    let held = Server::start(|number, stream: &mut dyn Write| {
        if number > 0 {
            thread::sleep(Duration::from_secs(3600));
        }
        say(stream, &answer("200 OK"))
    });
    let day = Duration::from_secs(24 * 60 * 60);
    let running = start(Plan { duration: day, timeout: day, connections: 1, ..plan(&held.url) }).unwrap();
    while held.count() < 2 {
        assert!(!running.wait(Duration::from_millis(5)));
    }
    let so_far = running.so_far();
    assert_eq!((so_far.requests, so_far.answers, so_far.abandoned), (2, 1, 0));
    running.stopper().stop();
    while !running.wait(Duration::from_secs(1)) {}
    let report = running.finish();
    assert_eq!((report.requests, report.answers, report.abandoned, report.failed), (2, 1, 1, 0));
    assert!(0.0 < report.seconds && report.seconds < day.as_secs_f64(), "{report:?}");
}

#[test]
fn an_ipv6_server_is_asked() {
    let server = Server::listen("[::1]:0", None, |_, stream| say(stream, &answer("200 OK")));
    let report = run(plan(&server.url)).unwrap();
    assert!(report.is_good() && report.url.starts_with("http://[::1]:"), "{report:?}");
    assert!(server.requests()[0].head.contains("host: [::1]:"));
}

/// The names that `--json` shows.
#[test]
fn a_report_is_written_with_its_units() {
    let server = Server::saying(answer("200 OK"));
    let report = run(plan(&server.url)).unwrap();
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["requests"], report.requests);
    assert_eq!(json["statuses"]["200"], report.answers);
    assert_eq!(json["offered_per_second"], serde_json::Value::Null);
    assert!(json["latency_milliseconds"]["p99_9"].as_f64().unwrap() > 0.0, "{json}");
}
