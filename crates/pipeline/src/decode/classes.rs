//! The model's own classes and the names that people gave them.

use std::collections::HashMap;
use std::sync::Arc;

use ferrocast_engine::ModelHints;
use ferrocast_schema::{ClassValue, OutputSection};

use crate::OpenError;
use crate::infer_manifest::class_values;

/// Class values and display names, in the order of the probabilities.
#[derive(Debug, Clone, Default)]
pub(crate) struct Classes {
    values: Vec<ClassValue>,
    labels: Vec<Arc<str>>,
    positions: HashMap<ClassValue, usize>,
}

impl Classes {
    /// The manifest's classes, else the file's, else 0, 1, 2, … for as many as there are scores or labels.
    pub(crate) fn new(output: &OutputSection, hints: &ModelHints, scores: Option<usize>) -> Result<Classes, OpenError> {
        let mut values = output.classes.clone();
        if values.is_empty() {
            values = hints.classes.as_ref().map(class_values).unwrap_or_default();
        }
        if values.is_empty() {
            let count = Some(output.labels.len()).filter(|&count| count > 0).or(scores.map(|width| width.max(2)));
            values = (0..count.unwrap_or(0)).filter_map(|i| i64::try_from(i).ok()).map(ClassValue::Int).collect();
        }
        if !output.labels.is_empty() && output.labels.len() != values.len() {
            return Err(OpenError::Output(format!(
                "{} labels, but the model has {} classes",
                output.labels.len(),
                values.len()
            )));
        }
        let positions: HashMap<ClassValue, usize> =
            values.iter().enumerate().map(|(position, value)| (value.clone(), position)).collect();
        if positions.len() != values.len() {
            return Err(OpenError::Output("a class stands twice in `classes`".to_owned()));
        }
        Ok(Classes { positions, labels: output.labels.iter().map(|label| label.as_str().into()).collect(), values })
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn value(&self, position: usize) -> Option<&ClassValue> {
        self.values.get(position)
    }

    pub(crate) fn label(&self, position: usize) -> Option<&Arc<str>> {
        self.labels.get(position)
    }

    pub(crate) fn position(&self, value: &ClassValue) -> Option<usize> {
        self.positions.get(value).copied()
    }
}
