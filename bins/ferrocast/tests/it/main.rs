//! The program as its users see it: arguments in, text and exit codes out.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a failed expectation ends the test"
)]

mod bench;
mod canary;
mod configuration;
mod keys;
mod log;
mod memory;
mod models;
mod program;
mod serve;
mod served;
mod service_unit;
mod shell;
mod traces;
mod trial;
