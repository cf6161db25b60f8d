//! At a rate that does not care for the answers: each request is due at its time.

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use ferrocast_load::{Pace, Plan, run, start};

use crate::server::{Server, answer, say};
use crate::{plan, plan_of};

#[test]
fn each_request_that_is_due_is_sent_or_said_not_to_be() {
    let server = Server::saying(answer("200 OK"));
    let report = run(Plan { connections: 4, ..plan_of(&server.url, 40) }).unwrap();
    assert_eq!((report.requests + report.unsent, report.offered_per_second), (40, Some(200.0)));
    assert_eq!((report.requests, report.answers, report.failed), (server.count(), server.count(), 0));
}

/// Due every 10 ms on one connection, which stands still for 300 ms. What was due in that time has waited for the rest of it:
/// a loop that waits with its server would have seen one slow answer of 300 ms, and 29 others that were fast.
#[test]
fn what_is_due_while_the_server_stands_still_counts_from_then() {
    const STALL: Duration = Duration::from_millis(300);
    let one_at_a_time = Mutex::new(());
    let server = Server::start(move |number, stream| {
        let _turn = one_at_a_time.lock().unwrap();
        if number == 0 {
            thread::sleep(STALL);
        }
        say(stream, &answer("200 OK"))
    });
    let pace = Pace::Open { per_second: 100.0 };
    let duration = Duration::from_secs(1);
    let report = run(Plan { pace, duration, connections: 1, ..plan(&server.url) }).unwrap();
    assert_eq!((report.requests + report.unsent, report.requests), (100, server.count()));
    let latency = report.latency_milliseconds.unwrap();
    // Number n of the first 30 was due after 10 n ms and was not answered before 300 ms: 300 - 10 n at least.
    assert!(latency.max >= 300.0, "{latency:?}");
    // The slowest ten of at most a hundred were due within 90 ms.
    assert!(latency.p90 >= 200.0 && latency.mean >= 30.0, "{latency:?}");
}

#[test]
fn what_finds_no_connection_is_unsent() {
    let server = Server::start(|_, stream| {
        thread::sleep(Duration::from_secs(1));
        say(stream, &answer("200 OK"))
    });
    let report = run(Plan { connections: 1, ..plan_of(&server.url, 20) }).unwrap();
    // The one that is under way at the end is waited for.
    assert_eq!((report.requests, report.answers, report.unsent), (1, 1, 19));
    assert_eq!((server.count(), report.answers_per_second, report.abandoned), (1, 0.0, 0));
}

#[test]
fn warming_up_has_the_same_rate() {
    let server = Server::saying(answer("200 OK"));
    let plan = plan_of(&server.url, 20);
    let report = run(Plan { warm_up: plan.duration, connections: 8, ..plan }).unwrap();
    assert_eq!(report.requests + report.unsent, 20);
    assert_eq!(report.warm_up_requests + report.requests, server.count());
}

#[test]
fn a_schedule_ends_when_it_is_stopped() {
    let server = Server::saying(answer("200 OK"));
    let day = Duration::from_secs(24 * 60 * 60);
    let running = start(Plan { duration: day, ..plan_of(&server.url, 40) }).unwrap();
    while server.count() < 3 {
        assert!(!running.wait(Duration::from_millis(5)));
    }
    running.stopper().stop();
    let report = running.finish();
    assert!(report.requests >= 3 && report.answers + report.abandoned == report.requests, "{report:?}");
}
