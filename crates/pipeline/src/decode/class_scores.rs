//! The scores that a graph gives for one row, as one number for each class.

use std::borrow::Cow;

use ferrocast_schema::{Activation, Scores};

/// How scores are to be read.
#[derive(Debug)]
pub(crate) struct ClassScores {
    apply: Activation,
    /// The scores are one column: that of the second of two classes.
    one_column: bool,
    /// The scores are no probabilities.
    raw: bool,
}

impl ClassScores {
    /// Scores that are `raw` become probabilities by an activation.
    pub(crate) fn new(apply: Activation, one_column: bool, raw: bool) -> ClassScores {
        ClassScores { apply, one_column, raw: apply == Activation::None && raw }
    }

    /// Takes the scores for raw ones if those of the example lie outside of 0 to 1 by more than rounding. NaN or infinity
    /// tells nothing: a model may have no answer to a made-up row.
    pub(crate) fn learn(&mut self, example: &Scores) {
        let is_probability = |score: &f32| !score.is_finite() || (-1e-3..=1.001).contains(score);
        self.raw |= matches!(example, Scores::Probabilities(scores) if !scores.iter().all(is_probability));
    }

    /// One for each class.
    pub(crate) fn of_classes(&self, scores: &[f32]) -> Vec<f32> {
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

    /// What [`ClassScores::of_classes`] gave, called by its name.
    pub(crate) fn told(&self, scores: Vec<f32>) -> Scores {
        if self.raw { Scores::Raw(scores) } else { Scores::Probabilities(scores) }
    }
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
    use super::softmax;

    #[test]
    fn softmax_survives_large_scores() {
        assert_eq!(softmax(&[1000.0, 1000.0]), [0.5, 0.5]);
        let sum: f32 = softmax(&[-3.0, 0.5, 2.0]).iter().sum();
        assert!((sum - 1.0).abs() < 1e-6);
    }
}
