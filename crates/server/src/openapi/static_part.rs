//! The part of the API description that apistos derives from the route table.

use actix_web::App;
use actix_web::body::to_bytes;
use actix_web::test;
use apistos::app::OpenApiWrapper;
use apistos::info::Info;
use apistos::spec::Spec;
use apistos::tag::Tag;
use serde_json::{Value, json};

use super::open_inference;
use crate::extract::json_body::BodySchema;
use crate::routes;
use crate::routes::aliases::AliasTarget;
use crate::routes::log::LevelChoice;

const DESCRIPTION: &str = "Every loaded model has paths of its own, with its own fields: \
    `/models/{model}/predict` for one row, `/models/{model}/predict_batch` for many, and the same for each of its versions. \
    The flat paths such as `/predict` act on the default model.";

/// Where apistos serves the document inside [`capture`]; the server itself never mounts it.
const PATH: &str = "/document";

/// What the title and the tags of the document are made of.
pub(crate) fn spec(app_name: &str) -> Spec {
    let tag = |name: &str, description: &str| Tag {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        ..Tag::default()
    };
    Spec {
        info: Info {
            title: app_name.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: Some(DESCRIPTION.to_owned()),
            ..Info::default()
        },
        tags: vec![
            tag("default model", "Predictions from the model that needs no naming"),
            tag("models", "What is loaded, and in which state"),
            tag("tasks", "Predictions that are made later: how they are"),
            tag("server", "Whether the server works"),
            tag(open_inference::TAG, "What Triton's and KServe's clients speak: tensors in, tensors out"),
        ],
        ..Spec::default()
    }
}

/// The document as apistos builds it, by asking the handler that it makes. The only place where it can be had.
pub(crate) async fn capture(app_name: &str) -> Result<Value, CaptureError> {
    let app = App::new().document(spec(app_name)).configure(routes::api).build(PATH);
    let service = test::init_service(app).await;
    let request = test::TestRequest::get().uri(PATH).to_request();
    let response = test::call_service(&service, request).await;
    let bytes = to_bytes(response.into_body()).await.map_err(|cause| CaptureError(cause.to_string()))?;
    let mut document = serde_json::from_slice(&bytes).map_err(|cause| CaptureError(cause.to_string()))?;
    complete(&mut document);
    Ok(document)
}

/// What an answer that is no error is called, in FastAPI's words.
pub(crate) const SUCCESS: &str = "Successful Response";

/// What the probes mean by 503, which has the body of 200.
const UNWELL: [(&str, &str); 4] = [
    ("health", "The default model is not ready, or the server is stopping"),
    ("startupz", "The server is still starting"),
    ("livez", "A thread that reads requests is stuck"),
    ("readyz", "No requests should be sent here now"),
];

/// Adds what apistos has no words for: a description of every success, the 503 of probes, and the routes of another
/// protocol.
fn complete(document: &mut Value) {
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        paths.extend(open_inference::paths());
    }
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        schemas.extend(open_inference::schemas());
        schemas.insert(AliasTarget::NAME.to_owned(), alias_target());
        schemas.insert(LevelChoice::NAME.to_owned(), level_choice());
    }
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let items = paths.into_iter().flat_map(|paths| paths.values_mut().filter_map(Value::as_object_mut));
    for operation in items.flat_map(|item| item.values_mut()) {
        for status in ["200", "202"] {
            if let Some(success) = operation.pointer_mut(&format!("/responses/{status}/description")) {
                *success = Value::from(SUCCESS);
            }
        }
    }
    for (path, unwell) in UNWELL {
        let responses = document.pointer_mut(&format!("/paths/~1{path}/get/responses"));
        if let Some(responses) = responses.and_then(Value::as_object_mut) {
            let mut response = responses.get("200").cloned().unwrap_or_default();
            if let Some(description) = response.get_mut("description") {
                *description = Value::from(unwell);
            }
            responses.insert("503".to_owned(), response);
        }
    }
}

fn alias_target() -> Value {
    json!({
        "type": "object",
        "required": ["version"],
        "properties": {"version": {"type": "string", "description": "A version, an alias, or `latest`"}},
        "example": {"version": "latest"}
    })
}

fn level_choice() -> Value {
    json!({
        "type": "object",
        "required": ["level"],
        "properties": {"level": {"type": "string", "minLength": 1, "description": "`off`, `error`, `warn`, `info`, `debug` or `trace`; or several with targets"}},
        "example": {"level": "debug"}
    })
}

/// The document could not be captured.
#[derive(Debug, thiserror::Error)]
#[error("the API description cannot be built: {0}")]
pub struct CaptureError(String);
