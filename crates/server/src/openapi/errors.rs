//! Errors in the API description: which statuses there are, what they mean and what their bodies look like.

use std::collections::BTreeMap;

use apistos::paths::{MediaType, Response};
use apistos::reference_or::ReferenceOr;
use apistos::{ApiComponent, Schema};
use ferrocast_protocol::native::ErrorResponse;
use serde_json::{Map, Value, json};

/// Status, what it means here, and the schema of its body. 422 has the names that FastAPI gives it.
const RESPONSES: &[(u16, &str, &str)] = &[
    (
        400,
        "The request cannot be served as it is, for instance a batch that is too large or a file that is no picture",
        "ErrorResponse",
    ),
    (404, "There is no such model, version or task", "ErrorResponse"),
    (408, "The body did not arrive in time", "ErrorResponse"),
    (409, "What is asked for does not fit the state of things", "ErrorResponse"),
    (413, "The body, or the picture in it, is larger than the server accepts", "ErrorResponse"),
    (415, "The body is not of the type that the path takes, or is compressed", "ErrorResponse"),
    (422, "The body is not what the model takes; `details` lists everything that is wrong with its fields", VALIDATION),
    (429, "Too much is under way; try again after `Retry-After` seconds", "ErrorResponse"),
    (500, "The model or the server failed", "ErrorResponse"),
    (503, "The model is not ready, tasks cannot be stored, or the server is stopping", "ErrorResponse"),
    (504, "The answer was not there within the time that the request had", "ErrorResponse"),
];

const VALIDATION: &str = "HTTPValidationError";

/// For apistos: the responses, by status.
pub(crate) fn responses() -> Vec<(String, Response)> {
    let response = |description: &str, schema: &str| Response {
        description: description.to_owned(),
        content: BTreeMap::from([(
            "application/json".to_owned(),
            MediaType { schema: Some(ReferenceOr::Reference { _ref: reference(schema) }), ..MediaType::default() },
        )]),
        ..Response::default()
    };
    RESPONSES.iter().map(|(status, text, schema)| (status.to_string(), response(text, schema))).collect()
}

/// For apistos: none; [`components`] adds them once for the whole document.
pub(crate) fn schemas() -> BTreeMap<String, (String, ReferenceOr<Schema>)> {
    BTreeMap::new()
}

/// For the paths of the models: the same responses as a JSON object by status.
pub(crate) fn prediction_responses() -> Map<String, Value> {
    let response = |text: &str, schema: &str| json!({"description": text, "content": {"application/json": {"schema": {"$ref": reference(schema)}}}});
    let of_predictions = RESPONSES.iter().filter(|(status, ..)| *status != 409);
    of_predictions.map(|(status, text, schema)| (status.to_string(), response(text, schema))).collect()
}

/// The schemas that the responses refer to.
pub(crate) fn components() -> Vec<(String, Value)> {
    let own = <ErrorResponse<'static> as ApiComponent>::schema();
    let inner = <ErrorResponse<'static> as ApiComponent>::child_schemas();
    let all = own.into_iter().chain(inner);
    let mut components: Vec<(String, Value)> =
        all.map(|(name, schema)| (name, serde_json::to_value(schema).unwrap_or_default())).collect();
    components.push((VALIDATION.to_owned(), json!({"$ref": reference("ErrorResponse")})));
    components
}

fn reference(schema: &str) -> String {
    format!("#/components/schemas/{schema}")
}
