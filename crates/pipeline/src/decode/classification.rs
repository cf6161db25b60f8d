//! Labels and scores to classes with probabilities.

use std::borrow::Cow;

use ferrocast_engine::{ModelHints, Signature, Tensor};
use ferrocast_schema::{Activation, ClassValue, Manifest, Number, Prediction, Scores};

use super::classes::{Class, Classes};
use super::score_outputs::ScoreOutputs;
use super::{DecodeError, Output};
use crate::OpenError;

/// Reads a classifier's outputs.
#[derive(Debug)]
pub(crate) struct Classification {
    scores: Option<ScoreOutputs>,
    label: Option<Output>,
    classes: Classes,
    apply: Activation,
    /// The scores are one column: that of the second of two classes.
    one_column: bool,
    /// The scores are no probabilities.
    raw: bool,
}

impl Classification {
    /// Finds the outputs: the manifest names them, or the file's hints do, or their types tell.
    pub(crate) fn compile(
        manifest: &Manifest,
        signature: &Signature,
        hints: &ModelHints,
    ) -> Result<Classification, OpenError> {
        let roles = hints.class_outputs.as_ref();
        let section = &manifest.output;
        let by_type = |float: bool| {
            let mut outputs = signature.outputs().iter().filter(|spec| spec.dtype.is_float() == float);
            outputs.next().map(|spec| spec.name.to_string())
        };
        let scores = section.tensor.clone();
        let scores = scores.or_else(|| roles.and_then(|r| r.scores.as_deref()).map(str::to_owned));
        let scores = scores.or_else(|| by_type(true));
        let label = section.label_tensor.clone();
        let label = label.or_else(|| roles.and_then(|r| r.label.as_deref()).map(str::to_owned));
        // Scores that the manifest names are enough; an unnamed integer output beside them may be anything.
        let label = label.or_else(|| if section.tensor.is_none() { by_type(false) } else { None });

        let scores = scores.map(|name| Output::named(&name, "tensor", signature)).transpose()?;
        let label = label.map(|name| Output::named(&name, "label_tensor", signature)).transpose()?;
        if let Some((output, spec)) = scores.as_ref().filter(|(_, spec)| !spec.dtype.is_float()) {
            return Err(OpenError::Output(format!("tensor = \"{}\" holds {}, no scores", output.name, spec.dtype)));
        }
        if let Some((output, spec)) = label.as_ref().filter(|(_, spec)| spec.dtype.is_float()) {
            let spec = spec.dtype;
            return Err(OpenError::Output(format!("label_tensor = \"{}\" holds {spec}, no labels", output.name)));
        }
        let width = scores.as_ref().and_then(|(_, spec)| spec.row_width());
        let classes = Classes::new(section, hints, width)?;
        let split = if width == Some(1) { ScoreOutputs::split(signature, classes.len()) } else { None };
        let one_column = width == Some(1) && classes.len() == 2 && split.is_none();
        // Detectors of outliers give a label, -1 or 1, and a distance; nothing says that this is a second class.
        let is_lone = one_column && label.is_some() && roles.is_none_or(|roles| roles.scores.is_none());
        let is_named = !section.classes.is_empty() || !section.labels.is_empty() || hints.classes.is_some();
        let raw = roles.is_some_and(|roles| roles.raw_scores) || (is_lone && !is_named);
        match width {
            Some(width) if split.is_none() && width != classes.len() && !one_column => Err(OpenError::Output(format!(
                "the scores have width {width}, but there are {} classes",
                classes.len()
            ))),
            _ => Ok(Classification {
                scores: split.or_else(|| scores.map(|(output, _)| ScoreOutputs::joint(output))),
                label: label.map(|(output, _)| output),
                classes,
                apply: section.apply,
                one_column,
                raw: section.apply == Activation::None && raw,
            }),
        }
    }

    pub(crate) fn classes(&self) -> &[Class] {
        self.classes.as_slice()
    }

    /// Takes the scores for raw ones if they lie outside of 0 to 1 by more than rounding, where the file does not say. NaN
    /// or infinity tells nothing: a model may have no answer to a made-up row.
    pub(crate) fn learn(&mut self, example: &[Prediction]) {
        let is_probability = |score: &f32| !score.is_finite() || (-1e-3..=1.001).contains(score);
        self.raw |= example.iter().any(|prediction| match prediction {
            Prediction::Class { scores: Scores::Probabilities(scores), .. } => !scores.iter().all(is_probability),
            _ => false,
        });
    }

