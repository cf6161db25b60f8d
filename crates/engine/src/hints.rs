//! What a model file says beside its graph: labels, categories, metadata.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Facts that the file carries and a manifest may leave out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelHints {
    /// The model's own classes, in the order of the probability columns.
    pub classes: Option<Classes>,
    /// Names of the outputs that hold the label and the scores of each class, if the file shows which they are.
    pub class_outputs: Option<ClassOutputs>,
    /// Where the label output has several labels for each row: what is known of each, in its order.
    pub targets: Vec<TargetHint>,
    /// Values that an encoder in the graph knows for an input column.
    pub categories: Vec<CategoryHint>,
    /// Input columns whose missing values (NaN) the graph takes care of.
    pub missing: Vec<ColumnHint>,
    /// The file's free key-value pairs (`metadata_props`).
    pub metadata: BTreeMap<String, String>,
    /// The exporter and its version, such as `skl2onnx 1.20.0`.
    pub producer: Option<String>,
    /// Operator-set versions by domain; the main domain is `ai.onnx`.
    pub opsets: BTreeMap<String, i64>,
}

/// The model's own class values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Classes {
    /// Integer classes.
    Int(Vec<i64>),
    /// Text classes.
    Str(Vec<Arc<str>>),
}

impl Classes {
    /// The number of classes.
    pub fn len(&self) -> usize {
        match self {
            Classes::Int(values) => values.len(),
            Classes::Str(values) => values.len(),
        }
    }

    /// Whether there is no class at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Which outputs of a classifier hold what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassOutputs {
    /// The output that holds the predicted class.
    pub label: Option<Box<str>>,
    /// The output that holds one score for each class.
    pub scores: Option<Box<str>>,
    /// Whether the graph shows that these scores are no probabilities, such as the margins of a support vector machine.
    pub raw_scores: bool,
}

/// One of several things that a classifier tells about a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetHint {
    /// The classes that its label is one of, in the order of its scores.
    pub classes: Option<Classes>,
    /// The output that holds its scores.
    pub scores: Option<Box<str>>,
    /// Whether the graph shows that these scores are no probabilities.
    pub raw_scores: bool,
}

/// The values that an encoder in the graph knows for one input column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryHint {
    /// The graph input.
    pub input: Box<str>,
    /// The column of that input, from 0.
    pub column: usize,
    /// The values, in the encoder's order.
    pub values: CategoryValues,
}

/// One column of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnHint {
    /// The graph input.
    pub input: Box<str>,
    /// The column of that input, from 0.
    pub column: usize,
}

/// Values of a category column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CategoryValues {
    /// Text values.
    Str(Vec<String>),
    /// Integer values.
    Int(Vec<i64>),
}
