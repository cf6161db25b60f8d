//! What is measured: a route, its bodies, and how near to the ceiling it should come.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::models::Golden;

/// Different bodies that the connections send in turn.
const BODIES: usize = 64;

/// One kind of load. The paths act on the default model, `penguins`.
#[derive(Debug)]
pub(super) struct Scenario {
    /// For the command line.
    pub(super) name: &'static str,
    /// For the table.
    pub(super) title: &'static str,
    pub(super) path: &'static str,
    /// Rows of one request; one goes without the envelope of a batch.
    pub(super) rows: usize,
    pub(super) connections: u32,
    /// Share of the ceiling's requests a second that is aimed at.
    pub(super) target: f64,
}

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "row",
        title: "`/predict`, one row, 64 connections",
        path: "/predict",
        rows: 1,
        connections: 64,
        target: 0.6,
    },
    Scenario {
        name: "batch",
        title: "`/predict_batch`, 32 rows, 64 connections",
        path: "/predict_batch",
        rows: 32,
        connections: 64,
        target: 0.5,
    },
];

#[derive(Serialize)]
struct Batch<'a> {
    instances: Vec<&'a RawValue>,
}

impl Scenario {
    /// Bodies made of the rows of the real data set.
    pub(super) fn bodies(&self, golden: &Golden) -> anyhow::Result<Vec<String>> {
        anyhow::ensure!(!golden.cases.is_empty(), "the golden file has no rows");
        let mut rows = golden.cases.iter().cycle().map(|case| &*case.input);
        let mut body = || {
            Ok(match self.rows {
                1 => rows.next().map(|row| row.get().to_owned()).unwrap_or_default(),
                count => serde_json::to_string(&Batch { instances: rows.by_ref().take(count).collect() })?,
            })
        };
        (0..BODIES).map(|_| body()).collect()
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
                "cases": [{"input": {"a": 1}, "prediction": 0}, {"input": {"a": 2}, "prediction": 0}]}"#,
        )
        .unwrap();
        let bodies: Vec<Vec<String>> = SCENARIOS.iter().map(|scenario| scenario.bodies(&golden).unwrap()).collect();
        let [rows, batches] = &bodies[..] else { panic!("two scenarios") };
        assert_eq!((rows.len(), batches.len()), (BODIES, BODIES));
        assert_eq!(rows[..3], ["{\"a\": 1}", "{\"a\": 2}", "{\"a\": 1}"]);
        let batch: serde_json::Value = serde_json::from_str(&batches[0]).unwrap();
        assert_eq!(batch["instances"].as_array().map(Vec::len), Some(32));
    }
}
