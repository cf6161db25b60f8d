//! The HTTP edge: actix-web routes over the serving layer.
//!
//! This crate turns requests into calls of `ferrocast-serving` and answers into responses, and nothing else: what a
//! model accepts, computes and answers is decided below. It owns configuration, the API description and the
//! documentation pages, because these are about how the service is reached.
//!
//! ```no_run
//! use ferrocast_server::{Config, Flags, run};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = Config::load(Flags::default())?;
//! run(config)?;
//! # Ok(())
//! # }
//! ```
//!
//! [`Server::start`] is the same as a part of another program, with engines of its own; the
//! [README](https://crates.io/crates/ferrocast-server) shows it.
//!
//! **Architecture Invariant:** handlers hold no logic. **Architecture Invariant:** every answer is ours: no extractor, no unknown
//! path and no panic answers with the words of a library. **Architecture Invariant:** nothing is fetched from another host.

mod app;
mod config;
mod engines;

mod access;
mod answers;
mod body_budget;
mod connections;
mod content_encoding;
mod counting;
mod dialect;
mod error;
mod extract;
mod lap;
mod lifecycle;
mod listen;
mod middleware;
mod question;
mod reply;
mod reporting;
mod routes;
mod server_timing;
mod state;
mod tasks;
mod tls;
mod trial;

mod assets;
mod openapi;

mod greeting;
mod shutdown;
mod systemd;

pub mod documents;
mod offline;

pub use app::{RunError, Server, run};
pub use config::{
    AdminConfig, AllowedOrigin, AuthConfig, CacheConfig, CallbacksConfig, Config, ConfigError, CorsConfig, Flags,
    Limits, LogConfig, MetricsConfig, ModelControl, ModelsConfig, OnnxRuntimeConfig, Problem, RateConfig, RedisConfig,
    Secret, ServerConfig, Sources, TaskStoreKind, TasksConfig, TlsConfig,
};
pub use engines::loaders;
pub use ferrocast_engine::Inspection;
pub use offline::{inspect, predict_once};
pub use trial::TrialLimits;

/// The README's example, run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
