//! The crate as its users see it: limits by a clock that is set by hand, and keys in a file that changes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed expectation ends the test")]

mod failures;
mod key_file;
mod rate_limits;
