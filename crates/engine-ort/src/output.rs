//! In which form ONNX Runtime gives an output, and what becomes of it.

use ferrocast_engine::{Classes, Dim, EngineError, LoadError, ModelHints, Tensor, TensorSpec};
use ort::value::{DynValue, Outlet, TensorElementType, ValueType};

use crate::{class_scores, convert};

/// The form of an output.
pub(crate) enum Output {
    /// A tensor.
    Tensor,
    /// A map for each row, from class to score, as a `ZipMap` makes them: one column for each class, in this order.
    Scores(Classes),
}

impl Output {
    /// The form of `outlet`.
    ///
    /// # Errors
    /// [`LoadError::Shape`] for what is neither a tensor nor the scores of classes that the file names.
    pub(crate) fn of(outlet: &Outlet, hints: &ModelHints) -> Result<Output, LoadError> {
        let wrong = |reason: String| LoadError::Shape { tensor: outlet.name().into(), reason };
        let ValueType::Sequence(element) = outlet.dtype() else { return Ok(Output::Tensor) };
        let ValueType::Map { key, value: TensorElementType::Float32 } = **element else {
            return Err(wrong(format!(
                "{} is not served; the engine tract serves sequences of tensors",
                outlet.dtype()
            )));
        };
        match (class_scores::classes(outlet.name(), hints), key) {
            (Some(classes @ Classes::Int(_)), TensorElementType::Int64)
            | (Some(classes @ Classes::Str(_)), TensorElementType::String) => Ok(Output::Scores(classes.clone())),
            _ => Err(wrong(format!("it is {}, and the file does not name its classes", outlet.dtype()))),
        }
    }

    /// Our tensor of `value`, which a run of `rows` rows gave.
    ///
    /// # Errors
    /// [`EngineError::Backend`] if it is not what `spec` says: rows that do not belong to those that went in must reach nobody.
    pub(crate) fn read(&self, value: &DynValue, rows: usize, spec: &TensorSpec) -> Result<Tensor, EngineError> {
        let tensor = match self {
            Output::Tensor => convert::from_ort(value),
            Output::Scores(classes) => class_scores::read(value, classes),
        };
        let tensor = tensor.map_err(EngineError::Backend)?;
        let fits = |(dim, &size): (&Dim, &usize)| match dim {
            Dim::Fixed(wanted) => *wanted == size,
            Dim::Batch => size == rows,
            Dim::Dynamic(_) => true,
        };
        let is_as_declared = tensor.dtype() == spec.dtype
            && tensor.shape().len() == spec.shape.len()
            && spec.shape.iter().zip(tensor.shape()).all(fits);
        if is_as_declared {
            return Ok(tensor);
        }
        let (name, got) = (&spec.name, tensor.describe());
        Err(EngineError::Backend(format!("the file declares {spec} for `{name}`, and {rows} rows made {got}").into()))
    }
}
