//! A smoke test: what each server that serves the sample models answers, wherever and however it runs.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::{form, http::Client, workspace::root};

/// The row of the README, and what it is.
const PENGUIN: &str =
    r#"{"bill_length_mm": 50.0, "bill_depth_mm": 15.2, "island": "Biscoe", "flipper_length_mm": 218}"#;
const SPECIES: &str = "Gentoo";
/// The picture of the README, and what it shows.
const PICTURE: &str = "docs/images/chelsea.png";
const SHOWN: &str = "tiger cat";

/// How long a server may take until it is ready, and a task until it is done.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// Asks the server at `url` (scheme, host and port) for something of each kind; fails at the first answer that is not as it should be.
pub(crate) fn run(url: &str) -> anyhow::Result<()> {
    let server = Server { client: Client::new(), url };
    server.becomes_ready()?;
    server.predicts_rows()?;
    server.predicts_pictures()?;
    server.predicts_later()?;
    server.speaks_the_open_protocol()?;
    server.documents_itself()?;
    server.counts()
}

struct Server<'a> {
    client: Client,
    url: &'a str,
}

impl Server<'_> {
    fn becomes_ready(&self) -> anyhow::Result<()> {
        self.client.wait_until_ready(self.url, PATIENCE)?;
        let health = self.get("/health")?;
        ensure_at("/health", &health, "/status", "healthy")?;
        let models = self.get("/models")?.to_string();
        for model in ["auto-mpg", "imagenet", "penguins"] {
            ensure!(models.contains(model), "/models lacks {model}: {models}");
        }
        Ok(())
    }

    fn predicts_rows(&self) -> anyhow::Result<()> {
        ensure_at("/predict", &self.post("/predict", PENGUIN)?, "/label", SPECIES)?;
        let answer = self.post("/predict_batch", &format!(r#"{{"instances": [{PENGUIN}, {PENGUIN}]}}"#))?;
        ensure_at("/predict_batch", &answer, "/predictions/0/label", SPECIES)?;
        ensure_at("/predict_batch", &answer, "/predictions/1/label", SPECIES)
    }

    fn predicts_pictures(&self) -> anyhow::Result<()> {
        let picture = fs::read(root().join(PICTURE)).with_context(|| format!("cannot read {PICTURE}"))?;
        let form = form::of(&picture, "image/png");
        let (status, answer) = self.client.post_bytes(&self.at("/predict_image"), &form::content_type(), &form)?;
        let answer = read("/predict_image", 200, status, &answer)?;
        ensure_at("/predict_image", &answer, "/predicted_class", SHOWN)
    }

    fn predicts_later(&self) -> anyhow::Result<()> {
        let (status, answer) =
            self.client.post_bytes(&self.at("/predict_async"), "application/json", PENGUIN.as_bytes())?;
        let accepted = read("/predict_async", 202, status, &answer)?;
        let task = accepted.get("task_id").and_then(Value::as_str);
        let path = format!("/prediction_status/{}", task.with_context(|| format!("/predict_async: {accepted}"))?);
        let begin = Instant::now();
        loop {
            let answer = self.get(&path)?;
            if answer.get("status").is_some_and(|status| status == "completed") {
                return ensure_at(&path, &answer, "/result/label", SPECIES);
            }
            ensure!(begin.elapsed() < PATIENCE, "the task is not done: {answer}");
            thread::sleep(PAUSE);
        }
    }

    fn speaks_the_open_protocol(&self) -> anyhow::Result<()> {
        let tensor = |name: &str, datatype: &str, value: Value| json!({"name": name, "datatype": datatype, "shape": [1, 1], "data": [value]});
        let inputs = [
            tensor("bill_length_mm", "FP32", json!(50.0)),
            tensor("bill_depth_mm", "FP32", json!(15.2)),
            tensor("island", "BYTES", json!("Biscoe")),
            tensor("flipper_length_mm", "INT64", json!(218)),
        ];
        let answer = self.post("/v2/models/penguins/infer", &json!({ "inputs": inputs }).to_string())?;
        // The class of the species above.
        ensure_at("/v2/models/penguins/infer", &answer, "/outputs/0/data", json!([2]))
    }

    fn documents_itself(&self) -> anyhow::Result<()> {
        let document = self.get("/openapi.json")?;
        let has_route = document.get("paths").is_some_and(|paths| paths.get("/predict").is_some());
        ensure!(has_route, "/openapi.json does not have /predict");
        let page = self.text("/docs")?;
        ensure!(page.contains("swagger-ui"), "/docs: {page}");
        Ok(())
    }

    fn counts(&self) -> anyhow::Result<()> {
        let metrics = self.text("/metrics")?;
        ensure!(metrics.contains("\nml_api_predictions_total{"), "/metrics counts no predictions: {metrics}");
        Ok(())
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    fn text(&self, path: &str) -> anyhow::Result<String> {
        let (status, text) = self.client.get_text(&self.at(path))?;
        ensure!(status == 200, "{path}: {status}: {text}");
        Ok(text)
    }

    fn get(&self, path: &str) -> anyhow::Result<Value> {
        read(path, 200, 200, &self.text(path)?)
    }

    fn post(&self, path: &str, body: &str) -> anyhow::Result<Value> {
        let answer = self.client.post(&self.at(path), body)?;
        read(path, 200, 200, &answer)
    }
}

/// JSON of an answer that has the status it should have.
fn read(path: &str, expected: u16, status: u16, text: &str) -> anyhow::Result<Value> {
    ensure!(status == expected, "{path}: {status}, not {expected}: {text}");
    serde_json::from_str(text).with_context(|| format!("{path}: no JSON: {text}"))
}

/// An answer has this value at this place (a JSON pointer).
fn ensure_at(path: &str, answer: &Value, place: &str, expected: impl Into<Value>) -> anyhow::Result<()> {
    let expected = expected.into();
    ensure!(answer.pointer(place) == Some(&expected), "{path}: {place} is not {expected}: {answer}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{PENGUIN, PICTURE, SHOWN, SPECIES};
    use crate::workspace::root;

    #[test]
    fn it_asks_what_the_readme_asks() {
        let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
        for text in [PENGUIN, PICTURE, &format!("\"label\":\"{SPECIES}\""), &format!("\"predicted_class\":\"{SHOWN}\"")]
        {
            assert!(readme.contains(text), "the README has no {text}");
        }
    }
}
