//! What a model file says of itself, read without loading it.

use std::collections::BTreeMap;

use crate::{ModelHints, TensorSpec};

/// What a model file says of itself. Made for people who ask why a model does not load.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspection {
    /// The declared inputs. A free first axis counts as the batch.
    pub inputs: Vec<TensorSpec>,
    /// The names of the outputs. Their declared shapes are not repeated here, because exporters get them wrong.
    pub outputs: Vec<Box<str>>,
    /// How often each operator occurs, as `domain:Operator`; those of the main domain stand without it.
    pub operators: BTreeMap<String, usize>,
    /// The operators that the backend cannot run.
    pub unsupported: Vec<String>,
    /// Labels, categories, exporter, operator-set versions.
    pub hints: ModelHints,
}
