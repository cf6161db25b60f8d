//! The model's answer, in the user's words.

use std::fmt;
use std::sync::Arc;

/// A class as the model itself names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ClassValue {
    /// An integer class, as scikit-learn's `classes_ = [0, 1, 2]`.
    Int(i64),
    /// A named class.
    Str(Arc<str>),
}

impl fmt::Display for ClassValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClassValue::Int(value) => write!(out, "{value}"),
            ClassValue::Str(value) => write!(out, "{value}"),
        }
    }
}

/// A single answer that is no class, in the precision in which the model gave it.
#[derive(Debug, Clone, PartialEq)]
pub enum Number {
    /// Single precision: written with as many digits as a single needs, not as its double would.
    F32(f32),
    /// Double precision.
    F64(f64),
    /// An integer.
    Int(i64),
    /// Text, of models whose output is a string.
    Str(Arc<str>),
}

/// What a model says about one row.
#[derive(Debug, Clone, PartialEq)]
pub enum Prediction {
    /// One of a known set of classes.
    Class {
        /// Position of the class in the model's own order; also that of its score.
        index: usize,
        /// The class as the model names it.
        class: ClassValue,
        /// The name that the manifest displays for it.
        label: Option<Arc<str>>,
        /// What the model gives for each class beside the label.
        scores: Scores,
    },
    /// One class for each of several things that a classifier tells about a row.
    Classes(Vec<Choice>),
    /// One number (regression).
    Value(Number),
    /// A vector (embedding, or several regression targets).
    Vector(Vec<f32>),
}

impl Prediction {
    /// Whether the model has scores for its classes that are no probabilities.
    pub fn has_raw_scores(&self) -> bool {
        let is_raw = |scores: &Scores| matches!(scores, Scores::Raw(_));
        match self {
            Prediction::Class { scores, .. } => is_raw(scores),
            Prediction::Classes(choices) => choices.iter().any(|choice| is_raw(&choice.scores)),
            Prediction::Value(_) | Prediction::Vector(_) => false,
        }
    }
}

/// One of several classes of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The class as the model names it.
    pub class: ClassValue,
    /// What the model gives for each class that it chose from.
    pub scores: Scores,
}

/// One number per class, in the model's order.
#[derive(Debug, Clone, PartialEq)]
pub enum Scores {
    /// The model gives its label alone.
    None,
    /// Each between 0 and 1.
    Probabilities(Vec<f32>),
    /// Only their order means something: the margins of a support vector machine, logits, votes.
    Raw(Vec<f32>),
}

impl fmt::Display for Number {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::F32(value) => write!(out, "{value}"),
            Number::F64(value) => write!(out, "{value}"),
            Number::Int(value) => write!(out, "{value}"),
            Number::Str(value) => write!(out, "{value}"),
        }
    }
}

impl fmt::Display for Prediction {
    /// The answer alone: a class's display name or value, several classes, a number, a vector.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Prediction::Class { label: Some(label), .. } => write!(out, "{label}"),
            Prediction::Class { class, .. } => write!(out, "{class}"),
            Prediction::Classes(choices) => {
                let classes: Vec<String> = choices.iter().map(|choice| choice.class.to_string()).collect();
                write!(out, "[{}]", classes.join(", "))
            }
            Prediction::Value(number) => write!(out, "{number}"),
            Prediction::Vector(values) => write!(out, "{values:?}"),
        }
    }
}
