//! The stores of tasks, each against the same contract.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed expectation ends the test")]

#[allow(dead_code, unused_imports, unused_macros, reason = "no store is held against it yet")]
mod contract;
