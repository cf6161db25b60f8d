//! One question.

use std::net::TcpListener;
use std::time::Duration;

use ferrocast_load::{FailureKind, ProbeError, Probed, Trust, probe};

use crate::server::{Server, answer};

const SOON: Duration = Duration::from_secs(20);

#[test]
fn status_and_body_are_told() {
    let server = Server::saying(answer("503 Service Unavailable"));
    let probed = probe(&server.url.parse().unwrap(), SOON, &Trust::System).unwrap();
    assert_eq!(probed, Probed { status: 503, body: "{}".to_owned() });
    assert_eq!(server.count(), 1);
}

#[test]
fn of_a_long_body_the_beginning_is_kept() {
    let server = Server::saying(format!("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{}", "a".repeat(100_000)));
    assert_eq!(probe(&server.url.parse().unwrap(), SOON, &Trust::System).unwrap().body, "a".repeat(1024));
}

#[test]
fn a_server_that_says_nothing_is_waited_for_no_longer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let Err(ProbeError::Failed(failure)) = probe(&url.parse().unwrap(), Duration::from_millis(50), &Trust::System)
    else {
        panic!("an answer")
    };
    assert_eq!(failure.kind, FailureKind::Timeout);
}
