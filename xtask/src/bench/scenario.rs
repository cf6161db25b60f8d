//! What is measured: a route, its bodies, and how near to the ceiling it should come.

use serde_json::{Value, json};

use crate::models::Golden;

/// Different bodies that the connections send in turn.
const BODIES: usize = 64;

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
    /// Share of the ceiling's requests a second that is aimed at.
    pub(super) target: f64,
}

/// The default model's latest version, as a client without special wishes meets it, and the cheaper version 1, whose
/// inference costs little beside the serving.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario { name: "row", title: "one row, boosted trees", path: "/predict", rows: 1, target: 0.6 },
    Scenario { name: "batch", title: "32 rows, boosted trees", path: "/predict_batch", rows: 32, target: 0.5 },
    Scenario {
        name: "linear-row",
        title: "one row, logistic regression",
        path: "/models/penguins/versions/1/predict",
        rows: 1,
        target: 0.6,
    },
    Scenario {
        name: "linear-batch",
        title: "32 rows, logistic regression",
        path: "/models/penguins/versions/1/predict_batch",
        rows: 32,
        target: 0.5,
    },
];

impl Scenario {
    /// The ceiling's route for requests of this kind.
    pub(super) fn ceiling_path(&self) -> &'static str {
        if self.rows == 1 { "/predict" } else { "/predict_batch" }
    }

    /// Bodies made of the rows of the real data set.
    pub(super) fn bodies(&self, golden: &Golden) -> anyhow::Result<Vec<String>> {
        anyhow::ensure!(!golden.cases.is_empty(), "the golden file has no rows");
        let mut rows = golden.cases.iter().cycle().map(|case| &case.input);
        let mut body = || match self.rows {
            1 => rows.next().map(Value::to_string).unwrap_or_default(),
            count => json!({ "instances": rows.by_ref().take(count).collect::<Vec<_>>() }).to_string(),
        };
        Ok((0..BODIES).map(|_| body()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{BODIES, SCENARIOS};
    use crate::models::Golden;

    #[test]
    fn bodies_are_whole_requests() {
        let golden: Golden = serde_json::from_str(
            r#"{"model": "m", "version": "1", "library": "l", "tolerance": {"absolute": 0.1},
                "cases": [{"input": {"b": 1.5, "a": 1}, "prediction": 0}, {"input": {"a": 2}, "prediction": 0}]}"#,
        )
        .unwrap();
        let bodies = |rows| {
            let scenario = SCENARIOS.iter().find(|scenario| scenario.rows == rows).unwrap();
            scenario.bodies(&golden).unwrap()
        };
        let (single, batches) = (bodies(1), bodies(32));
        assert_eq!((single.len(), batches.len()), (BODIES, BODIES));
        assert_eq!(single[..3], [r#"{"b":1.5,"a":1}"#, r#"{"a":2}"#, r#"{"b":1.5,"a":1}"#]);
        let batch: serde_json::Value = serde_json::from_str(&batches[0]).unwrap();
        assert_eq!(batch["instances"].as_array().map(Vec::len), Some(32));
    }
}
