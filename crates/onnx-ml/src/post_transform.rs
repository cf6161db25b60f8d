//! What classifiers and regressors do to their scores last: the attribute `post_transform`.
//!
//! The formulas are those of ONNX Runtime, in single precision, so that answers agree with it. In one case it has no
//! answer: `SOFTMAX_ZERO` of scores that are all zero is 0/0 there, and all zeros here.

use std::f32::consts::{PI, SQRT_2};

use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;

/// The transform of one row of scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PostTransform {
    None,
    Logistic,
    Softmax,
    /// Softmax over the scores that are not zero; zeros stay zeros.
    SoftmaxZero,
    Probit,
}

/// How the negative class of a two-class model with a single score is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Complement {
    /// The score is a probability: `1 - s`.
    OneMinus,
    /// The score is a margin: `-s`.
    Negated,
}

impl PostTransform {
    /// Reads `post_transform`, by default `NONE`.
    ///
    /// # Errors
    /// For a name that ONNX does not define.
    pub(crate) fn read(attributes: Attributes<'_>) -> TractResult<PostTransform> {
        Ok(match attributes.string("post_transform")? {
            None | Some("NONE") => PostTransform::None,
            Some("LOGISTIC") => PostTransform::Logistic,
            Some("SOFTMAX") => PostTransform::Softmax,
            Some("SOFTMAX_ZERO") => PostTransform::SoftmaxZero,
            Some("PROBIT") => PostTransform::Probit,
            Some(other) => bail!("{}: unknown post_transform {other:?}", attributes.operator()),
        })
    }

    /// Transforms one row, in place.
    pub(crate) fn apply(self, scores: &mut [f32]) {
        match self {
            PostTransform::None => {}
            PostTransform::Logistic => scores.iter_mut().for_each(|score| *score = logistic(*score)),
            PostTransform::Softmax => softmax(scores),
            PostTransform::SoftmaxZero => softmax_zero(scores),
            PostTransform::Probit => scores.iter_mut().for_each(|score| *score = probit(*score)),
        }
    }

    /// The two columns of a two-class model that has one score: that of its second class.
    pub(crate) fn both_classes(self, score: f32, complement: Complement) -> [f32; 2] {
        match self {
            PostTransform::Logistic => both_logistic(score),
            PostTransform::Probit => [probit(1.0 - score), probit(score)],
            PostTransform::None | PostTransform::Softmax | PostTransform::SoftmaxZero => match complement {
                Complement::OneMinus => [1.0 - score, score],
                Complement::Negated => [-score, score],
            },
        }
    }
}

fn logistic(score: f32) -> f32 {
    let positive = logistic_of_magnitude(score);
    if score < 0.0 { 1.0 - positive } else { positive }
}

/// Of `-score` and of `score`, by one exponential.
fn both_logistic(score: f32) -> [f32; 2] {
    let positive = logistic_of_magnitude(score);
    [-score, score].map(|score| if score < 0.0 { 1.0 - positive } else { positive })
}

/// The exponent is never positive: no overflow.
fn logistic_of_magnitude(score: f32) -> f32 {
    1.0 / (1.0 + (-score.abs()).exp())
}

fn softmax(scores: &mut [f32]) {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - largest).exp();
        sum += *score;
    }
    scores.iter_mut().for_each(|score| *score /= sum);
}

fn softmax_zero(scores: &mut [f32]) {
    const ZERO: f32 = 1e-7;
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        if score.abs() > ZERO || score.is_nan() {
            *score = (*score - largest).exp();
            sum += *score;
        } else {
            *score *= (-largest).exp();
        }
    }
    if sum != 0.0 {
        scores.iter_mut().for_each(|score| *score /= sum);
    }
}

/// The inverse of the normal distribution function, by Winitzki's approximation of the inverse error function.
fn probit(probability: f32) -> f32 {
    const A: f32 = 0.147;
    let x = 2.0 * probability - 1.0;
    let log = ((1.0 - x) * (1.0 + x)).ln();
    let half = 2.0 / (PI * A) + 0.5 * log;
    let erf_inv = ((half * half - log / A).sqrt() - half).sqrt();
    SQRT_2 * if x < 0.0 { -erf_inv } else { erf_inv }
}
