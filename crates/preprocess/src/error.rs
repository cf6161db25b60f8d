//! What can go wrong when features are bound to a model's inputs, and when rows are encoded.

use ferrocast_engine::{Dtype, TensorError};

/// Features and graph inputs that do not fit together. Every message says what to change, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Several inputs, no `[[input]]`, and an input without a feature of its name.
    #[error(
        "no feature is named like the model's inputs {}; name the features so, or say with [[input]] which features \
         each takes",
        quoted(inputs)
    )]
    Unmatched {
        /// The inputs that no feature is named after.
        inputs: Vec<String>,
    },
    /// `[[input]]` sections exist, but none for these inputs.
    #[error("[[input]] is missing for {}", quoted(inputs))]
    Unbound {
        /// The inputs without a section.
        inputs: Vec<String>,
    },
    /// An `[[input]]` names a tensor that the model does not have.
    #[error("[[input]] `{tensor}`: the model has no such input; it has {}", quoted(known))]
    UnknownTensor {
        /// The name in the manifest.
        tensor: String,
        /// The model's inputs.
        known: Vec<String>,
    },
    /// Two `[[input]]` sections for one tensor.
    #[error("[[input]] `{tensor}` is given twice")]
    RepeatedTensor {
        /// The name in the manifest.
        tensor: String,
    },
    /// An `[[input]]` names a feature that is not declared.
    #[error("[[input]] `{tensor}`: there is no feature `{feature}`")]
    UnknownFeature {
        /// The graph input.
        tensor: String,
        /// The name in the manifest.
        feature: String,
    },
    /// Features that no input takes: clients would have to send what the model never sees.
    #[error("no input of the model takes {}; remove the feature or list it under [[input]]", quoted(features))]
    Unused {
        /// The features.
        features: Vec<String>,
    },
    /// The input's shape cannot carry rows of columns.
    #[error("input `{tensor}` has the shape {shape}: {reason}")]
    Shape {
        /// The graph input.
        tensor: String,
        /// Its type and shape in words.
        shape: String,
        /// What is in the way.
        reason: &'static str,
    },
    /// The features of an input do not fill it.
    #[error("input `{tensor}` takes {expected} columns a row, but its features fill {got}: {columns}")]
    Width {
        /// The graph input.
        tensor: String,
        /// Columns that the model declares.
        expected: usize,
        /// Columns that the features fill.
        got: usize,
        /// Each feature with the columns that it fills.
        columns: String,
    },
    /// The input's element type cannot hold what the feature becomes.
    #[error("feature `{feature}` does not fit input `{tensor}` of {dtype}: {reason}")]
    Type {
        /// The graph input.
        tensor: String,
        /// Its element type.
        dtype: Dtype,
        /// The feature.
        feature: String,
        /// What does not fit, and what to write instead.
        reason: &'static str,
    },
    /// The feature may be missing, and the input has no way to say so.
    #[error(
        "feature `{feature}` may be missing, which {dtype} of input `{tensor}` cannot express{}; add `impute`",
        if *one_hot { " one-hot" } else { "" }
    )]
    Impute {
        /// The graph input.
        tensor: String,
        /// Its element type.
        dtype: Dtype,
        /// The feature.
        feature: String,
        /// Whether the feature is encoded one-hot.
        one_hot: bool,
    },
    /// The input does not take what `[image]` makes.
    #[error("[image]: {reason}")]
    Pictures {
        /// What does not fit, and what to change.
        reason: String,
    },
    /// A number that the manifest itself gives (`impute`, an ordinal position, a category) is too large or not whole.
    #[error("feature `{feature}`: {what} is no value that {dtype} of input `{tensor}` can hold")]
    Constant {
        /// The graph input.
        tensor: String,
        /// Its element type.
        dtype: Dtype,
        /// The feature.
        feature: String,
        /// The number's name.
        what: &'static str,
    },
}

/// Rows that cannot be encoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A number overflows the input's element type, if only after scaling.
    #[error("row {row}: the value of `{feature}` is out of the range of {dtype}")]
    OutOfRange {
        /// The feature.
        feature: Box<str>,
        /// The row, from 0.
        row: usize,
        /// The element type of the input.
        dtype: Dtype,
    },
    /// The rows were validated against other features than those the encoder was compiled from.
    #[error("the rows do not have the features that this encoder was compiled from")]
    ForeignRows,
    /// The tensor would be larger than memory can address.
    #[error(transparent)]
    Tensor(#[from] TensorError),
}

impl EncodeError {
    /// Whether the caller sent a value that the model cannot take, as opposed to: the program mixed up two schemas.
    pub fn is_caller_fault(&self) -> bool {
        matches!(self, EncodeError::OutOfRange { .. })
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
