//! The labels that a tensor holds, where they are.

use ferrocast_engine::Tensor;
use ferrocast_schema::ClassValue;

use super::{DecodeError, Output};

/// Integers or text, in the order of the tensor.
#[derive(Debug, Clone, Copy)]
pub(super) enum Labels<'t> {
    I64(&'t [i64]),
    I32(&'t [i32]),
    Bool(&'t [bool]),
    Str(&'t [String]),
}

/// One of them.
#[derive(Debug, Clone, Copy)]
pub(super) enum Label<'t> {
    Int(i64),
    Str(&'t str),
}

impl<'t> Labels<'t> {
    /// Those of an output.
    ///
    /// # Errors
    /// If it holds other things than labels.
    pub(super) fn of(output: &Output, tensor: &'t Tensor) -> Result<Labels<'t>, DecodeError> {
        let labels = match tensor {
            Tensor::I64(array) => array.as_slice().map(Labels::I64),
            Tensor::I32(array) => array.as_slice().map(Labels::I32),
            Tensor::Bool(array) => array.as_slice().map(Labels::Bool),
            Tensor::Str(array) => array.as_slice().map(Labels::Str),
            _ => None,
        };
        labels.ok_or_else(|| output.unlike("integers or text", tensor.describe()))
    }

    /// The one at this position.
    pub(super) fn get(self, position: usize) -> Option<Label<'t>> {
        Some(match self {
            Labels::I64(labels) => Label::Int(*labels.get(position)?),
            Labels::I32(labels) => Label::Int(i64::from(*labels.get(position)?)),
            Labels::Bool(labels) => Label::Int(i64::from(*labels.get(position)?)),
            Labels::Str(labels) => Label::Str(labels.get(position)?),
        })
    }
}

impl Label<'_> {
    /// Whether this class is meant.
    pub(super) fn is(self, class: &ClassValue) -> bool {
        match (self, class) {
            (Label::Int(label), ClassValue::Int(class)) => label == *class,
            (Label::Str(label), ClassValue::Str(class)) => *label == **class,
            (Label::Int(_), ClassValue::Str(_)) | (Label::Str(_), ClassValue::Int(_)) => false,
        }
    }

    /// As a class of its own.
    pub(super) fn to_value(self) -> ClassValue {
        match self {
            Label::Int(label) => ClassValue::Int(label),
            Label::Str(label) => ClassValue::Str(label.into()),
        }
    }
}
