//! Load tests of small servers that do what they are told.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a failed expectation ends the test"
)]

mod closed_loop;
mod failures;
mod open_loop;
mod probe;
mod server;
mod tls;

use std::time::Duration;

use ferrocast_load::{Pace, Plan, Requests, Trust};

/// A short load on two connections, as fast as it goes.
fn plan(url: &str) -> Plan {
    Plan {
        target: url.parse().expect("a URL"),
        requests: Requests::get(),
        pace: Pace::Closed,
        connections: 2,
        warm_up: Duration::ZERO,
        duration: Duration::from_millis(200),
        timeout: Duration::from_secs(20),
        trust: Trust::System,
    }
}

/// A load that is over after so many requests.
fn plan_of(url: &str, requests: u32) -> Plan {
    let plan = plan(url);
    let per_second = f64::from(requests) / plan.duration.as_secs_f64();
    Plan { pace: Pace::Open { per_second }, ..plan }
}
