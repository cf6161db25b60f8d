//! `cargo xtask models verify`: the sample models answer over HTTP what the library that trained them answered.
//!
//! Every case of every `golden.json` goes through the release server twice: alone and as part of a batch.

mod compare;
mod golden;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use xshell::Shell;

use self::compare::{Answer, Tally};
pub(crate) use self::golden::Golden;
use crate::{http::Client, served, workspace::root};

/// The server's own limit unless configured otherwise.
const BATCH_ROWS: usize = 100;

/// Fails if one answer of one sample model is not as its library gave it.
pub(crate) fn verify(sh: &Shell) -> anyhow::Result<()> {
    let all_golden = read_golden(&root().join("models"))?;
    let server = served::start_with_samples(&served::build(sh)?)?;
    println!(
        "{:16} {:24} {:7} {:>6} {:>7} {:>11} {:>11}",
        "model", "trained by", "sent", "cases", "labels", "max error", "allowed"
    );
    let mut all_equal = true;
    for golden in &all_golden {
        let model = Deployed { client: Client::new(), url: server.url(), golden };
        for (sent, tally) in [("singly", model.singly()?), ("batched", model.batched()?)] {
            let name = format!("{}/{}", golden.model, golden.version);
            println!("{name:16} {:24} {sent:7} {tally}", golden.library);
            for line in tally.failures() {
                println!("    {line}");
            }
            all_equal &= tally.passed();
        }
    }
    ensure!(all_equal, "a sample model does not answer as its library did");
    Ok(())
}

/// One version of a model behind a running server.
struct Deployed<'a> {
    client: Client,
    url: &'a str,
    golden: &'a Golden,
}

#[derive(Deserialize)]
struct BatchAnswer {
    predictions: Vec<Answer>,
}

impl Deployed<'_> {
    fn singly(&self) -> anyhow::Result<Tally> {
        let mut tally = Tally::new(self.golden.tolerance);
        for case in &self.golden.cases {
            let answer = self.post("predict", &case.input.to_string())?;
            tally.add(case, &serde_json::from_str(&answer).with_context(|| format!("unexpected answer: {answer}"))?);
        }
        Ok(tally)
    }

    fn batched(&self) -> anyhow::Result<Tally> {
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

/// Every `<models>/<name>/<version>/golden.json`, which each folder with a model must have.
pub(crate) fn read_golden(models: &Path) -> anyhow::Result<Vec<Golden>> {
    let mut found = Vec::new();
    for name in folders(models)? {
        for version in folders(&name)?.into_iter().filter(|version| version.join("model.onnx").exists()) {
            found.push(Golden::read(&version.join("golden.json"))?);
        }
    }
    ensure!(!found.is_empty(), "{} holds no model", models.display());
    Ok(found)
}

fn folders(parent: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(parent).with_context(|| format!("cannot list {}", parent.display()))?;
    let mut found: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    found.retain(|path| path.is_dir());
    found.sort();
    Ok(found)
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
        let model = Deployed { client: Client::new(), url: &url, golden: &golden };
        for tally in [model.singly().unwrap(), model.batched().unwrap()] {
            assert_eq!(tally.to_string(), "   250 249/250       0.0e0        1e-5  1 WRONG");
            let failures: Vec<String> = tally.failures().collect();
            assert!(failures.len() == 1 && failures[0].starts_with("{\"a\":7} → "), "{failures:?}");
        }
    }

    #[test]
    fn a_refusal_is_an_error() {
        let url = stub::serve(|_, _| ("422 Unprocessable Entity", "no".to_owned()));
        let golden = golden();
        let model = Deployed { client: Client::new(), url: &url, golden: &golden };
        assert!(model.singly().is_err());
        assert!(model.batched().is_err());
    }
}
