//! Every route, used as intended.

use serde_json::json;

use crate::server::{PENGUIN, shared};

#[test]
fn root_says_that_it_runs() {
    assert_eq!(shared().client().get("/").json(), json!({"message": "ML Model API is running"}));
}

#[test]
fn a_model_answers_under_all_its_names() {
    let mut client = shared().client();
    let paths = [
        ("/predict", "2"),
        ("/predict/latest", "2"),
        ("/predict/v1", "1"),
        ("/predict/2", "2"),
        ("/models/penguins/predict", "2"),
        ("/models/penguins/versions/1/predict", "1"),
        ("/models/penguins/versions/v2/predict", "2"),
        ("/models/penguins/versions/latest/predict", "2"),
    ];
    for (path, version) in paths {
        let answer = client.post(path, PENGUIN.as_bytes());
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let body = answer.json();
        assert_eq!((&body["model"], &body["version"]), (&json!("penguins"), &json!(version)), "{path}");
        assert_eq!((&body["prediction"], &body["label"]), (&json!(2), &json!("Gentoo")), "{path}");
    }
}

#[test]
fn batches_answer_under_all_their_names() {
    let mut client = shared().client();
    let batch = format!(r#"{{"instances": [{PENGUIN}, {PENGUIN}, {PENGUIN}]}}"#);
    let paths = ["/predict_batch", "/models/penguins/predict_batch", "/models/penguins/versions/1/predict_batch"];
    for path in paths {
        let answer = client.post(path, batch.as_bytes());
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(answer.json()["processed_count"], 3, "{path}");
    }
}

#[test]
fn a_regression_answers_with_a_number() {
    let mut client = shared().client();
    let example = client.get("/models/auto-mpg").json()["described"]["example"].clone();
    let answer = client.post("/models/auto-mpg/predict", example.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.json()["prediction"].as_f64().is_some_and(|mpg| (5.0..60.0).contains(&mpg)));
}

#[test]
fn models_are_listed_and_described() {
    let mut client = shared().client();
    let list = client.get("/models").json();
    assert_eq!(list["default_model"], "penguins");
    assert_eq!(list["models"].as_array().map(Vec::len), Some(2));
    let card = client.get("/models/penguins").json();
    assert_eq!(card["described"]["version"], "2");
    assert_eq!(card["described"]["features"][0]["name"], "bill_length_mm");
    assert_eq!(card["described"]["classes"][2], json!({"class": 2, "label": "Gentoo"}));
    assert!(card["described"]["load_ms"].as_f64().is_some_and(|took| took > 0.0));
    assert_eq!(client.get("/models/penguins/versions/v1").json()["described"]["version"], "1");
}

#[test]
fn head_is_get_without_a_body() {
    let mut client = shared().client();
    for path in ["/", "/health", "/models", "/docs", "/openapi.json"] {
        let (head, get) = (client.request("HEAD", path, &[], b""), client.get(path));
        assert_eq!(head.status, 200, "{path}");
        assert_eq!(head.header("content-length"), get.header("content-length"), "{path}");
    }
}

#[test]
fn documentation_is_inside_the_binary() {
    let mut client = shared().client();
    for page in ["/docs", "/redoc"] {
        let answer = client.get(page);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html; charset=utf-8")));
        assert!(!answer.text().contains("://"), "{page} refers to another server");
    }
    for file in [
        "/docs/swagger-ui-bundle.js",
        "/docs/swagger-ui.css",
        "/docs/start.js",
        "/redoc/redoc.standalone.js",
        "/redoc/start.js",
        "/docs/favicon-32x32.png",
    ] {
        let plain = client.get(file);
        let packed = client.request("GET", file, &[("accept-encoding", "gzip")], b"");
        assert_eq!((plain.status, packed.status), (200, 200), "{file}");
        assert!(plain.header("content-encoding").is_none() && packed.body.len() <= plain.body.len(), "{file}");
        let etag = plain.header("etag").expect("a validator").to_owned();
        let again = client.request("GET", file, &[("if-none-match", &etag)], b"");
        assert_eq!((again.status, again.body.len()), (304, 0), "{file}");
    }
}

#[test]
fn request_ids_are_kept_or_made() {
    let mut client = shared().client();
    for (path, body) in [("/predict", PENGUIN), ("/predict", "{}"), ("/nowhere", "")] {
        let given = client.request(
            "POST",
            path,
            &[("x-request-id", "abc-1.2_3"), ("content-type", "application/json")],
            body.as_bytes(),
        );
        assert_eq!(given.header("x-request-id"), Some("abc-1.2_3"), "{path}");
        let made = client.post(path, body.as_bytes());
        let id = made.header("x-request-id").expect("an identifier").to_owned();
        assert_eq!(id.len(), 32, "{path}");
        if made.status >= 400 {
            assert_eq!(made.json()["request_id"], id.as_str(), "{path}");
        }
    }
}

/// A header that is not on this list tells something about the server that was not decided on.
#[test]
fn no_other_headers_are_sent() {
    const KNOWN: &[&str] = &[
        "allow",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-security-policy",
        "content-type",
        "date",
        "etag",
        "vary",
        "x-content-type-options",
        "server-timing",
        "x-request-id",
    ];
    let mut client = shared().client();
    let answers = [
        client.get("/"),
        client.get("/health"),
        client.get("/docs"),
        client.get("/docs/swagger-ui.css"),
        client.get("/openapi.json"),
        client.get("/nowhere"),
        client.post("/predict", PENGUIN.as_bytes()),
        client.post("/predict", b"{"),
        client.post("/health", b"{}"),
    ];
    for (name, _) in answers.iter().flat_map(|answer| &answer.headers) {
        assert!(KNOWN.contains(&name.as_str()), "{name}");
    }
}
