//! Output tensors to predictions.

mod class_scores;
mod classes;
mod classification;
mod labels;
mod score_outputs;
mod targets;
mod values;

use std::sync::Arc;

use ferrocast_engine::{ModelHints, Signature, Tensor, TensorSpec};
use ferrocast_schema::{Manifest, Prediction, Task};

use crate::OpenError;
pub use classes::Class;
use classification::Classification;
use targets::Targets;
use values::Values;

/// Outputs that are not what the signature says.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[error("the model answered {got} for the output `{output}`, expected {expected}")]
pub struct DecodeError {
    /// The output.
    pub output: String,
    /// What was to be there.
    pub expected: String,
    /// What is there.
    pub got: String,
}

/// Reads the outputs as the manifest's task wants.
#[derive(Debug)]
pub(crate) enum Decoder {
    Classification(Classification),
    Targets(Targets),
    Values(Values),
}

impl Decoder {
    /// Picks the outputs and checks them against the manifest.
    pub(crate) fn compile(
        manifest: &Manifest,
        signature: &Signature,
        hints: &ModelHints,
    ) -> Result<Decoder, OpenError> {
        match manifest.task {
            Task::Classification => match Targets::compile(manifest, signature, hints)? {
                Some(targets) => Ok(Decoder::Targets(targets)),
                None => Classification::compile(manifest, signature, hints).map(Decoder::Classification),
            },
            Task::Regression | Task::Embedding | Task::Tensor => {
                Values::compile(manifest, signature).map(Decoder::Values)
            }
            Task::ImageClassification => {
                let classification = Classification::compile(manifest, signature, hints)?;
                if classification.has_scores() {
                    Ok(Decoder::Classification(classification))
                } else {
                    Err(OpenError::Output(
                        "a model of pictures has a score for each class; this one has none".to_owned(),
                    ))
                }
            }
        }
    }

    /// What a classifier of one label chooses from; nothing for others.
    pub(crate) fn classes(&self) -> &[Class] {
        match self {
            Decoder::Classification(classification) => classification.classes(),
            Decoder::Targets(_) | Decoder::Values(_) => &[],
        }
    }

    /// What these classes are called, no two alike.
    pub(crate) fn class_names(&self) -> &[Arc<str>] {
        match self {
            Decoder::Classification(classification) => classification.names(),
            Decoder::Targets(_) | Decoder::Values(_) => &[],
        }
    }

    /// What a classifier of several labels chooses each from; nothing for others.
    pub(crate) fn targets(&self) -> Vec<&[Class]> {
        match self {
            Decoder::Targets(targets) => targets.classes(),
            Decoder::Classification(_) | Decoder::Values(_) => Vec::new(),
        }
    }

    /// Looks at the answer to the example for what the file does not say.
    pub(crate) fn learn(&mut self, example: &[Prediction]) {
        match self {
            Decoder::Classification(classification) => classification.learn(example),
            Decoder::Targets(targets) => targets.learn(example),
            Decoder::Values(_) => {}
        }
    }

    /// One prediction for each row.
    pub(crate) fn decode(&self, outputs: &[Tensor], rows: usize) -> Result<Vec<Prediction>, DecodeError> {
        match self {
            Decoder::Classification(classification) => classification.decode(outputs, rows),
            Decoder::Targets(targets) => targets.decode(outputs, rows),
            Decoder::Values(values) => values.decode(outputs, rows),
        }
    }
}

/// One graph output: where it is and what it holds.
#[derive(Debug, Clone)]
struct Output {
    position: usize,
    name: String,
}

impl Output {
    fn at(position: usize, spec: &TensorSpec) -> Output {
        Output { position, name: spec.name.to_string() }
    }

    /// The output of this name.
    fn named<'s>(name: &str, key: &str, signature: &'s Signature) -> Result<(Output, &'s TensorSpec), OpenError> {
        let mut outputs = signature.outputs().iter().enumerate();
        let found = outputs.find(|(_, spec)| *spec.name == *name);
        found.map(|(position, spec)| (Output::at(position, spec), spec)).ok_or_else(|| {
            let known: Vec<&str> = signature.outputs().iter().map(|spec| &*spec.name).collect();
            OpenError::Output(format!("{key} = \"{name}\": the graph has no such output; it has {}", known.join(", ")))
        })
    }

    /// The tensor among a run's outputs.
    fn of<'t>(&self, outputs: &'t [Tensor]) -> Result<&'t Tensor, DecodeError> {
        outputs.get(self.position).ok_or_else(|| self.unlike("a tensor", "nothing".to_owned()))
    }

    fn unlike(&self, expected: impl Into<String>, got: String) -> DecodeError {
        DecodeError { output: self.name.clone(), expected: expected.into(), got }
    }

    /// The elements of one row, if the tensor divides into `rows` rows.
    fn row_width(&self, tensor: &Tensor, rows: usize) -> Result<usize, DecodeError> {
        let fits = rows > 0 && tensor.len().is_multiple_of(rows) && tensor.shape().first().is_none_or(|&n| n == rows);
        if fits { Ok(tensor.len() / rows) } else { Err(self.unlike(format!("{rows} rows"), tensor.describe())) }
    }
}

/// The values as single precision, whatever float they are.
fn to_f32(tensor: &Tensor) -> Option<std::borrow::Cow<'_, [f32]>> {
    if let Some(singles) = tensor.as_slice::<f32>() {
        return Some(singles.into());
    }
    #[allow(clippy::cast_possible_truncation, reason = "probabilities are told in single precision")]
    tensor.as_slice::<f64>().map(|doubles| doubles.iter().map(|&value| value as f32).collect())
}
