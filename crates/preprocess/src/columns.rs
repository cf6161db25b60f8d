//! Rows to tensors: the encoder that a manifest's features and a model's signature are compiled into.

use ferrocast_engine::{Dtype, Signature, Tensor, TensorError, TensorSpec};
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
        if rows.columns().len() != self.carriers.len() {
            return Err(EncodeError::ForeignRows);
        }
        self.inputs.iter().map(|input| input.encode(rows)).collect()
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

    fn encode(&self, rows: &Rows) -> Result<Tensor, EncodeError> {
        let Some(len) = rows.len().checked_mul(self.stride) else {
            let shape = [&[rows.len()], self.row_shape.as_slice()].concat();
            return Err(TensorError::Length { shape, len: usize::MAX }.into());
        };
        match &self.steps {
            Steps::Text(steps) => {
                let mut buffer = vec![String::new(); len];
                for step in steps {
                    step.write(&mut buffer, self.stride, rows.columns())?;
                }
                Ok(Tensor::from_rows(rows.len(), &self.row_shape, buffer)?)
            }
            Steps::Numbers(steps) => match self.dtype {
                Dtype::Bool => self.numbers::<bool>(steps, rows, len),
                Dtype::U8 => self.numbers::<u8>(steps, rows, len),
                Dtype::U16 => self.numbers::<u16>(steps, rows, len),
                Dtype::U32 => self.numbers::<u32>(steps, rows, len),
                Dtype::U64 => self.numbers::<u64>(steps, rows, len),
                Dtype::I8 => self.numbers::<i8>(steps, rows, len),
                Dtype::I16 => self.numbers::<i16>(steps, rows, len),
                Dtype::I32 => self.numbers::<i32>(steps, rows, len),
                Dtype::I64 => self.numbers::<i64>(steps, rows, len),
                Dtype::F32 => self.numbers::<f32>(steps, rows, len),
                Dtype::F64 => self.numbers::<f64>(steps, rows, len),
                _ => Err(EncodeError::ForeignRows),
            },
        }
    }

    fn numbers<T: Cell>(&self, steps: &[Step], rows: &Rows, len: usize) -> Result<Tensor, EncodeError> {
        let mut buffer = vec![T::default(); len];
        for step in steps {
            step.write(&mut buffer, self.stride, rows.columns())?;
        }
        Ok(Tensor::from_rows(rows.len(), &self.row_shape, buffer)?)
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
