//! What the tests of several crates share: a scripted engine, the engine contract suite, the small models it runs, a
//! Redis, and certificates.
//!
//! Not published. It is also where the examples of the repository's documents are compiled and run, as it may use every crate
//! in its own tests. The models under `models/` are made by `models/train/test_models.py` of the repository.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation ends the test"
)]

mod authority;
mod contract_suite;
mod crafted_pictures;
mod fake_engine;
mod models;
mod mutate;
mod redis_server;

pub use authority::{Authority, Pair};
pub use contract_suite::engine_suite;
pub use crafted_pictures::{
    exif_orientation, jpeg_marker, jpeg_of_size, jpeg_with_scans, jpeg_with_segments, lossless_frame, lossless_stream,
    lossy_frame, png, png_head, png_of, webp_head, webp_of,
};
pub use fake_engine::{FakeEngine, FakeLoader};
pub use models::{SMALL_MODELS, SMALL_PICTURES, small_model, small_picture};
pub use mutate::Mutator;
pub use redis_server::{RedisServer, free_port};

/// The README's example, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// The examples of the guide, run.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/embedding.md")]
struct Embedding;
