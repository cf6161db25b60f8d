//! What is expected of a test: that it passes, is refused, or only that it does not answer wrongly.

use std::collections::HashSet;

use tract_onnx::Onnx;

use crate::test_case::TestCase;
use crate::trial::Outcome;

/// The operators that have to conform, and the tests of them that are refused.
pub(crate) struct Expectations {
    /// By name alone, as tract looks them up.
    registered: HashSet<String>,
    refused: Vec<&'static str>,
}

impl Expectations {
    /// Of the operators that this crate registers, and the refusals in `refused.txt`.
    pub(crate) fn committed() -> Expectations {
        let mut ours = Onnx::default();
        ferrocast_onnx_ml::register(&mut ours);
        let refused = patterns(include_str!("refused.txt")).collect();
        Expectations { registered: ours.op_register.0.into_keys().collect(), refused }
    }

    /// What is to be said against the outcome of a test, if anything.
    pub(crate) fn objection(&self, test: &TestCase, outcome: &Outcome) -> Option<&'static str> {
        let is_listed = self.refused.iter().any(|pattern| matches(pattern, &test.name));
        match outcome {
            Outcome::Wrong(_) | Outcome::Panicked(_) => Some("may never happen"),
            Outcome::Passed | Outcome::Failed(_) if is_listed => Some("is in refused.txt, but is not refused"),
            Outcome::Refused(_) | Outcome::Failed(_) if self.must_pass(test) && !is_listed => Some("has to pass"),
            Outcome::Passed | Outcome::Refused(_) | Outcome::Failed(_) => None,
        }
    }

    /// Whether the test is about one operator and this crate is to compute it.
    fn must_pass(&self, test: &TestCase) -> bool {
        test.is_single_node
            && match test.operator.split_once(':') {
                Some((domain, _)) => domain == "ai.onnx.ml",
                None => self.registered.contains(&test.operator),
            }
    }
}

/// The first words of the lines that are not comments.
fn patterns(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().filter_map(|line| line.split_whitespace().next()).filter(|pattern| !pattern.starts_with('#'))
}

/// Whether the parts of the pattern between its `*` are in the name, in this order, the first and last at its ends.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            let mut tails = name.char_indices().map(|(at, _)| &name[at..]).chain([""]);
            tails.any(|tail| matches(rest, tail))
        }),
    }
}
