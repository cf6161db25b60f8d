//! A prediction as the parts of an answer, once it is known that JSON can carry them.

use ferrocast_schema::{Choice, ClassValue, Number, Prediction, Scores};

use super::{PerClass, PredictedClass, PredictedValue};
use crate::{ApiError, ErrorCode};

/// Why a prediction cannot be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unwritable {
    pub(super) code: ErrorCode,
    pub(super) message: &'static str,
}

impl Unwritable {
    const NON_FINITE: Unwritable =
        Unwritable { code: ErrorCode::NonFiniteOutput, message: "The model answered with a number that is not finite" };
}

impl From<Unwritable> for ApiError {
    fn from(Unwritable { code, message }: Unwritable) -> ApiError {
        ApiError::new(code, message)
    }
}

/// A prediction of which every number is known to be finite.
pub(super) struct Outcome<'a> {
    pub(super) prediction: PredictedValue<'a>,
    pub(super) label: Option<&'a str>,
    pub(super) probability: Option<PerClass<'a>>,
    pub(super) confidence: Option<f32>,
    pub(super) scores: Option<PerClass<'a>>,
}

impl<'a> Outcome<'a> {
    pub(super) fn of(prediction: &'a Prediction) -> Result<Outcome<'a>, Unwritable> {
        match prediction {
            Prediction::Class { class, label, scores, .. } => Outcome::of_class(class, label.as_deref(), scores),
            Prediction::Classes(choices) => Outcome::of_classes(choices),
            Prediction::Value(Number::F32(value)) => {
                check_finite(&[*value])?;
                Ok(Outcome::bare(PredictedValue::F32(*value)))
            }
            Prediction::Value(Number::F64(value)) if !value.is_finite() => Err(Unwritable::NON_FINITE),
            Prediction::Value(Number::F64(value)) => Ok(Outcome::bare(PredictedValue::F64(*value))),
            Prediction::Value(Number::Int(value)) => Ok(Outcome::bare(PredictedValue::Int(*value))),
            Prediction::Value(Number::Str(value)) => Ok(Outcome::bare(PredictedValue::Str(value))),
            Prediction::Vector(values) => {
                check_finite(values)?;
                Ok(Outcome::bare(PredictedValue::Vector(values)))
            }
        }
    }

    fn of_class(class: &'a ClassValue, label: Option<&'a str>, scores: &'a Scores) -> Result<Self, Unwritable> {
        let (probability, scores) = (probabilities(scores), raw(scores));
        check_finite(probability.or(scores).unwrap_or_default())?;
        Ok(Outcome {
            prediction: match class {
                ClassValue::Int(class) => PredictedValue::Int(*class),
                ClassValue::Str(class) => PredictedValue::Str(class),
            },
            label,
            probability: probability.map(PerClass::One),
            confidence: probability.map(highest),
            scores: scores.map(PerClass::One),
        })
    }

    fn of_classes(choices: &'a [Choice]) -> Result<Self, Unwritable> {
        let class = |choice: &'a Choice| match &choice.class {
            ClassValue::Int(class) => PredictedClass::Int(*class),
            ClassValue::Str(class) => PredictedClass::Str(class),
        };
        // A list for each of them, or none at all: their positions are all that tells whose it is.
        let each = |of: fn(&'a Scores) -> Option<&'a [f32]>| {
            choices.iter().map(|choice| of(&choice.scores)).collect::<Option<Vec<_>>>()
        };
        let (probability, scores) = (each(probabilities), each(raw));
        for values in probability.iter().chain(&scores).flatten() {
            check_finite(values)?;
        }
        let least = |lists: &Vec<&[f32]>| lists.iter().map(|list| highest(list)).fold(f32::MAX, f32::min);
        Ok(Outcome {
            prediction: PredictedValue::Classes(choices.iter().map(class).collect()),
            label: None,
            confidence: probability.as_ref().map(least),
            probability: probability.map(PerClass::Several),
            scores: scores.map(PerClass::Several),
        })
    }

    fn bare(prediction: PredictedValue<'a>) -> Outcome<'a> {
        Outcome { prediction, label: None, probability: None, confidence: None, scores: None }
    }
}

fn probabilities(scores: &Scores) -> Option<&[f32]> {
    match scores {
        Scores::Probabilities(values) => Some(values),
        Scores::None | Scores::Raw(_) => None,
    }
}

fn raw(scores: &Scores) -> Option<&[f32]> {
    match scores {
        Scores::Raw(values) => Some(values),
        Scores::None | Scores::Probabilities(_) => None,
    }
}

fn highest(probabilities: &[f32]) -> f32 {
    probabilities.iter().copied().fold(f32::MIN, f32::max)
}

fn check_finite(values: &[f32]) -> Result<(), Unwritable> {
    let finite = values.iter().all(|value| value.is_finite());
    finite.then_some(()).ok_or(Unwritable::NON_FINITE)
}
