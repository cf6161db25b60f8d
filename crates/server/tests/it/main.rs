//! The server as its clients see it: real sockets, real models, one binary.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a failed expectation ends the test"
)]

mod access;
mod authority;
mod bombs;
mod browser;
mod budget;
mod cached;
mod callbacks;
mod client;
#[cfg(target_os = "linux")]
mod confinement;
mod errors;
mod fastapi;
mod framing;
mod hostile;
mod http2;
mod lifecycle;
mod limits;
mod metrics;
mod oip;
mod openapi;
mod overload;
mod panics;
mod pictures;
mod pool;
mod reload;
mod remembered;
mod request_ids;
mod routes;
mod scripted;
mod server;
mod sizes;
mod tasks;
mod tls;
mod webdriver;
