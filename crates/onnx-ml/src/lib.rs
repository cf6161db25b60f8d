//! The operators of the `ai.onnx.ml` domain for [tract](tract_onnx): what scikit-learn, XGBoost and LightGBM models
//! are made of once they are exported to ONNX.
//!
//! tract has six of these operators, some of which answer wrongly or not at all. [`register()`] adds the missing ones and
//! takes the place of all it has. It does the same for what else such models use: text, strings, double precision, and
//! two operators of the domain `com.microsoft`:
//!
//! ```
//! let mut onnx = tract_onnx::onnx();
//! ferrocast_onnx_ml::register(&mut onnx);
//! // onnx.model_for_proto_model(…)
//! ```
//!
//! Each operator is one file in `ops`, a `Kernel` that says its output facts and computes its outputs. Where tract is
//! right for some element types only, `by_type` chooses; where its shapes are right and its values are not, `rewired`
//! replaces the computation.
//!
//! **Architecture Invariant:** whatever a file claims is checked when the operator is built: a malformed model is an error,
//! never a panic, an endless loop or a wrong answer.

mod attributes;
mod axes;
mod broadcast;
mod by_type;
mod clamp;
mod double_formula;
mod eager;
mod extreme;
mod formula;
mod functions;
mod ignored;
mod in_range;
mod labels;
mod linear;
mod log_sum_exp;
mod lookup;
mod lu;
mod mapper;
mod nan_keeping;
mod ngrams;
mod nonzero;
mod ops;
mod post_transform;
mod ragged;
mod re2;
mod refused_value;
mod register;
mod rewired;
mod row_program;
mod sequences;
mod svm;
mod tensors;
mod threads;
mod tracts;
mod trees;
mod winner;

pub use clamp::bounds;
pub use functions::inline_functions;
pub use ignored::ignored_attribute;
pub use refused_value::refused;
pub use register::register;
pub use row_program::{Buffer, OthersRows, RowProgram, RowState, RowsOf, View};
pub use sequences::unpack_sequences;
pub use threads::in_threads;
pub use trees::{PackedIntegers, compared_features, is_read_past, mode_byte, mode_name, routes_missing};

/// The README's example, run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
