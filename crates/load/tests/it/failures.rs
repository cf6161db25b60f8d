//! Requests without an answer: how they are counted.

use std::io::Write;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use ferrocast_load::{FailureKind, LoadError, Plan, Report, run};

use crate::server::{Server, Then, answer, say};
use crate::{plan, plan_of};

/// The one kind of failure in it, its count and what was said of it.
fn only(report: &Report) -> (FailureKind, u64, &str) {
    let [(kind, failures)] = report.failures.iter().collect::<Vec<_>>()[..] else { panic!("{report:?}") };
    (*kind, failures.count, &failures.example)
}

fn nobody() -> String {
    format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
}

#[test]
fn nobody_listens() {
    let report = run(plan_of(&nobody(), 20)).unwrap();
    assert_eq!((report.requests + report.unsent, report.answers, report.failed), (20, 0, report.requests));
    let (kind, count, example) = only(&report);
    assert_eq!((kind, count), (FailureKind::Connect, report.requests));
    assert!(example.contains("refused") && report.latency_milliseconds.is_none() && !report.is_good(), "{example}");
}

/// A loop without a pause would do nothing but connect.
#[test]
fn a_closed_loop_pauses_where_nobody_listens() {
    let report = run(plan(&nobody())).unwrap();
    let most = report.connections as u64 * 3;
    assert!((1..=most).contains(&report.failed), "{report:?}");
}

#[test]
fn answers_that_are_cut_off() {
    for said in ["", "HTTP/1.1 200 OK\r\ncontent-le", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345"] {
        let server = Server::start(move |_, stream| {
            say(stream, said);
            Then::Closes
        });
        let report = run(plan_of(&server.url, 5)).unwrap();
        assert_eq!(
            (report.requests + report.unsent, report.requests, report.answers),
            (5, server.count(), 0),
            "{said}"
        );
        assert_eq!(only(&report).0, FailureKind::Reset, "{said}: {report:?}");
    }
}

#[test]
fn good_and_cut_answers_are_told_apart() {
    let server = Server::start(|number, stream| {
        if number % 3 == 2 {
            say(stream, "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n1");
            return Then::Closes;
        }
        say(stream, &answer("200 OK"))
    });
    let report = run(plan(&server.url)).unwrap();
    assert_eq!((report.requests, report.answers + report.failed), (server.count(), server.count()));
    assert_eq!(only(&report).1, server.count() / 3);
}

#[test]
fn servers_that_never_answer() {
    let server = Server::start(|_, stream: &mut dyn Write| {
        say(stream, "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n");
        thread::sleep(Duration::from_secs(3600));
        Then::Closes
    });
    let report = run(Plan { timeout: Duration::from_millis(50), ..plan(&server.url) }).unwrap();
    let (kind, count, example) = only(&report);
    assert_eq!((kind, count, example), (FailureKind::Timeout, report.requests, "no whole answer within 50ms"));
    assert_eq!((report.answers, report.latency_milliseconds), (0, None));
}

#[test]
fn what_is_not_http() {
    let server = Server::saying("SSH-2.0-OpenSSH\r\n\r\n".to_owned());
    let report = run(plan_of(&server.url, 3)).unwrap();
    assert_eq!(only(&report).0, FailureKind::Malformed, "{report:?}");
}

#[test]
fn hosts_that_do_not_exist() {
    let failed = run(plan("http://no-such-host.invalid/")).unwrap_err();
    assert!(matches!(failed, LoadError::Unresolved { .. } | LoadError::NoAddress(_)), "{failed}");
    assert!(failed.to_string().contains("`no-such-host.invalid`"), "{failed}");
}
