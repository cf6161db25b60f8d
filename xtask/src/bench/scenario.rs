//! What is measured: a route, its bodies, and how near to its yardstick it should come.

use std::fmt;

use anyhow::Context;
use serde_json::{Value, json};

/// Different bodies that the connections send in turn.
pub(super) const BODIES: usize = 64;

/// Requests in flight, unless a scenario has its own.
pub(super) const CONNECTIONS: u32 = 64;

/// So many, in words.
pub(super) fn connections_in_words(count: u32) -> String {
    match count {
        1 => "1 connection".to_owned(),
        count => format!("{count} connections"),
    }
}

/// From a client alone to more than a server has threads for by far.
const FEW_TO_MANY: &[u32] = &[1, 8, CONNECTIONS, 256];

/// One kind of load.
#[derive(Debug)]
pub(super) struct Scenario {
    /// For the command line.
    pub(super) name: &'static str,
    /// For the table.
    pub(super) title: &'static str,
    pub(super) path: &'static str,
    /// Rows of one request; one goes without the envelope of a batch.
    pub(super) rows: usize,
    pub(super) against: Yardstick,
    /// Share of the yardstick's requests a second that is aimed at.
    pub(super) target: f64,
    /// Measured with each of these numbers of requests in flight.
    pub(super) connections: &'static [u32],
}

/// What the answers of a model are compared with, in the order of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Yardstick {
    /// The bare handler. The model is a sample.
    Ceiling,
    /// A bare handler that answers JSON of that size which lies ready.
    Static,
    /// The same server, which counts, traces and logs nothing.
    Unobserved,
    /// A logistic regression of the same fields in the same server, so that the difference is the models'. They are
    /// among the timed models.
    LogisticRegression,
    /// A bare handler that returns what it gets.
    Echo,
}

impl fmt::Display for Yardstick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Yardstick::Ceiling => "Ceiling",
            Yardstick::Static => "Static JSON",
            Yardstick::Echo => "Echo",
            Yardstick::Unobserved => "Unobserved",
            Yardstick::LogisticRegression => "Logistic regression",
        })
    }
}

/// The timed model that [`Yardstick::LogisticRegression`] is.
pub(super) const LOGISTIC_REGRESSION: &str = "/models/logistic-regression/predict";

/// The default model's latest version, as a client without special wishes meets it, and the cheaper version 1, whose
/// inference costs little beside the serving.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "row",
        title: "one row, boosted trees",
        path: "/predict",
        rows: 1,
        against: Yardstick::Ceiling,
        target: 0.8,
        connections: &[CONNECTIONS],
    },
    Scenario {
        name: "batch",
        title: "32 rows, boosted trees",
        path: "/predict_batch",
        rows: 32,
        against: Yardstick::Ceiling,
        target: 0.75,
        connections: &[CONNECTIONS],
    },
    Scenario {
        name: "linear-row",
        title: "one row, logistic regression",
        path: "/models/penguins/versions/1/predict",
        rows: 1,
        against: Yardstick::Ceiling,
        target: 0.85,
        connections: FEW_TO_MANY,
    },
    Scenario {
        name: "linear-batch",
        title: "32 rows, logistic regression",
        path: "/models/penguins/versions/1/predict_batch",
        rows: 32,
        against: Yardstick::Ceiling,
        target: 0.75,
        connections: &[CONNECTIONS],
    },
    // A quarter more than the yardstick costs is a fifth fewer requests.
    Scenario {
        name: "cached-row",
        title: "one row, answered before",
        path: "/predict_cached",
        rows: 1,
        against: Yardstick::Static,
        target: 0.8,
        connections: &[CONNECTIONS],
    },
    // Metrics as they are by default, and one request in a hundred traced to a receiver that takes everything.
    Scenario {
        name: "observed-row",
        title: "one row, counted and traced",
        path: "/predict",
        rows: 1,
        against: Yardstick::Unobserved,
        target: 0.95,
        connections: &[CONNECTIONS],
    },
    Scenario {
        name: "small-forest",
        title: "one row of 20 numbers, 100 trees grown on 500 rows",
        path: "/models/random-forest-500-rows/predict",
        rows: 1,
        against: Yardstick::LogisticRegression,
        target: 0.9,
        connections: &[CONNECTIONS],
    },
    Scenario {
        name: "forest",
        title: "one row of 20 numbers, 100 trees grown on 2,000 rows",
        path: "/models/random-forest-2000-rows/predict",
        rows: 1,
        against: Yardstick::LogisticRegression,
        target: 0.9,
        connections: &[CONNECTIONS],
    },
    Scenario {
        name: "deep-forest",
        title: "one row of 20 numbers, 100 trees grown on 20,000 rows",
        path: "/models/random-forest/predict",
        rows: 1,
        against: Yardstick::LogisticRegression,
        target: 0.9,
        connections: &[CONNECTIONS],
    },
];

impl Scenario {
    /// The one of this name.
    pub(super) fn named(name: &str) -> anyhow::Result<&'static Scenario> {
        SCENARIOS
            .iter()
            .find(|scenario| scenario.name == name)
            .with_context(|| format!("no scenario is named `{name}`"))
    }

    /// The ceiling's route for requests of this kind.
    pub(super) fn ceiling_path(&self) -> &'static str {
        match (self.against, self.rows) {
            (Yardstick::Static, _) => "/static",
            (_, 1) => "/predict",
            _ => "/predict_batch",
        }
    }

    /// Bodies made of these rows in turn.
    pub(super) fn bodies(&self, rows: &[Value]) -> anyhow::Result<Vec<String>> {
        anyhow::ensure!(!rows.is_empty(), "there are no rows to send");
        let mut rows = rows.iter().cycle();
        let mut body = || match self.rows {
            1 => rows.next().map(Value::to_string).unwrap_or_default(),
            count => json!({ "instances": rows.by_ref().take(count).collect::<Vec<_>>() }).to_string(),
        };
        Ok((0..BODIES).map(|_| body()).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{BODIES, SCENARIOS};

    #[test]
    fn bodies_are_whole_requests() {
        let inputs = [json!({"b": 1.5, "a": 1}), json!({"a": 2})];
        let bodies = |rows| {
            let scenario = SCENARIOS.iter().find(|scenario| scenario.rows == rows).unwrap();
            scenario.bodies(&inputs).unwrap()
        };
        let (single, batches) = (bodies(1), bodies(32));
        assert_eq!((single.len(), batches.len()), (BODIES, BODIES));
        assert_eq!(single[..3], [r#"{"b":1.5,"a":1}"#, r#"{"a":2}"#, r#"{"b":1.5,"a":1}"#]);
        let batch: serde_json::Value = serde_json::from_str(&batches[0]).unwrap();
        assert_eq!(batch["instances"].as_array().map(Vec::len), Some(32));
    }
}
