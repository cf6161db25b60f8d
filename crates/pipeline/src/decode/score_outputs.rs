//! The outputs that hold a classifier's scores: one for all classes, or one for each.

use std::borrow::Cow;

use ferrocast_engine::{Signature, Tensor, TensorSpec};

use super::{DecodeError, Output, to_f32};

/// Outputs with scores, in the order of the classes.
#[derive(Debug)]
pub(crate) struct ScoreOutputs {
    first: Output,
    /// Where each class has an output of its own: those of the others.
    others: Vec<Output>,
}

impl ScoreOutputs {
    /// One output for all classes.
    pub(crate) fn joint(output: Output) -> ScoreOutputs {
        ScoreOutputs { first: output, others: Vec::new() }
    }

    /// An output for each of `classes` classes, as skl2onnx's ZipMap option "columns" makes them, if it is so.
    pub(crate) fn split(signature: &Signature, classes: usize) -> Option<ScoreOutputs> {
        let outputs = signature.outputs().iter().enumerate();
        let mut columns =
            outputs.filter(|(_, spec)| is_column(spec)).map(|(position, spec)| Output::at(position, spec));
        let first = columns.next()?;
        let others: Vec<Output> = columns.collect();
        (classes > 1 && others.len() + 1 == classes).then_some(ScoreOutputs { first, others })
    }

    /// The output to name in an error.
    pub(crate) fn named(&self) -> &Output {
        &self.first
    }

    /// The scores row by row, and how many each row has.
    pub(crate) fn read<'t>(&self, outputs: &'t [Tensor], rows: usize) -> Result<(Cow<'t, [f32]>, usize), DecodeError> {
        let (scores, width) = floats(&self.first, outputs, rows)?;
        if self.others.is_empty() {
            return Ok((scores, width));
        }
        let mut columns = vec![scores];
        for output in &self.others {
            columns.push(floats(output, outputs, rows)?.0);
        }
        let joined: Vec<f32> =
            (0..rows).flat_map(|row| columns.iter().filter_map(move |column| column.get(row).copied())).collect();
        Ok((joined.into(), columns.len()))
    }
}

/// Whether an output is one score for each row.
fn is_column(spec: &TensorSpec) -> bool {
    spec.dtype.is_float() && spec.row_width() == Some(1)
}

fn floats<'t>(output: &Output, outputs: &'t [Tensor], rows: usize) -> Result<(Cow<'t, [f32]>, usize), DecodeError> {
    let tensor = output.of(outputs)?;
    let width = output.row_width(tensor, rows)?;
    let scores = to_f32(tensor).ok_or_else(|| output.unlike("floats", tensor.describe()))?;
    if width == 0 {
        return Err(output.unlike("a score for each class", tensor.describe()));
    }
    Ok((scores, width))
}
