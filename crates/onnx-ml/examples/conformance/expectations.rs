//! What is expected of a test: that it passes, is refused, or only that it does not answer wrongly.

use std::collections::HashSet;

use tract_onnx::Onnx;
use tract_onnx::prelude::TractResult;

use crate::test_case::TestCase;
use crate::trial::Outcome;

/// The operators that have to conform, and the tests of them that are refused.
pub(crate) struct Expectations {
    /// By name alone, as tract looks them up.
    registered: HashSet<String>,
    refused: HashSet<&'static str>,
}

impl Expectations {
    /// Of the operators that this crate registers, and the refusals in `refused.txt`.
    pub(crate) fn committed() -> TractResult<Expectations> {
        let mut ours = Onnx::default();
        ferrocast_onnx_ml::register(&mut ours);
        let mut refused = HashSet::new();
        for name in names(include_str!("refused.txt")) {
            anyhow::ensure!(refused.insert(name), "{name} is in refused.txt twice");
        }
        Ok(Expectations { registered: ours.op_register.0.into_keys().collect(), refused })
    }

    /// What is to be said against the outcome of a test, if anything.
    pub(crate) fn objection(&self, test: &TestCase, outcome: &Outcome) -> Option<&'static str> {
        let is_listed = self.refused.contains(&*test.name);
        match outcome {
            harmful if harmful.is_harmful() => Some("may never happen"),
            Outcome::Refused(_) if is_listed => None,
            _ if is_listed => Some("is in refused.txt, but is not refused"),
            Outcome::Passed => None,
            _ if self.must_pass(test) => Some("has to pass"),
            _ => None,
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

/// The names in a list: lines start with one, `#` starts a comment.
fn names(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().map(|line| line.split('#').next().unwrap_or_default().trim()).filter(|name| !name.is_empty())
}
