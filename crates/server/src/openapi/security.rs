//! Who may ask, in the API description: the same whether this server has keys or not, since clients are made from it once.

use serde_json::{Map, Value, json};

use crate::access::is_probe;

/// What may come of it: status, and what it means.
const RESPONSES: [(&str, &str); 3] = [
    ("401", "A valid key is needed, where the server has keys"),
    ("403", "The key is not good for this path"),
    ("429", "Too much is under way, or this client sends too much; try again after `Retry-After` seconds"),
];

/// Adds the ways to send a key, and to each operation but the probes that it may need one.
pub(super) fn add(document: &mut Value) {
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        components.insert(
            "securitySchemes".to_owned(),
            json!({
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"}
            }),
        );
    }
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let items = paths.into_iter().flatten().filter(|(path, _)| !is_probe(path));
    for (path, item) in items {
        for operation in item.as_object_mut().into_iter().flat_map(|item| item.values_mut()) {
            let Some(operation) = operation.as_object_mut() else { continue };
            // The empty one stands for a server without keys.
            operation.insert("security".to_owned(), json!([{}, {"bearer": []}, {"header": []}]));
            if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
                add_responses(path, responses);
            }
        }
    }
}

fn add_responses(path: &str, responses: &mut Map<String, Value>) {
    let schema = if path.starts_with("/v2") { "InferenceError" } else { "ErrorResponse" };
    for (status, text) in RESPONSES {
        responses.entry(status).or_insert_with(|| {
            json!({
                "description": text,
                "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{schema}")}}}
            })
        });
    }
}
