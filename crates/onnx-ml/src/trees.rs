//! Tree ensembles: from the lists of an ONNX node to forests that run fast and cannot go wrong.
//!
//! The way of a model file through this module:
//!
//! 1. [`lists`] reads the node's attributes, parallel lists of nodes and of votes, and checks their lengths.
//! 2. [`compile`] checks what they say (ids that exist, no cycles, votes in range) and lays the forest out.
//! 3. [`forest`] is that layout. A [`forest::Forest`] is correct by construction: walks end, indices are in range.
//! 4. [`walk`] runs rows through a forest and sums the votes. It is the hot loop, and all of it.
//! 5. [`ensemble`] picks the precision, and is what the operators see.

mod compile;
mod ensemble;
mod forest;
mod lists;
mod rule;
mod walk;

pub(crate) use ensemble::Ensemble;
pub(crate) use lists::{Lists, Prefix};
pub(crate) use walk::Aggregate;
