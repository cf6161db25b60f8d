//! Every operator against hand-computed answers, real exports against ONNX Runtime's, and hostile files.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails should panic"
)]

mod arithmetic;
mod compress;
mod corrected;
mod distances;
mod doubles;
mod encoders;
mod exports;
mod features;
mod functions;
mod harness;
mod hostile_attributes;
mod hostile_trees;
mod if_else;
mod indices;
mod linear;
mod log_sums;
mod main_domain;
mod missing;
mod optional_outputs;
mod solve;
mod svm;
mod symbolic_batch;
mod text;
mod tree_classifier;
mod tree_ensemble;
mod tree_regressor;
mod tree_walks;
mod trees;
mod unique;
