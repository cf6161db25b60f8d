//! [ONNX Runtime](https://onnxruntime.ai) behind the engine contract, for models that tract cannot run.
//!
//! Nothing of ONNX Runtime is compiled in or downloaded: a [`Runtime`] is its shared library, loaded from a file that the caller
//! names. An [`OrtLoader`] makes engines with it. A load goes through one file each: `loader` (what the file holds, and what is
//! refused), `runtime` (bytes → session), `signature` (what goes in and out), `output` (in which form ONNX Runtime gives it).
//!
//! What a file says beside its graph (classes, categories, the exporter) ONNX Runtime does not tell. The caller brings another
//! loader that does, such as `TractLoader`; only its [`inspect`](ferrocast_engine::EngineLoader::inspect) is called.
//!
//! **Architecture Invariant:** models come from bytes only. Every error and every panic on this side of the C interface leaves this
//! crate as one of the engine contract's typed errors; a crash beyond it ends the process, as in every program with C++ in it.
//! **What is global:** the library and its environment are there once in a process and stay to its end ([`Runtime`]).

mod class_scores;
mod convert;
mod engine;
mod loader;
mod output;
mod runtime;
mod session;
mod signature;

pub use loader::OrtLoader;
pub use runtime::{Runtime, RuntimeError};

/// The README's example, run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
