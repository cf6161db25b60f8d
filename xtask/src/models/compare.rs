//! A served answer against a golden one.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::golden::{Case, Tolerance};

/// How many differences are named before it is clear that something is wrong.
const NAMED_FAILURES: usize = 5;

/// The part of the server's answer that the library answered too.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    prediction: Value,
    probability: Option<Vec<f64>>,
}

/// What the comparisons of one model came to.
#[derive(Debug)]
pub(super) struct Tally {
    tolerance: Tolerance,
    cases: usize,
    labels: usize,
    equal_labels: usize,
    max_error: f64,
    failed: usize,
    failures: Vec<String>,
}

impl Tally {
    pub(super) fn new(tolerance: Tolerance) -> Tally {
        Tally { tolerance, cases: 0, labels: 0, equal_labels: 0, max_error: 0.0, failed: 0, failures: Vec::new() }
    }

    /// Compares one answer.
    pub(super) fn add(&mut self, case: &Case, answer: &Answer) {
        self.cases += 1;
        let passed = match (&case.probability, case.prediction.as_f64(), answer.prediction.as_f64()) {
            // A regression's number. An integer, with nothing beside it, is one as well.
            (None, Some(expected), Some(got)) => self.number(expected, got),
            (expected, _, _) => {
                let label = self.label(&case.prediction, &answer.prediction);
                let numbers = self.numbers(expected.as_deref(), answer.probability.as_deref());
                label && numbers
            }
        };
        if !passed {
            self.failed += 1;
            if self.failures.len() < NAMED_FAILURES {
                self.failures.push(format!(
                    "{} → {answer:?}, not {:?}",
                    case.input,
                    (&case.prediction, &case.probability)
                ));
            }
        }
    }

    /// Whether every answer was as expected.
    pub(super) fn passed(&self) -> bool {
        self.failed == 0 && self.cases > 0
    }

    /// The first few answers that were not, and how many more there were.
    pub(super) fn failures(&self) -> impl Iterator<Item = String> {
        let more = self.failed - self.failures.len();
        self.failures.iter().cloned().chain((more > 0).then(|| format!("… and {more} more")))
    }

    fn label(&mut self, expected: &Value, got: &Value) -> bool {
        self.labels += 1;
        self.equal_labels += usize::from(expected == got);
        expected == got
    }

    fn numbers(&mut self, expected: Option<&[f64]>, got: Option<&[f64]>) -> bool {
        let (expected, got) = (expected.unwrap_or_default(), got.unwrap_or_default());
        let close = expected.iter().zip(got).fold(true, |close, (expected, got)| self.number(*expected, *got) && close);
        close && expected.len() == got.len()
    }

    fn number(&mut self, expected: f64, got: f64) -> bool {
        let difference = (got - expected).abs();
        let (error, allowed) = match self.tolerance {
            Tolerance::Absolute(allowed) => (difference, allowed),
            Tolerance::Relative(allowed) => (difference / expected.abs().max(f64::MIN_POSITIVE), allowed),
        };
        self.max_error = self.max_error.max(error);
        error <= allowed
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = if self.labels == 0 { "–".to_owned() } else { format!("{}/{}", self.equal_labels, self.labels) };
        let allowed = match self.tolerance {
            Tolerance::Absolute(allowed) => format!("{allowed:.0e}"),
            Tolerance::Relative(allowed) => format!("{allowed:.0e} rel"),
        };
        write!(f, "{:>6} {labels:>7} {:>11.1e} {allowed:>11}", self.cases, self.max_error)?;
        if self.passed() { Ok(()) } else { write!(f, "  {} WRONG", self.failed) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::{Tally, Tolerance};

    /// A tally after one comparison.
    fn tally(tolerance: Tolerance, case: Value, answer: Value) -> Tally {
        let mut tally = Tally::new(tolerance);
        let case = serde_json::from_str(&case.to_string()).unwrap();
        tally.add(&case, &from_value(answer).unwrap());
        tally
    }

    fn classified(prediction: Value, probability: Value) -> Tally {
        let case = json!({"input": {"a": 1}, "prediction": 1, "probability": [0.25, 0.75]});
        tally(Tolerance::Absolute(1e-5), case, json!({"prediction": prediction, "probability": probability}))
    }

    fn measured(answer: f64) -> Tally {
        let case = json!({"input": {"a": 1}, "prediction": 20.0});
        tally(Tolerance::Relative(1e-4), case, json!({"prediction": answer, "status": "success"}))
    }

    #[test]
    fn close_numbers_pass() {
        assert!(classified(json!(1), json!([0.250_000_01, 0.749_999_99])).passed());
        assert!(measured(20.001).passed());
    }

    #[test]
    fn another_label_fails_whatever_its_probability() {
        let found = classified(json!(0), json!([0.25, 0.75]));
        assert!(!found.passed());
        assert_eq!(found.to_string(), "     1     0/1       0.0e0        1e-5  1 WRONG");
        assert_eq!(found.failures().count(), 1);
        // As text it is no longer the model's own label.
        assert!(!classified(json!("1"), json!([0.25, 0.75])).passed());
    }

    #[test]
    fn far_or_missing_numbers_fail() {
        assert!(!classified(json!(1), json!([0.2501, 0.75])).passed());
        assert!(!classified(json!(1), json!([0.25])).passed());
        assert!(!classified(json!(1), Value::Null).passed());
        assert!(!measured(20.01).passed());
        assert!(!measured(f64::MAX).passed());
    }

    #[test]
    fn nothing_compared_is_no_pass() {
        assert!(!Tally::new(Tolerance::Absolute(1.0)).passed());
    }
}
