//! Convolutional networks on one thread, for [tract](tract_onnx): the parts of a graph between its dense layers become
//! one operator each.
//!
//! tract computes a convolution of one pixel as a matrix product, whose operands it packs on every run, and any other by
//! loops over planes. What ONNX Runtime does instead, and others before it (oneDNN, `NCHWc`), pays more than any kernel by
//! itself: channels are kept in blocks of sixteen (`lane.rs`) that lie side by side, from the first convolution to the last. A
//! pixel's sixteen channels are then one vector register, a pointwise convolution is a matrix product whose operands are
//! where they should be, and a depthwise one multiplies vectors without moving any.
//!
//! ```text
//!  region.rs     which nodes of the graph go together        recognise.rs   what a node is
//!  draft.rs      their operations, and which become one
//!  program.rs    operations with buffers, in order           kernel/        what each computes, for one picture
//!  operator.rs   the program as tract runs it
//! ```
//!
//! Kernels are written once, over vectors of sixteen numbers, and compiled for each set of instructions that
//! [`fearless_simd`] knows; the best one that the processor has is found when a graph is compiled. Pictures of a batch are
//! computed one after the other, so answers do not depend on the batch.
//!
//! **Architecture Invariant:** whatever is not understood stays tract's: no model is refused here. **Architecture
//! Invariant:** shapes are checked when a graph is compiled, and again where data come in; values decide nothing.

mod bounds;
mod draft;
mod kernel;
mod lane;
mod operator;
mod packed;
mod program;
mod recognise;
mod region;
mod rows;
mod window;

pub use bounds::Bounds;
pub use region::{BoundsOf, take_over};
pub use rows::{RowsOf, row_wise};

#[cfg(test)]
mod tests;

/// The README's example, run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
