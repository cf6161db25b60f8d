//! The four tests that come with every hand-written FastAPI model service, against the default server as it stands.

use serde_json::json;

use crate::server::shared;

fn features() -> serde_json::Value {
    json!({"feature1": 50.0, "feature2": 25.0, "feature3": "A", "feature4": 100})
}

#[test]
fn health() {
    let answer = shared().client().get("/health");
    assert_eq!(answer.status, 200);
    assert_eq!((&answer.json()["status"], &answer.json()["model_loaded"]), (&json!("healthy"), &json!(true)));
}

#[test]
fn predict() {
    let answer = shared().client().post("/predict", features().to_string().as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    assert!(body["prediction"].is_i64());
    assert_eq!(body["probability"].as_array().map(Vec::len), Some(3));
    let confidence = body["confidence"].as_f64().expect("a number");
    assert!((0.0..=1.0).contains(&confidence));
    assert_eq!(body["status"], "success");
}

#[test]
fn invalid_input() {
    let answer = shared().client().post("/predict", br#"{"invalid":"data"}"#);
    assert_eq!(answer.status, 422);
    let detail = answer.json()["detail"].clone();
    assert_eq!(detail[0]["type"], "missing");
    assert_eq!(detail[0]["loc"][0], "body");
}

#[test]
fn batch_of_two() {
    let body = json!({"instances": [features(), features()]}).to_string();
    let answer = shared().client().post("/predict_batch", body.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["processed_count"], 2);
    assert_eq!(body["predictions"][1]["instance_id"], 1);
    assert_eq!(body["status"], "success");
}
