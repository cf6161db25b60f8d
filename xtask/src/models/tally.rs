//! What the comparisons of one model came to.

use std::fmt;

use super::{
    compare::{Answer, Comparison, Tolerance},
    golden::Case,
};

/// How many differences are named before it is clear that something is wrong.
const NAMED_FAILURES: usize = 5;

/// Counts answers that are the library's, that are the exported file's, and that are neither.
#[derive(Debug)]
pub(super) struct Tally {
    tolerance: Tolerance,
    cases: usize,
    labels: usize,
    equal_labels: usize,
    max_error: f64,
    /// Rows in which the exported file answers otherwise than the library, and by how much.
    exporter: Exporter,
    failed: usize,
    failures: Vec<String>,
}

#[derive(Debug, Default)]
struct Exporter {
    rows: usize,
    other_labels: usize,
    max_error: f64,
}

impl Tally {
    pub(super) fn new(tolerance: Tolerance) -> Tally {
        Tally {
            tolerance,
            cases: 0,
            labels: 0,
            equal_labels: 0,
            max_error: 0.0,
            exporter: Exporter::default(),
            failed: 0,
            failures: Vec::new(),
        }
    }

    /// Compares one answer with the library's; where the exported file answers otherwise, its answer is right as well.
    pub(super) fn add(&mut self, case: &Case, answer: &Answer) {
        self.cases += 1;
        let as_library = Comparison::of(&case.expected, answer, self.tolerance);
        let as_exported = case.exported.as_ref().map(|exported| {
            self.exporter.add(Comparison::of(&case.expected, exported, self.tolerance));
            Comparison::of(exported, answer, self.tolerance).with_even_classes(exported, self.tolerance)
        });
        let found = as_exported.filter(|found| found.passed() && !as_library.passed()).unwrap_or(as_library);
        self.labels += usize::from(found.labels.is_some());
        self.equal_labels += usize::from(found.labels == Some(true));
        self.max_error = self.max_error.max(found.error);
        if !found.passed() {
            self.failed += 1;
            if self.failures.len() < NAMED_FAILURES {
                self.failures.push(format!("{} → {answer:?}, not {:?}", case.input, case.expected));
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

    /// Whether the exported file, run by another engine, answers as the library does.
    pub(super) fn is_exported_right(&self) -> bool {
        self.exporter.rows == 0
    }
}

impl Exporter {
    fn add(&mut self, found: Comparison) {
        self.rows += 1;
        self.other_labels += usize::from(found.labels == Some(false));
        self.max_error = self.max_error.max(found.error);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = if self.labels == 0 { "–".to_owned() } else { format!("{}/{}", self.equal_labels, self.labels) };
        write!(f, "{:>6} {labels:>7} {:>11.1e} {:>15}", self.cases, self.max_error, self.tolerance.to_string())?;
        if self.failed > 0 || self.cases == 0 {
            write!(f, "  {} WRONG", self.failed)?;
        }
        let Exporter { rows, other_labels, max_error } = self.exporter;
        match (rows, other_labels) {
            (0, _) => Ok(()),
            (_, 0) => write!(f, "  exporter: {rows} rows off by up to {max_error:.1e}"),
            _ => write!(f, "  exporter: {rows} rows off by up to {max_error:.1e}, {other_labels} with another label"),
        }
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Tolerance { absolute, relative: 0.0 } => write!(f, "{absolute:e}"),
            Tolerance { absolute: 0.0, relative } => write!(f, "{relative:e} rel"),
            Tolerance { absolute, relative } => write!(f, "{absolute:e}+{relative:e}r"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_str, from_value, json};

    use super::{Tally, Tolerance};

    const TOLERANCE: Tolerance = Tolerance { absolute: 1e-5, relative: 0.0 };

    /// A tally after one comparison.
    fn tally(case: Value, answer: Value) -> Tally {
        let mut tally = Tally::new(TOLERANCE);
        tally.add(&from_str(&case.to_string()).unwrap(), &from_value(answer).unwrap());
        tally
    }

    #[test]
    fn a_difference_is_counted_and_named() {
        let case = json!({"input": {"a": 1}, "prediction": 1, "probability": [0.25, 0.75]});
        let found = tally(case, json!({"prediction": 0, "probability": [0.25, 0.75]}));
        assert!(!found.passed());
        assert_eq!(found.to_string(), "     1     0/1       0.0e0            1e-5  1 WRONG");
        assert_eq!(found.failures().count(), 1);
    }

    #[test]
    fn what_the_exporter_changed_may_be_answered_either_way() {
        let case = json!({"input": {"a": 1}, "prediction": 1.0, "exported": {"prediction": 3.0}});
        let answered = |number: f64| tally(case.clone(), json!({"prediction": number}));
        for right in [1.0, 3.000_001] {
            assert!(answered(right).passed() && !answered(right).is_exported_right(), "{right}");
        }
        assert_eq!(
            answered(3.0).to_string(),
            "     1       –       0.0e0            1e-5  exporter: 1 rows off by up to 2.0e0"
        );
        assert!(!answered(2.0).passed());
    }

    #[test]
    fn nothing_compared_is_no_pass() {
        assert!(!Tally::new(TOLERANCE).passed());
    }
}
