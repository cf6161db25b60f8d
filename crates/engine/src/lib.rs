//! Tensors, signatures and the contract between a model server and an inference engine.
//!
//! This crate holds the words that every backend and every caller agree on: a [`Tensor`] of one of twelve element
//! types, the [`Signature`] that a loaded model declares, and two traits. An [`EngineLoader`] turns model bytes into an
//! [`InferenceEngine`], which is immutable and shared; an [`EngineSession`] is the mutable scratchpad of one run at a
//! time. Splitting the two lets a backend whose run is not thread safe fit without a lock, and costs the others nothing.
//!
//! Everything is synchronous: inference is processor work, and an async contract would only force a runtime on whoever
//! embeds a model.
//!
//! **Architecture Invariant:** no I/O of its own (bytes come from a reader), no threads, no async, no serialisation and no global state. The only foreign
//! types in the public API are those of `ndarray`.
//!
//! ```
//! use ferrocast_engine::{Dim, Dtype, Signature, Tensor, TensorSpec};
//!
//! let spec = TensorSpec::new("x", Dtype::F32, vec![Dim::Batch, Dim::Fixed(2)]);
//! let signature = Signature::new(vec![spec], vec![]);
//! let x = Tensor::from_vec(&[3, 2], vec![0f32; 6])?;
//! assert_eq!(signature.check(&[x])?, 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod contract;
mod error;
mod hints;
mod inspection;
mod model_bytes;
mod session_pool;
mod signature;
mod tensor;
mod workspace;

pub use contract::{EngineLoader, EngineSession, InferenceEngine, LoadOptions, ModelSource};
pub use error::{BoxError, EngineError, LoadError, TensorError};
pub use hints::{CategoryHint, CategoryValues, ClassOutputs, Classes, ColumnHint, ModelHints, TargetHint};
pub use inspection::Inspection;
pub use model_bytes::ModelBytes;
pub use session_pool::SessionPool;
pub use signature::{Dim, Signature, TensorSpec};
pub use tensor::{Dtype, Element, Tensor};
pub use workspace::Workspace;

/// The README's example, run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
