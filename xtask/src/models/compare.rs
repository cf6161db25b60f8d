//! A served answer against a golden one.

use serde::Deserialize;
use serde_json::Value;

/// An answer to one row: the library's, the exported file's, or the server's.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Answer {
    /// A class (integer or text), a number (with a fraction, be it `.0`), or a list of these.
    #[serde(default)]
    pub(super) prediction: Value,
    /// What a classifier gives beside its class.
    pub(super) probability: Option<Probability>,
    /// Why the server has no prediction for the row.
    #[allow(dead_code, reason = "shown where the answer is")]
    error: Option<String>,
}

/// A number for each class.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Probability {
    /// Of a model with one label for each row.
    One(Vec<f64>),
    /// A list for each of several labels.
    Several(Vec<Vec<f64>>),
}

impl Answer {
    /// The probabilities, a list for each label.
    fn probabilities(&self) -> &[Vec<f64>] {
        match &self.probability {
            None => &[],
            Some(Probability::One(list)) => std::slice::from_ref(list),
            Some(Probability::Several(lists)) => lists,
        }
    }
}

/// How far a number may be off, as in `numpy.isclose`; labels must be equal.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tolerance {
    /// In the number's own unit.
    pub(super) absolute: f64,
    /// As a share of the expected number.
    pub(super) relative: f64,
}

/// How an answer compares with the expected one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comparison {
    /// Whether the labels are equal; `None` where there are none.
    pub(super) labels: Option<bool>,
    /// Whether all numbers are close, and equally many.
    pub(super) close: bool,
    /// The largest difference: in the numbers' own unit, or as a share where the tolerance is nothing but one.
    pub(super) error: f64,
}

impl Comparison {
    pub(super) fn of(expected: &Answer, got: &Answer, tolerance: Tolerance) -> Comparison {
        let mut found = Comparison { labels: None, close: true, error: 0.0 };
        found.value(&expected.prediction, &got.prediction, tolerance);
        let [expected, got] = [expected, got].map(Answer::probabilities);
        found.close &= expected.len() == got.len();
        for (expected, got) in expected.iter().zip(got) {
            found.numbers(expected, got, tolerance);
        }
        found
    }

    /// The same, with a label that differs taken for equal where the two most probable classes are even: which of them
    /// is named hangs on the last bit of a sum, and on the order of its terms.
    pub(super) fn with_even_classes(mut self, expected: &Answer, tolerance: Tolerance) -> Comparison {
        let Some(Probability::One(mut probabilities)) = expected.probability.clone() else { return self };
        probabilities.sort_by(|a, b| b.total_cmp(a));
        if let [first, second, ..] = *probabilities
            && first - second <= 2.0 * tolerance.absolute
            && self.close
        {
            self.labels = self.labels.map(|_| true);
        }
        self
    }

    pub(super) fn passed(self) -> bool {
        self.close && self.labels != Some(false)
    }

    fn value(&mut self, expected: &Value, got: &Value, tolerance: Tolerance) {
        match (expected, got.as_f64()) {
            (Value::Array(expected), _) => {
                let got = got.as_array().map(Vec::as_slice).unwrap_or_default();
                self.close &= expected.len() == got.len();
                for (expected, got) in expected.iter().zip(got) {
                    self.value(expected, got, tolerance);
                }
            }
            (Value::Number(number), Some(got)) if number.is_f64() => {
                self.number(number.as_f64().unwrap_or(f64::NAN), got, tolerance);
            }
            _ => self.labels = Some(self.labels != Some(false) && expected == got),
        }
    }

    fn numbers(&mut self, expected: &[f64], got: &[f64], tolerance: Tolerance) {
        self.close &= expected.len() == got.len();
        for (expected, got) in expected.iter().zip(got) {
            self.number(*expected, *got, tolerance);
        }
    }

