//! A label and scores for each row to a class with probabilities.

use std::sync::Arc;

use ferrocast_engine::{ModelHints, Signature, Tensor, TensorSpec};
use ferrocast_schema::{Manifest, Number, OutputSection, Prediction, Scores};

use super::class_scores::ClassScores;
use super::classes::{Class, Classes};
use super::labels::{Label, Labels};
use super::score_outputs::ScoreOutputs;
use super::{DecodeError, Output};
use crate::OpenError;

/// Reads a classifier's outputs.
#[derive(Debug)]
pub(crate) struct Classification {
    scores: Option<ScoreOutputs>,
    label: Option<Output>,
    classes: Classes,
    reading: ClassScores,
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
        let scores = section.tensor.clone();
        let scores = scores.or_else(|| roles.and_then(|r| r.scores.as_deref()).map(str::to_owned));
        let scores = scores.or_else(|| first_output(signature, true));
        let scores = scores.map(|name| Output::named(&name, "tensor", signature)).transpose()?;
        let label = label_output(section, signature, hints)?;
        if let Some((output, spec)) = scores.as_ref().filter(|(_, spec)| !spec.dtype.is_float()) {
            return Err(OpenError::Output(format!("tensor = \"{}\" holds {}, no scores", output.name, spec.dtype)));
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
                reading: ClassScores::new(section.apply, one_column, raw),
            }),
        }
    }

    pub(crate) fn classes(&self) -> &[Class] {
        self.classes.as_slice()
    }

    pub(crate) fn has_scores(&self) -> bool {
        self.scores.is_some()
    }

    pub(crate) fn names(&self) -> &[Arc<str>] {
        self.classes.names()
    }

    /// Takes the scores for raw ones if the example's are, where the file does not say.
    pub(crate) fn learn(&mut self, example: &[Prediction]) {
        for prediction in example {
            if let Prediction::Class { scores, .. } = prediction {
                self.reading.learn(scores);
            }
        }
    }

    pub(crate) fn decode(&self, outputs: &[Tensor], rows: usize) -> Result<Vec<Prediction>, DecodeError> {
        let labels = self.label.as_ref().map(|output| labels(output, output.of(outputs)?, rows)).transpose()?;
        let Some(output) = &self.scores else {
            let labels = labels.into_iter().flat_map(|labels| (0..rows).map_while(move |row| labels.get(row)));
            return Ok(labels.map(|label| self.named(label)).collect());
        };
        let (scores, width) = output.read(outputs, rows)?;
        scores
            .chunks(width)
            .enumerate()
            .map(|(row, scores)| {
                let scores = self.reading.of_classes(scores);
                let label = labels.and_then(|labels| labels.get(row));
                let known = label.and_then(|label| self.classes.position(label));
                let index = known.unwrap_or_else(|| argmax(&scores));
                let class = match (label, known) {
                    (Some(label), None) => Some(label.to_value()),
                    _ => self.classes.value(index).cloned(),
                };
                let class = class.ok_or_else(|| {
                    output.named().unlike(format!("{} classes", self.classes.len()), format!("{width} scores"))
                })?;
                let scores = self.reading.told(scores);
                Ok(Prediction::Class { index, class, label: self.classes.label(index).cloned(), scores })
            })
            .collect()
    }

    /// A label without scores: a class if it is a known one, else just what the model said.
    fn named(&self, label: Label<'_>) -> Prediction {
        let known = self.classes.position(label).and_then(|index| Some((index, self.classes.value(index)?.clone())));
        match (known, label) {
            (Some((index, class)), _) => {
                let label = self.classes.label(index).cloned();
                Prediction::Class { index, class, label, scores: Scores::None }
            }
            (None, Label::Int(value)) => Prediction::Value(Number::Int(value)),
            (None, Label::Str(value)) => Prediction::Value(Number::Str(value.into())),
        }
    }
}

/// The output with the model's own labels: the manifest names it, or the file's hints do, or its type tells.
pub(super) fn label_output<'s>(
    section: &OutputSection,
    signature: &'s Signature,
    hints: &ModelHints,
) -> Result<Option<(Output, &'s TensorSpec)>, OpenError> {
    let role = hints.class_outputs.as_ref().and_then(|roles| roles.label.as_deref());
    let name = section.label_tensor.clone().or_else(|| role.map(str::to_owned));
    // Scores that the manifest names are enough; an unnamed integer output beside them may be anything.
    let name = name.or_else(|| if section.tensor.is_none() { first_output(signature, false) } else { None });
    let found = name.map(|name| Output::named(&name, "label_tensor", signature)).transpose()?;
    match &found {
        Some((output, TensorSpec { dtype, .. })) if dtype.is_float() => {
            Err(OpenError::Output(format!("label_tensor = \"{}\" holds {dtype}, no labels", output.name)))
        }
        _ => Ok(found),
    }
}

/// The first output that holds floats, or the first that does not.
fn first_output(signature: &Signature, float: bool) -> Option<String> {
    let mut outputs = signature.outputs().iter().filter(|spec| spec.dtype.is_float() == float);
    outputs.next().map(|spec| spec.name.to_string())
}

/// The model's own labels, one for each row. Some exports lay them out as one row, so only their number counts.
fn labels<'t>(output: &Output, tensor: &'t Tensor, rows: usize) -> Result<Labels<'t>, DecodeError> {
    if tensor.len() != rows {
        return Err(output.unlike("one label for each row", tensor.describe()));
    }
    Labels::of(output, tensor)
}

/// The position of the largest value, the first of equals, as numpy's argmax.
fn argmax(values: &[f32]) -> usize {
    let best = values
        .iter()
        .enumerate()
        .fold((0, f32::NEG_INFINITY), |best, (position, &value)| if value > best.1 { (position, value) } else { best });
    best.0
}

#[cfg(test)]
mod tests {
    use super::argmax;

    #[test]
    fn the_first_of_equal_scores_wins() {
        assert_eq!(argmax(&[0.1, 0.4, 0.4]), 1);
        assert_eq!(argmax(&[f32::NAN, 0.4, 0.3]), 1);
        assert_eq!(argmax(&[]), 0);
    }
}
