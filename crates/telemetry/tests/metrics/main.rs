//! The metrics as whoever scrapes them sees them, and what is deployed to watch them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed expectation ends the test")]

mod deployed;
mod exposition;
mod promql;
mod scrape;
