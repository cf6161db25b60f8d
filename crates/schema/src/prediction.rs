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
        /// Position of the class in the model's own order; also that of its probability.
        index: usize,
        /// The class as the model names it.
        class: ClassValue,
        /// The name that the manifest displays for it.
        label: Option<Arc<str>>,
        /// One per class, in the model's order; empty when the model gives none.
        probabilities: Vec<f32>,
    },
    /// One number (regression).
    Value(Number),
    /// A vector (embedding, or several regression targets).
    Vector(Vec<f32>),
}

impl Prediction {
    /// Whether what should be probabilities lies outside of 0 to 1 by more than rounding: logits, distances.
    pub fn has_raw_scores(&self) -> bool {
        let is_probability = |score: &f32| (-1e-3..=1.001).contains(score);
        matches!(self, Prediction::Class { probabilities, .. } if !probabilities.iter().all(is_probability))
    }
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
    /// The answer alone: a class's display name or value, a number, a vector.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Prediction::Class { label: Some(label), .. } => write!(out, "{label}"),
            Prediction::Class { class, .. } => write!(out, "{class}"),
            Prediction::Value(number) => write!(out, "{number}"),
            Prediction::Vector(values) => write!(out, "{values:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ClassValue, Prediction};

    #[test]
    fn raw_scores_are_told_from_probabilities() {
        let class = |probabilities: &[f32]| {
            let (class, probabilities) = (ClassValue::Int(0), probabilities.to_vec());
            Prediction::Class { index: 0, class, label: None, probabilities }
        };
        for scores in [&[][..], &[0.25, 0.75], &[1.000_000_2, -1e-9]] {
            assert!(!class(scores).has_raw_scores(), "{scores:?}");
        }
        for scores in [&[6.6, 3.3][..], &[-0.2, 0.9], &[f32::NAN, 1.0]] {
            assert!(class(scores).has_raw_scores(), "{scores:?}");
        }
        assert!(!Prediction::Vector(vec![6.6]).has_raw_scores());
    }
}
