//! What can go wrong with a tensor, while a model loads, and while it runs.

use std::any::Any;

/// The cause below one of this crate's errors, as the backend worded it. For the log, not for clients.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A tensor that cannot be built, joined or split.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TensorError {
    /// The data does not fill the shape, or the shape's product overflows.
    #[error("{len} values do not fill the shape {shape:?}")]
    Length {
        /// The wanted shape.
        shape: Vec<usize>,
        /// The number of values given.
        len: usize,
    },
    /// Tensors of different element type or different trailing shape cannot share an axis 0.
    #[error("cannot join {got} to {expected}")]
    Join {
        /// Type and shape of the first tensor.
        expected: String,
        /// Type and shape of the one that does not fit.
        got: String,
    },
    /// The rows asked for are not the rows there are.
    #[error("cannot split {rows} rows into parts that sum to {parts}")]
    Split {
        /// Rows of the tensor (0 for a scalar).
        rows: usize,
        /// The sum of the parts.
        parts: usize,
    },
    /// Nothing to join.
    #[error("cannot join an empty list of tensors")]
    Empty,
}

/// A model that cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The graph uses operators that the backend does not have: all of them, as `domain:Operator`, sorted.
    #[error("unsupported operators: {}", ops.join(", "))]
    Unsupported {
        /// The operators, sorted and without duplicates.
        ops: Vec<String>,
    },
    /// The bytes are not a model, or one that contradicts itself.
    #[error("not a valid model: {0}")]
    Malformed(#[source] BoxError),
    /// A tensor's shape or type is one that the backend cannot work with.
    #[error("tensor `{tensor}`: {reason}")]
    Shape {
        /// The tensor's name in the graph.
        tensor: Box<str>,
        /// What is wrong with it.
        reason: String,
    },
    /// The model is refused by a rule of ours, such as "no external data".
    #[error("refused: {0}")]
    Refused(String),
    /// The backend panicked while it loaded the model. The text is the panic's message.
    #[error("the engine panicked while loading the model: {0}")]
    Panicked(String),
}

/// A run that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// An input does not fit the signature.
    #[error("input `{name}`: expected {expected}, got {got}")]
    Input {
        /// The input's name in the signature.
        name: Box<str>,
        /// What the signature asks for.
        expected: String,
        /// What was given.
        got: String,
    },
    /// The number of inputs differs from the signature's.
    #[error("expected {expected} inputs, got {got}")]
    InputCount {
        /// Inputs in the signature.
        expected: usize,
        /// Inputs given.
        got: usize,
    },
    /// An operator of the model does not take a value that it was given, or that was made of those given.
    #[error("the model refuses a value: {0}")]
    Value(String),
    /// The backend refused or failed the run.
    #[error("the engine failed: {0}")]
    Backend(#[source] BoxError),
    /// The backend panicked; the session that ran is gone. The text is the panic's message.
    #[error("the engine panicked: {0}")]
    Panicked(String),
}

impl LoadError {
    /// The error for a panic that a backend caught, from what `catch_unwind` gave.
    pub fn from_panic(panic: &(dyn Any + Send)) -> LoadError {
        LoadError::Panicked(panic_message(panic))
    }
}

/// Rows that do not join or split on the way into a run or out of it.
impl From<TensorError> for EngineError {
    fn from(cause: TensorError) -> EngineError {
        EngineError::Backend(cause.into())
    }
}

impl EngineError {
    /// The error for a panic that was caught, from what `catch_unwind` gave.
    pub fn from_panic(panic: &(dyn Any + Send)) -> EngineError {
        EngineError::Panicked(panic_message(panic))
    }

    /// Whether the caller sent wrong tensors, or values that the model does not take, as opposed to: the model or the backend failed.
    pub fn is_caller_fault(&self) -> bool {
        matches!(self, EngineError::Input { .. } | EngineError::InputCount { .. } | EngineError::Value(_))
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}
