//! Tests of the public interface.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod arbitrary;
mod hostile;
mod manifest;
mod openapi;
mod pydantic;
mod requests;
mod rows;
mod triton;
