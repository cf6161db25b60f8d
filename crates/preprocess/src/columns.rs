//! Rows to tensors: the encoder that a manifest's features and a model's signature are compiled into.

use ferrocast_engine::{Dtype, Signature, Tensor, TensorSpec};
use ferrocast_schema::{Carrier, Feature, InputBinding, Rows};

use crate::bind::assign;
use crate::carrier::carrier;
use crate::scalar::Cell;
use crate::shape::row_shape;
use crate::step::Step;
use crate::text::TextStep;
use crate::{BindError, EncodeError};

/// Turns validated rows into the tensors that a model takes.
///
/// Shareable between threads: encoding changes nothing in it.
#[derive(Debug)]
pub struct ColumnEncoder {
    inputs: Vec<Input>,
    carriers: Vec<Carrier>,
}

impl ColumnEncoder {
    /// An encoder of `features` for the inputs of `signature`.
    ///
    /// `bindings` are the manifest's `[[input]]` sections. Without any, a model of one input takes all features in
    /// their order, and a model of several takes for each input the feature of its name; names may differ by
    /// underscores in place of spaces and dots.
    ///
    /// # Errors
    /// A [`BindError`] that names the tensor, the features, and the line of the manifest to change.
    pub fn compile(
        features: &[Feature],
        bindings: &[InputBinding],
        signature: &Signature,
    ) -> Result<ColumnEncoder, BindError> {
        let assigned = assign(features, bindings, signature)?;
        let inputs = signature
            .inputs()
            .iter()
            .zip(&assigned)
            .map(|(spec, indices)| {
                let taken: Vec<_> = indices.iter().filter_map(|index| Some((*index, features.get(*index)?))).collect();
                Input::compile(spec, &taken)
            })
            .collect::<Result<_, _>>()?;
        let carriers = features.iter().enumerate().map(|(index, feature)| {
            let taking = signature.inputs().iter().zip(&assigned).filter(|(_, taken)| taken.contains(&index));
            carrier(feature, taking.map(|(spec, _)| spec.dtype))
        });
        Ok(ColumnEncoder { inputs, carriers: carriers.collect() })
    }

    /// For each feature, what the tensors that it feeds can hold: for [`ferrocast_schema::SchemaOptions`], so that
    /// validation refuses a number that would overflow.
    pub fn carriers(&self) -> Vec<Carrier> {
        self.carriers.clone()
    }

    /// The tensors of `rows`, in the signature's order, each `[rows, …]`; no rows give tensors without elements.
    ///
    /// For a model whose first axis is fixed at 1 encode one row at a time, or split the tensors.
    ///
    /// # Errors
    /// [`EncodeError::OutOfRange`] if a number overflows its tensor's type, which validation with
    /// [`ColumnEncoder::carriers`] leaves possible only for scaled numbers; [`EncodeError::ForeignRows`] if the rows
    /// come from other features.
    pub fn encode(&self, rows: &Rows) -> Result<Vec<Tensor>, EncodeError> {
        let mut tensors = Vec::with_capacity(self.inputs.len());
        self.encode_into(rows, &mut tensors)?;
        Ok(tensors)
    }

    /// The same into tensors that were encoded here before, or into none: their memory is used again where there are as many
    /// rows.
    ///
    /// # Errors
    /// As [`ColumnEncoder::encode`]; what is in `tensors` then is of no rows.
    pub fn encode_into(&self, rows: &Rows, tensors: &mut Vec<Tensor>) -> Result<(), EncodeError> {
        if rows.columns().len() != self.carriers.len() {
            return Err(EncodeError::ForeignRows);
        }
        tensors.resize_with(self.inputs.len(), Tensor::default);
        self.inputs.iter().zip(tensors).try_for_each(|(input, tensor)| input.encode(rows, tensor))
    }
}

/// One input of the model and the features that fill it.
#[derive(Debug)]
struct Input {
    dtype: Dtype,
    /// The axes behind the row axis.
    row_shape: Vec<usize>,
    /// Elements per row, at least 1.
    stride: usize,
    steps: Steps,
}

#[derive(Debug)]
enum Steps {
    Numbers(Vec<Step>),
    Text(Vec<TextStep>),
}

impl Input {
    fn compile(spec: &TensorSpec, features: &[(usize, &Feature)]) -> Result<Input, BindError> {
        let mut stride = 0;
        let steps = if spec.dtype == Dtype::Str {
            stride = features.len();
            let steps = features
                .iter()
                .enumerate()
                .map(|(column, (index, feature))| TextStep::compile(feature, *index, column, spec));
            Steps::Text(steps.collect::<Result<_, _>>()?)
        } else {
            let steps = features.iter().map(|(index, feature)| {
                let step = Step::compile(feature, *index, stride, spec)?;
                stride = step.end();
                Ok(step)
            });
            Steps::Numbers(steps.collect::<Result<_, _>>()?)
        };
        let row_shape = row_shape(spec, stride, || steps.describe())?;
        Ok(Input { dtype: spec.dtype, row_shape, stride, steps })
    }

    fn encode(&self, rows: &Rows, tensor: &mut Tensor) -> Result<(), EncodeError> {
        match &self.steps {
            Steps::Text(steps) => {
                let buffer = tensor.refill(rows.len(), &self.row_shape, String::new())?;
                steps.iter().try_for_each(|step| step.write(buffer, self.stride, rows.columns()))
            }
            Steps::Numbers(steps) => match self.dtype {
                Dtype::Bool => self.numbers::<bool>(steps, rows, tensor),
                Dtype::U8 => self.numbers::<u8>(steps, rows, tensor),
                Dtype::U16 => self.numbers::<u16>(steps, rows, tensor),
                Dtype::U32 => self.numbers::<u32>(steps, rows, tensor),
                Dtype::U64 => self.numbers::<u64>(steps, rows, tensor),
                Dtype::I8 => self.numbers::<i8>(steps, rows, tensor),
                Dtype::I16 => self.numbers::<i16>(steps, rows, tensor),
                Dtype::I32 => self.numbers::<i32>(steps, rows, tensor),
                Dtype::I64 => self.numbers::<i64>(steps, rows, tensor),
                Dtype::F32 => self.numbers::<f32>(steps, rows, tensor),
                Dtype::F64 => self.numbers::<f64>(steps, rows, tensor),
                _ => Err(EncodeError::ForeignRows),
            },
        }
    }

    fn numbers<T: Cell>(&self, steps: &[Step], rows: &Rows, tensor: &mut Tensor) -> Result<(), EncodeError> {
        let buffer = tensor.refill(rows.len(), &self.row_shape, T::default())?;
        steps.iter().try_for_each(|step| step.write(buffer, self.stride, rows.columns()))
    }
}

impl Steps {
    /// Each feature and the columns that it fills.
    fn describe(&self) -> String {
        let words: Vec<String> = match self {
            Steps::Numbers(steps) => steps.iter().map(Step::describe).collect(),
            Steps::Text(steps) => steps.iter().map(TextStep::describe).collect(),
        };
        words.join(", ")
    }
}

#[cfg(test)]
mod tests;
