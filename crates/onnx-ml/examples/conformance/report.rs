//! The verdicts as a table of operators.

use std::collections::BTreeMap;
use std::fmt;

use crate::trial::Outcome;

/// Longest reason that is printed: errors of tract hold whole nodes.
const REASON_CHARS: usize = 160;

/// What came of one test, and what is to be said against it.
pub(crate) struct Verdict {
    pub(crate) test: String,
    pub(crate) operator: String,
    pub(crate) outcome: Outcome,
    pub(crate) objection: Option<&'static str>,
}

/// All verdicts, by operator and test.
pub(crate) struct Report {
    operators: BTreeMap<String, Vec<Verdict>>,
}

impl Report {
    pub(crate) fn new(mut verdicts: Vec<Verdict>) -> Report {
        verdicts.sort_by(|a, b| a.test.cmp(&b.test));
        let mut operators = BTreeMap::<String, Vec<Verdict>>::new();
        for verdict in verdicts {
            operators.entry(verdict.operator.clone()).or_default().push(verdict);
        }
        Report { operators }
    }

    /// Whether nothing is to be said against any test.
    pub(crate) fn conforms(&self) -> bool {
        self.verdicts().all(|verdict| verdict.objection.is_none())
    }

    fn verdicts(&self) -> impl Iterator<Item = &Verdict> {
        self.operators.values().flatten()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (operator, verdicts) in &self.operators {
            writeln!(f, "{operator:40} {:>4}/{}", passed(verdicts), verdicts.len())?;
            for verdict in verdicts {
                write_failure(f, verdict)?;
            }
        }
        let all: Vec<&Verdict> = self.verdicts().collect();
        let count = |is: fn(&Outcome) -> bool| all.iter().filter(|verdict| is(&verdict.outcome)).count();
        writeln!(
            f,
            "{} tests: {} passed, {} refused, {} failed at run, {} wrong, {} panicked",
            all.len(),
            count(|outcome| matches!(outcome, Outcome::Passed)),
            count(|outcome| matches!(outcome, Outcome::Refused(_))),
            count(|outcome| matches!(outcome, Outcome::Failed(_))),
            count(|outcome| matches!(outcome, Outcome::Wrong(_))),
            count(|outcome| matches!(outcome, Outcome::Panicked(_))),
        )?;
        for verdict in self.verdicts().filter(|verdict| verdict.objection.is_some()) {
            write!(f, "NOT CONFORMING: {}", verdict.objection.unwrap_or_default())?;
            write_failure(f, verdict)?;
        }
        Ok(())
    }
}

fn passed(verdicts: &[Verdict]) -> usize {
    verdicts.iter().filter(|verdict| matches!(verdict.outcome, Outcome::Passed)).count()
}

/// One line on a test that did not pass.
fn write_failure(f: &mut fmt::Formatter<'_>, verdict: &Verdict) -> fmt::Result {
    let (word, reason) = match &verdict.outcome {
        Outcome::Passed if verdict.objection.is_none() => return Ok(()),
        Outcome::Passed => ("passed", ""),
        Outcome::Refused(reason) => ("refused", &**reason),
        Outcome::Failed(reason) => ("failed", &**reason),
        Outcome::Wrong(reason) => ("WRONG", &**reason),
        Outcome::Panicked(reason) => ("PANICKED", &**reason),
    };
    let reason: String = reason.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(REASON_CHARS).collect();
    writeln!(f, "    {word:8} {}: {reason}", verdict.test)
}
