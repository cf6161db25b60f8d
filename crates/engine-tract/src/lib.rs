//! The pure-Rust ONNX engine: [tract](https://github.com/sonos/tract) behind the engine contract.
//!
//! A load goes through one file each: `parse` (bytes → protobuf, refusing what cannot be served), `graph` (free axes
//! become symbols), `signature` (what goes in and out), `plans` (compiled graphs, one for each batch size that deserves
//! its own). `hints` reads what the file says beside the graph.
//!
//! **Architecture Invariant:** models come from bytes only; no file is opened here. Every error and every panic of tract
//! leaves this crate as one of the engine contract's typed errors.
//!
//! ```
//! use ferrocast_engine::{EngineLoader, LoadOptions, ModelSource, Tensor};
//! use ferrocast_engine_tract::TractLoader;
//! # let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../testkit/models");
//! # let path = format!("{models}/mlp.onnx");
//!
//! // let path = "model.onnx";
//! let bytes = std::fs::read(path)?;
//! let source = ModelSource { name: "model.onnx", bytes: &bytes };
//! let engine = TractLoader::new().load(source, &LoadOptions::default())?;
//! let outputs = engine.infer(&[Tensor::from_vec(&[1, 4], vec![5.1f32, 3.5, 1.4, 0.2])?])?;
//! assert_eq!(outputs[0].shape(), [1, 3]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod convert;
mod engine;
mod graph;
mod hints;
mod inspect;
mod loader;
mod looked_up;
mod parse;
mod plans;
mod protobuf;
mod row_layout;
mod session;
mod signature;

pub use loader::TractLoader;

/// The README's example, run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
