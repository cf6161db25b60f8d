//! An operator's refusal of a value, told apart from its other failures: who sent the value can send another.

use tract_onnx::prelude::TractError;

/// A value that an operator does not take, such as one that is in no category. [`refused`] finds it in an error.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct RefusedValue(pub(crate) String);

/// Returns from a run with a refusal of this text.
macro_rules! refuse {
    ($($text:tt)*) => {
        return Err($crate::refused_value::RefusedValue(format!($($text)*)).into())
    };
}
pub(crate) use refuse;

/// Why a run refused a value of its inputs, or one made of them, if that is how it ended: operator and value in words.
pub fn refused(error: &TractError) -> Option<String> {
    error.chain().find_map(|cause| cause.downcast_ref()).map(|RefusedValue(why)| why.clone())
}
