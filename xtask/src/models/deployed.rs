//! One version of a model behind a running server, asked for every golden row.

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    compare::Answer,
    golden::{Case, Golden},
    tally::Tally,
};
use crate::http::Client;

/// The server's own limit unless configured otherwise.
const BATCH_ROWS: usize = 100;

/// One version of a model behind a running server.
pub(super) struct Deployed<'a> {
    pub(super) client: &'a Client,
    pub(super) url: &'a str,
    pub(super) golden: &'a Golden,
}

#[derive(Deserialize)]
struct BatchAnswer {
    predictions: Vec<Answer>,
}

impl Deployed<'_> {
    /// Asks for each of the `cases` by a request of its own.
    pub(super) fn singly(&self, cases: &[Case]) -> anyhow::Result<Tally> {
        let mut tally = Tally::new(self.golden.tolerance);
        for case in cases {
            let answer = self.post("predict", &case.input.to_string())?;
            tally.add(case, &serde_json::from_str(&answer).with_context(|| format!("unexpected answer: {answer}"))?);
        }
        Ok(tally)
    }

    /// Asks for all rows, as many in a request as the server takes.
    pub(super) fn batched(&self) -> anyhow::Result<Tally> {
        let mut tally = Tally::new(self.golden.tolerance);
        for cases in self.golden.cases.chunks(BATCH_ROWS) {
            let rows: Vec<&Value> = cases.iter().map(|case| &case.input).collect();
            let answer = self.post("predict_batch", &json!({ "instances": rows }).to_string())?;
            let answer: BatchAnswer =
                serde_json::from_str(&answer).with_context(|| format!("unexpected answer: {answer}"))?;
            ensure!(
                answer.predictions.len() == cases.len(),
                "{} answers to {} instances",
                answer.predictions.len(),
                cases.len()
            );
            for (case, answer) in cases.iter().zip(&answer.predictions) {
                tally.add(case, answer);
            }
        }
        Ok(tally)
    }

    /// The body of the answer, which must have status 200.
    fn post(&self, action: &str, body: &str) -> anyhow::Result<String> {
        let Golden { model, version, .. } = self.golden;
        let url = format!("{}/models/{model}/versions/{version}/{action}", self.url);
        self.client.post(&url, body)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Deployed, Golden};
    use crate::http::{Client, stub};

    /// 250 rows: the model doubles `a`.
    fn golden() -> Golden {
        let cases: Vec<Value> =
            (0..250).map(|a| json!({"input": {"a": a}, "prediction": 2 * a, "probability": [0.5]})).collect();
        let golden = json!({
            "model": "twice", "version": "1", "library": "by hand", "tolerance": {"absolute": 1e-5}, "cases": cases,
        });
        serde_json::from_str(&golden.to_string()).unwrap()
    }

    /// Answers as `twice` does, but for `a` = 7.
    fn twice(path: &str, body: &str) -> (&'static str, String) {
        let body: Value = serde_json::from_str(body).unwrap();
        let row = |row: &Value| {
            let a = row["a"].as_i64().unwrap();
            json!({"prediction": if a == 7 { 0 } else { 2 * a }, "probability": [0.5]})
        };
        let answer = match path {
            "/models/twice/versions/1/predict" => row(&body),
            "/models/twice/versions/1/predict_batch" => {
                let rows = body["instances"].as_array().unwrap();
                assert!(rows.len() <= 100);
                json!({"predictions": rows.iter().map(row).collect::<Vec<_>>()})
            }
            _ => return ("404 Not Found", path.to_owned()),
        };
        ("200 OK", answer.to_string())
    }

    #[test]
    fn a_wrong_answer_is_found_among_right_ones() {
        let url = stub::serve(twice);
        let golden = golden();
        let model = Deployed { client: &Client::new(), url: &url, golden: &golden };
        for tally in [model.singly(&golden.cases).unwrap(), model.batched().unwrap()] {
            assert_eq!(tally.to_string(), "   250 249/250       0.0e0            1e-5  1 WRONG");
            let failures: Vec<String> = tally.failures().collect();
            assert!(failures.len() == 1 && failures[0].starts_with("{\"a\":7} → "), "{failures:?}");
        }
    }

    #[test]
    fn a_refusal_is_an_error() {
        let url = stub::serve(|_, _| ("422 Unprocessable Entity", "no".to_owned()));
        let golden = golden();
        let model = Deployed { client: &Client::new(), url: &url, golden: &golden };
        assert!(model.singly(&golden.cases).is_err());
        assert!(model.batched().is_err());
    }
}
