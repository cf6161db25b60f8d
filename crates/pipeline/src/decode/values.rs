//! Numbers and vectors, taken as the model gives them.

use ferrocast_engine::{Signature, Tensor};
use ferrocast_schema::{Manifest, Number, Prediction, Task};

use super::{DecodeError, Output, to_f32};
use crate::OpenError;

/// Reads the output of a regression or an embedding.
#[derive(Debug)]
pub(crate) struct Values {
    output: Output,
    /// A row with one element is a vector of one all the same.
    always_vector: bool,
}

impl Values {
    /// Picks the output that the manifest names, else the first.
    pub(crate) fn compile(manifest: &Manifest, signature: &Signature) -> Result<Values, OpenError> {
        let first = || signature.outputs().first().map(|spec| spec.name.to_string());
        let name = manifest.output.tensor.clone().or_else(first);
        let name = name.ok_or_else(|| OpenError::Output("the graph has no output".to_owned()))?;
        let (output, _) = Output::named(&name, "tensor", signature)?;
        Ok(Values { output, always_vector: manifest.task != Task::Regression })
    }

    pub(crate) fn decode(&self, outputs: &[Tensor], rows: usize) -> Result<Vec<Prediction>, DecodeError> {
        let tensor = self.output.of(outputs)?;
        let width = self.output.row_width(tensor, rows)?;
        if width == 1 && !self.always_vector {
            return self.single(tensor);
        }
        let values = to_f32(tensor).ok_or_else(|| self.output.unlike("floats", tensor.describe()))?;
        Ok(values.chunks(width.max(1)).map(|row| Prediction::Vector(row.to_vec())).collect())
    }

    fn single(&self, tensor: &Tensor) -> Result<Vec<Prediction>, DecodeError> {
        let numbers: Vec<Number> = match tensor {
            Tensor::F32(array) => array.iter().map(|&value| Number::F32(value)).collect(),
            Tensor::F64(array) => array.iter().map(|&value| Number::F64(value)).collect(),
            Tensor::I64(array) => array.iter().map(|&value| Number::Int(value)).collect(),
            Tensor::I32(array) => array.iter().map(|&value| Number::Int(value.into())).collect(),
            Tensor::Str(array) => array.iter().map(|text| Number::Str(text.as_str().into())).collect(),
            other => return Err(self.output.unlike("numbers", other.describe())),
        };
        Ok(numbers.into_iter().map(Prediction::Value).collect())
    }
}
