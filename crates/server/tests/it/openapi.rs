//! The API description: what it shows, that it is committed as it is, and that its examples work.

use ferrocast_testkit::small_model;
use serde_json::{Value, json};

use crate::server::{TestServer, all_samples, shared};

fn document() -> Value {
    shared().client().get("/openapi.json").json()
}

#[test]
fn models_have_paths_with_their_own_fields() {
    let document = document();
    let row = &document["components"]["schemas"]["penguins_v2_Row"]["properties"];
    assert_eq!(row["island"]["enum"], serde_json::json!(["Biscoe", "Dream", "Torgersen"]));
    assert_eq!(row["bill_length_mm"]["maximum"].as_f64(), Some(100.0));
    assert_eq!(row["bill_depth_mm"]["exclusiveMinimum"], true);
    let default = &document["components"]["schemas"]["DefaultModelRow"];
    assert_eq!(default["$ref"], "#/components/schemas/penguins_v2_Row");
    let prediction = &document["components"]["schemas"]["penguins_v1_Prediction"]["properties"];
    assert_eq!(prediction["prediction"]["enum"], serde_json::json!([0, 1, 2]));
    assert_eq!(prediction["label"]["enum"], serde_json::json!(["Adelie", "Chinstrap", "Gentoo"]));
    for schema in ["HTTPValidationError", "ValidationError"] {
        assert!(document["components"]["schemas"][schema].is_object(), "{schema}");
    }
}

#[test]
fn several_labels_are_described_and_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("iris.onnx"), small_model("sklearn_multi_output")).expect("a file");
    let server = TestServer::start(folder.path(), &[], ferrocast_server::loaders());
    let mut client = server.client();
    let document = client.get("/openapi.json").json();
    let properties = &document["components"]["schemas"]["iris_v1_Prediction"]["properties"];
    let species = json!({"type": "string", "enum": ["setosa", "versicolor", "virginica"]});
    let length = json!({"type": "string", "enum": ["long", "short"]});
    let prediction = &properties["prediction"];
    assert_eq!((&prediction["items"], &prediction["maxItems"]), (&json!({"anyOf": [species, length]}), &json!(2)));
    assert_eq!(properties["probability"]["items"]["anyOf"][0]["minItems"], 3);

    let card = client.get("/models/iris").json();
    assert_eq!(card["described"]["targets"][1], json!([{"class": "long"}, {"class": "short"}]));
    let row = br#"{"x0": 6.7, "x1": 3.0, "x2": 5.2, "x3": 2.3}"#;
    let answer = server.client().post("/predict", row).json();
    assert_eq!(answer["prediction"], json!(["virginica", "long"]));
    let lengths = answer["probability"].as_array().expect("a list").iter().map(|list| list.as_array().map(Vec::len));
    assert_eq!(lengths.collect::<Vec<_>>(), [Some(3), Some(2)]);
    assert_eq!(answer["confidence"], answer["probability"][0][2]);
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_has_its_own_name() {
    let document = document();
    let mut ids = std::collections::HashSet::new();
    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no name"));
        assert!(ids.insert(id.to_owned()), "{id} twice");
        for (status, response) in operation["responses"].as_object().expect("responses") {
            assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{path} {status}");
        }
    }
    check_references(&document, &document);
}

fn check_references(document: &Value, part: &Value) {
    match part {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
            }
            members.values().for_each(|member| check_references(document, member));
        }
        Value::Array(items) => items.iter().for_each(|item| check_references(document, item)),
        _ => {}
    }
}

#[test]
fn every_example_works() {
    let document = document();
    let mut client = shared().client();
    let mut sent = 0;
    for (path, method, operation) in operations(&document) {
        // There is no model of pictures here, nothing may be changed by requests, and tensors are other ones for each model.
        let is_not_for_all = path.starts_with("/predict_image") || path.ends_with("/infer");
        // What is about a task is tried where there is one.
        let is_of_a_task = path.contains("{task_id}");
        // The log is the process's own, which is the test.
        let is_of_the_process = path == "/admin/log";
        if is_not_for_all || is_of_a_task || is_of_the_process || method == "put" || path.ends_with("load") {
            continue;
        }
        let path = path.replace("{version}", "latest").replace("{model}", "penguins");
        let answer = match method {
            "get" => client.get(&path),
            _ if operation["requestBody"].is_null() => client.post(&path, b""),
            _ => {
                let example = &operation["requestBody"]["content"]["application/json"]["example"];
                assert!(example.is_object(), "{path} has no example");
                client.post(&path, example.to_string().as_bytes())
            }
        };
        let success = if path.ends_with("/predict_async") { 202 } else { 200 };
        assert_eq!(answer.status, success, "{method} {path}: {}", answer.text());
        sent += 1;
    }
    assert!(sent >= 32, "only {sent} operations");
}

#[test]
fn pictures_are_sent_in_forms_or_in_base64() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("pets.onnx"), small_model("conv")).expect("a file");
    let manifest = "task = \"image-classification\"\n[image]\nsize = { width = 8, height = 8 }";
    std::fs::write(folder.path().join("pets.toml"), manifest).expect("a file");
    let server = TestServer::start(folder.path(), &[], ferrocast_server::loaders());
    let document = server.client().get("/openapi.json").json();
    check_references(&document, &document);
    let bases = ["", "/models/pets", "/models/pets/versions/1"];
    for base in bases {
        let post = |path: &str| &document["paths"][format!("{base}/{path}")]["post"];
        let form = &post("predict_image")["requestBody"]["content"]["multipart/form-data"]["schema"];
        assert_eq!((&form["properties"]["file"]["format"], &form["required"]), (&json!("binary"), &json!(["file"])));
        let several = &post("predict_image_batch")["requestBody"]["content"]["multipart/form-data"]["schema"];
        assert_eq!(several["properties"]["file"]["items"]["format"], "binary");
        let parameters = post("predict_image")["parameters"].as_array().expect("parameters");
        assert!(parameters.iter().any(|parameter| parameter["name"] == "top_k"), "{base}");
        let example = &post("predict_image_base64")["requestBody"]["content"]["application/json"]["example"];
        let answer = server.client().post(&format!("{base}/predict_image_base64"), example.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

#[test]
fn the_committed_document_is_this_one() {
    let server = TestServer::start(&all_samples(), &[], ferrocast_server::loaders());
    let document = server.client().get("/openapi.json").json();
    let path = all_samples().join("../docs/openapi.json");
    let committed = std::fs::read_to_string(&path).expect("docs/openapi.json; `cargo xtask codegen` writes it");
    let committed: Value = serde_json::from_str(&committed).expect("JSON");
    assert!(committed == document, "docs/openapi.json is out of date; `cargo xtask codegen` writes it");
}

fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let methods = paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().expect("a path item");
        item.iter().map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    });
    methods.collect()
}
