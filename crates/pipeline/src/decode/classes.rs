//! The model's own classes and the names that people gave them.

use std::collections::HashMap;
use std::sync::Arc;

use ferrocast_engine::ModelHints;
use ferrocast_schema::{ClassValue, OutputSection};

use super::labels::Label;
use crate::OpenError;
use crate::infer_manifest::class_values;

/// Up to so many classes it is quicker to compare with each than to hash.
const FEW: usize = 16;

/// One of the classes that a model chooses from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// As the model names it.
    pub value: ClassValue,
    /// As the manifest displays it.
    pub label: Option<Arc<str>>,
}

/// The classes, in the order of the probabilities.
#[derive(Debug, Clone, Default)]
pub(crate) struct Classes {
    classes: Vec<Class>,
    positions: HashMap<ClassValue, usize>,
    /// What each is called, no two alike.
    names: Vec<Arc<str>>,
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
        let labels = output.labels.iter().map(|label| Some(label.as_str().into()));
        let labels = labels.chain(std::iter::repeat(None));
        let classes: Vec<Class> = values.into_iter().zip(labels).map(|(value, label)| Class { value, label }).collect();
        Ok(Classes { names: names(&classes), classes, positions })
    }

    pub(crate) fn as_slice(&self) -> &[Class] {
        &self.classes
    }

    /// What each is called, no two alike.
    pub(crate) fn names(&self) -> &[Arc<str>] {
        &self.names
    }

    pub(crate) fn len(&self) -> usize {
        self.classes.len()
    }

    pub(crate) fn value(&self, position: usize) -> Option<&ClassValue> {
        self.classes.get(position).map(|class| &class.value)
    }

    pub(crate) fn label(&self, position: usize) -> Option<&Arc<str>> {
        self.classes.get(position)?.label.as_ref()
    }

    pub(super) fn position(&self, label: Label<'_>) -> Option<usize> {
        if self.classes.len() <= FEW {
            return self.classes.iter().position(|class| label.is(&class.value));
        }
        self.positions.get(&label.to_value()).copied()
    }
}

/// Labels, else values. A label that several classes have (ImageNet has two cranes) is told apart by the value behind it.
fn names(classes: &[Class]) -> Vec<Arc<str>> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for label in classes.iter().filter_map(|class| class.label.as_deref()) {
        *counts.entry(label).or_default() += 1;
    }
    let name = |class: &Class| match &class.label {
        Some(label) if counts.get(&**label) == Some(&1) => Arc::clone(label),
        Some(label) => format!("{label} ({})", class.value).into(),
        None => class.value.to_string().into(),
    };
    classes.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        let output =
            OutputSection { labels: ["crane", "cat", "crane"].map(str::to_owned).to_vec(), ..OutputSection::default() };
        let classes = Classes::new(&output, &ModelHints::default(), Some(3)).unwrap();
        assert_eq!(classes.names(), ["crane (0)", "cat", "crane (2)"].map(Arc::from));
        let unlabelled = Classes::new(&OutputSection::default(), &ModelHints::default(), Some(2)).unwrap();
        assert_eq!(unlabelled.names(), ["0", "1"].map(Arc::from));
    }
}
