//! Tree ensembles: from the lists of an ONNX node to forests that run fast and cannot go wrong.
//!
//! The way of a model file through this module:
//!
//! 1. [`lists`] reads the node's attributes, parallel lists of nodes and of votes, and checks their lengths.
//! 2. [`compile`] checks what they say (ids that exist, no cycles, votes in range) and lays the forest out.
//! 3. [`forest`] is that layout. A [`forest::Forest`] is correct by construction: walks end, indices are in range.
//! 4. [`walk`] takes rows down the trees of a forest; [`shallow`] is the faster way for small trees, in a layout of its
//!    own. These are the hot loops, and all of them.
//! 5. [`scores`] chooses between them and makes scores of the votes.
//! 6. [`ensemble`] picks the precision, and is what the operators see.

mod compile;
mod ensemble;
mod forest;
mod lists;
mod real;
mod rule;
mod scores;
mod shallow;
mod walk;

pub(crate) use ensemble::Ensemble;
pub(crate) use lists::{Lists, Prefix};
pub(crate) use scores::Aggregate;