    pub(crate) fn decode(&self, outputs: &[Tensor], rows: usize) -> Result<Vec<Prediction>, DecodeError> {
        let labels = self.label.as_ref().map(|output| labels(output, output.of(outputs)?, rows)).transpose()?;
        let Some(output) = &self.scores else {
            return Ok(labels.unwrap_or_default().into_iter().map(|label| self.named(label)).collect());
        };
        let (scores, width) = output.read(outputs, rows)?;
        let mut labels = labels.map(Vec::into_iter);
        scores
            .chunks(width)
            .map(|row| {
                let scores = self.scores(row);
                let label = labels.as_mut().and_then(Iterator::next);
                let index = label.as_ref().and_then(|label| self.classes.position(label));
                let index = index.unwrap_or_else(|| argmax(&scores));
                let class = label.or_else(|| self.classes.value(index).cloned()).ok_or_else(|| {
                    output.named().unlike(format!("{} classes", self.classes.len()), format!("{width} scores"))
                })?;
                let scores = if self.raw { Scores::Raw(scores) } else { Scores::Probabilities(scores) };
                Ok(Prediction::Class { index, class, label: self.classes.label(index).cloned(), scores })
            })
            .collect()
    }

    /// A label without scores: a class if it is a known one, else just what the model said.
    fn named(&self, class: ClassValue) -> Prediction {
        match self.classes.position(&class) {
            Some(index) => {
                let label = self.classes.label(index).cloned();
                Prediction::Class { index, class, label, scores: Scores::None }
            }
            None => Prediction::Value(match class {
                ClassValue::Int(value) => Number::Int(value),
                ClassValue::Str(value) => Number::Str(value),
            }),
        }
    }

    /// One for each class.
    fn scores(&self, scores: &[f32]) -> Vec<f32> {
        let mut values = match self.apply {
            Activation::None | Activation::Sigmoid => scores.to_vec(),
            Activation::Softmax => softmax(scores),
        };
        if self.apply == Activation::Sigmoid {
            values.iter_mut().for_each(|value| *value = 1.0 / (1.0 + (-*value).exp()));
        }
        if self.one_column {
            values.insert(0, values.first().map_or(0.0, |second| if self.raw { -second } else { 1.0 - second }));
        }
        values
    }
}

/// The model's own labels, one for each row. Some exports lay them out as one row, so only their number counts.
fn labels(output: &Output, tensor: &Tensor, rows: usize) -> Result<Vec<ClassValue>, DecodeError> {
    if tensor.len() != rows {
        return Err(output.unlike("one label for each row", tensor.describe()));
    }
    let int = |values: &mut dyn Iterator<Item = i64>| values.map(ClassValue::Int).collect();
    Ok(match tensor {
        Tensor::I64(array) => int(&mut array.iter().copied()),
        Tensor::I32(array) => int(&mut array.iter().map(|&value| i64::from(value))),
        Tensor::Bool(array) => int(&mut array.iter().map(|&value| i64::from(value))),
        Tensor::Str(array) => array.iter().map(|text| ClassValue::Str(text.as_str().into())).collect(),
        other => return Err(output.unlike("integers or text", other.describe())),
    })
}

/// The position of the largest value, the first of equals, as numpy's argmax.
fn argmax(values: &[f32]) -> usize {
    let best = values
        .iter()
        .enumerate()
        .fold((0, f32::NEG_INFINITY), |best, (position, &value)| if value > best.1 { (position, value) } else { best });
    best.0
}

/// Exponentials over their sum, shifted by the largest so that none overflows.
fn softmax(scores: &[f32]) -> Vec<f32> {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exponentials: Cow<'_, [f32]> = scores.iter().map(|&score| (score - largest).exp()).collect();
    let sum: f32 = exponentials.iter().sum();
    exponentials.iter().map(|value| value / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::{argmax, softmax};

    #[test]
    fn the_first_of_equal_scores_wins() {
        assert_eq!(argmax(&[0.1, 0.4, 0.4]), 1);
        assert_eq!(argmax(&[f32::NAN, 0.4, 0.3]), 1);
        assert_eq!(argmax(&[]), 0);
    }

    #[test]
    fn softmax_survives_large_scores() {
        assert_eq!(softmax(&[1000.0, 1000.0]), [0.5, 0.5]);
        let sum: f32 = softmax(&[-3.0, 0.5, 2.0]).iter().sum();
        assert!((sum - 1.0).abs() < 1e-6);
    }
}