    fn number(&mut self, expected: f64, got: f64, Tolerance { absolute, relative }: Tolerance) {
        let difference = (got - expected).abs();
        self.close &= difference <= absolute + relative * expected.abs();
        let unit = if absolute == 0.0 { expected.abs().max(f64::MIN_POSITIVE) } else { 1.0 };
        self.error = self.error.max(difference / unit);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::{Answer, Comparison, Tolerance};

    const ABSOLUTE: Tolerance = Tolerance { absolute: 1e-5, relative: 0.0 };
    const RELATIVE: Tolerance = Tolerance { absolute: 0.0, relative: 1e-4 };

    fn compared(expected: Value, got: Value, tolerance: Tolerance) -> Comparison {
        let [expected, got] = [expected, got].map(|answer| from_value(answer).unwrap());
        Comparison::of(&expected, &got, tolerance)
    }

    fn classified(prediction: Value, probability: Value) -> Comparison {
        let expected = json!({"prediction": 1, "probability": [0.25, 0.75]});
        compared(expected, json!({"prediction": prediction, "probability": probability}), ABSOLUTE)
    }

    fn measured(answer: f64) -> Comparison {
        compared(json!({"prediction": 20.0}), json!({"prediction": answer, "status": "success"}), RELATIVE)
    }

    #[test]
    fn close_numbers_pass() {
        assert!(classified(json!(1), json!([0.250_000_01, 0.749_999_99])).passed());
        assert!(measured(20.001).passed());
        let both = Tolerance { absolute: 0.1, relative: 1e-4 };
        assert!(compared(json!({"prediction": 20.0}), json!({"prediction": 20.1}), both).passed());
    }

    #[test]
    fn another_label_fails_whatever_its_probability() {
        let found = classified(json!(0), json!([0.25, 0.75]));
        assert!(!found.passed() && found.close);
        assert_eq!(found.labels, Some(false));
        // As text it is no longer the model's own label.
        assert!(!classified(json!("1"), json!([0.25, 0.75])).passed());
    }

    #[test]
    fn even_classes_may_be_exchanged() {
        let found = |probability: [f64; 2], tolerance| {
            let [expected, got] = [1, 0].map(|class| json!({"prediction": class, "probability": probability}));
            let expected: Answer = from_value(expected).unwrap();
            Comparison::of(&expected, &from_value(got).unwrap(), tolerance).with_even_classes(&expected, tolerance)
        };
        assert!(found([0.499_999_9, 0.500_000_1], ABSOLUTE).passed());
        assert!(!found([0.49, 0.51], ABSOLUTE).passed());
    }

    #[test]
    fn far_or_missing_numbers_fail() {
        assert!(!classified(json!(1), json!([0.2501, 0.75])).passed());
        assert!(!classified(json!(1), json!([0.25])).passed());
        assert!(!classified(json!(1), Value::Null).passed());
        assert!(!measured(20.01).passed());
        assert!(!measured(f64::MAX).passed());
        assert!(!compared(json!({"prediction": 20.0}), json!({"error": "not finite"}), RELATIVE).passed());
    }

    #[test]
    fn each_label_has_its_own_probabilities() {
        let found = |got| {
            let expected = json!({"prediction": [1, 0], "probability": [[0.25, 0.75], [0.5, 0.25, 0.25]]});
            compared(expected, json!({"prediction": [1, 0], "probability": got}), ABSOLUTE)
        };
        assert!(found(json!([[0.25, 0.75], [0.5, 0.25, 0.25]])).passed());
        assert!(!found(json!([[0.25, 0.75], [0.5, 0.25, 0.2501]])).passed());
        assert!(!found(json!([[0.25, 0.75]])).passed());
        assert!(!found(json!([0.25, 0.75])).passed());
        assert!(!found(Value::Null).passed());
    }

    #[test]
    fn each_of_several_answers_counts() {
        let compared = |got| compared(json!({"prediction": [1.0, 2.0]}), json!({"prediction": got}), ABSOLUTE);
        assert!(compared(json!([1.0, 2.000_001])).passed());
        assert!(!compared(json!([1.0, 2.1])).passed());
        assert!(!compared(json!([1.0])).passed());
        assert!(!compared(json!(1.0)).passed());
        let labels =
            |got| super::tests::compared(json!({"prediction": [1, "a"]}), json!({"prediction": got}), ABSOLUTE);
        assert!(labels(json!([1, "a"])).passed());
        assert!(!labels(json!([0, "a"])).passed() && !labels(json!([1, "b"])).passed());
    }
}
