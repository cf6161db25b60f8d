//! Several labels for each row, and scores for each of them, to several classes with probabilities: what scikit-learn's
//! `MultiOutputClassifier` answers.

use std::borrow::Cow;

use ferrocast_engine::{ModelHints, Signature, TargetHint, Tensor};
use ferrocast_schema::{Activation, Choice, ClassValue, Manifest, OutputSection, Prediction, Scores};

use super::class_scores::ClassScores;
use super::classes::Class;
use super::classification::label_output;
use super::labels::{Label, Labels};
use super::score_outputs::ScoreOutputs;
use super::{DecodeError, Output};
use crate::OpenError;
use crate::infer_manifest::class_values;

/// Reads the outputs of a classifier that tells several things about a row.
#[derive(Debug)]
pub(crate) struct Targets {
    label: Output,
    targets: Vec<Target>,
}

/// One of these things.
#[derive(Debug)]
struct Target {
    /// As far as the file says.
    classes: Vec<Class>,
    scores: Option<(ScoreOutputs, ClassScores)>,
}

impl Targets {
    /// Finds the outputs; `None` if the model has no more than one label for each row.
    pub(crate) fn compile(
        manifest: &Manifest,
        signature: &Signature,
        hints: &ModelHints,
    ) -> Result<Option<Targets>, OpenError> {
        let section = &manifest.output;
        let Some((label, spec)) = label_output(section, signature, hints)? else { return Ok(None) };
        let Some(width) = spec.row_width().filter(|&width| width > 1) else { return Ok(None) };
        refuse_keys_of_one_label(section, &label, width)?;
        let hints = if hints.targets.len() == width { hints.targets.as_slice() } else { &[] };
        let raw = hints.iter().any(|hint| hint.raw_scores);
        let mut targets: Vec<Target> =
            hints.iter().map(|hint| Target::compile(hint, section.apply, raw, signature)).collect();
        targets.resize_with(width, Target::unknown);
        // Outputs that are no scores for one label are none for the others.
        if targets.iter().any(|target| target.scores.is_none()) {
            targets.iter_mut().for_each(|target| target.scores = None);
        }
        Ok(Some(Targets { label, targets }))
    }

    pub(crate) fn classes(&self) -> Vec<&[Class]> {
        self.targets.iter().map(|target| target.classes.as_slice()).collect()
    }

    /// Takes all scores for raw ones if some of the example's are, where the file does not say.
    pub(crate) fn learn(&mut self, example: &[Prediction]) {
        let choices = example.iter().filter_map(|prediction| match prediction {
            Prediction::Classes(choices) => Some(choices),
            _ => None,
        });
        for choice in choices.flatten() {
            for (_, reading) in self.targets.iter_mut().filter_map(|target| target.scores.as_mut()) {
                reading.learn(&choice.scores);
            }
        }
    }

    pub(crate) fn decode(&self, outputs: &[Tensor], rows: usize) -> Result<Vec<Prediction>, DecodeError> {
        let tensor = self.label.of(outputs)?;
        if self.label.row_width(tensor, rows)? != self.targets.len() {
            return Err(self.label.unlike(format!("{} labels for each row", self.targets.len()), tensor.describe()));
        }
        let labels = Labels::of(&self.label, tensor)?;
        let mut labels = (0..tensor.len()).map_while(|position| labels.get(position)).map(Label::to_value);
        let read = |target: &Target| target.scores.as_ref().map(|(scores, _)| scores.read(outputs, rows)).transpose();
        let scores = self.targets.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let choices = |row| {
            let targets = self.targets.iter().zip(&scores);
            let choices =
                targets.zip(labels.by_ref()).map(|((target, scores), class)| target.choice(class, scores, row));
            Prediction::Classes(choices.collect())
        };
        Ok((0..rows).map(choices).collect())
    }
}

/// Scores row by row, and how many each row has.
type Table<'t> = (Cow<'t, [f32]>, usize);

impl Target {
    fn unknown() -> Target {
        Target { classes: Vec::new(), scores: None }
    }

    fn compile(hint: &TargetHint, apply: Activation, raw: bool, signature: &Signature) -> Target {
        let values = hint.classes.as_ref().map(class_values).unwrap_or_default();
        let classes: Vec<Class> = values.into_iter().map(|value| Class { value, label: None }).collect();
        let output = hint.scores.as_deref().and_then(|name| Output::named(name, "tensor", signature).ok());
        let scores = output.filter(|(_, spec)| spec.dtype.is_float()).and_then(|(output, spec)| {
            let one_column = spec.row_width()? == 1;
            let fits = classes.is_empty() || spec.row_width()? == classes.len() || (one_column && classes.len() == 2);
            fits.then(|| (ScoreOutputs::joint(output), ClassScores::new(apply, one_column, raw)))
        });
        Target { classes, scores }
    }

    fn choice(&self, class: ClassValue, scores: &Option<Table<'_>>, row: usize) -> Choice {
        let row = scores.as_ref().and_then(|(scores, width)| scores.chunks(*width).nth(row));
        let scores = match (&self.scores, row) {
            (Some((_, reading)), Some(row)) => reading.told(reading.of_classes(row)),
            _ => Scores::None,
        };
        Choice { class, scores }
    }
}

/// The manifest speaks of one output of scores and of one list of classes.
fn refuse_keys_of_one_label(section: &OutputSection, label: &Output, width: usize) -> Result<(), OpenError> {
    let keys = [
        ("tensor", section.tensor.is_some()),
        ("classes", !section.classes.is_empty()),
        ("labels", !section.labels.is_empty()),
    ];
    let Some((key, _)) = keys.iter().find(|(_, is_given)| *is_given) else { return Ok(()) };
    let name = &label.name;
    Err(OpenError::Output(format!(
        "`{key}` is for models with one label, but `{name}` holds {width} for each row, with classes of their own"
    )))
}
