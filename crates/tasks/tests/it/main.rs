//! The stores of tasks, each against the same contract, and tasks being done.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed expectation ends the test")]

mod contract;
mod deliveries;
mod observer;
mod sqlite;
mod work;
