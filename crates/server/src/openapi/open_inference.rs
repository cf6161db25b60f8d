//! The Open Inference Protocol in the API description. Its routes have shapes of their own, which do not depend on the models.

use serde_json::{Map, Value, json};

/// For the tag and the text of the document.
pub(super) const TAG: &str = "Open Inference Protocol";

/// One route.
struct Route {
    path: &'static str,
    method: &'static str,
    id: &'static str,
    summary: &'static str,
    /// The schema of its body, if it takes one.
    body: Option<&'static str>,
    /// The schema of its answer; any JSON, if it has none.
    answer: Option<&'static str>,
}

const fn get(path: &'static str, id: &'static str, summary: &'static str) -> Route {
    Route { path, method: "get", id, summary, body: None, answer: None }
}

const fn post(path: &'static str, id: &'static str, summary: &'static str) -> Route {
    Route { path, method: "post", id, summary, body: None, answer: None }
}

const INFER: Route = Route {
    body: Some("InferenceRequest"),
    answer: Some("InferenceResponse"),
    ..post("", "", "Tensors in, tensors out")
};

/// Those of `routes::api` below `/v2`; of a model and of one of its versions they are the same.
const ROUTES: &[Route] = &[
    get("/v2", "server_metadata", "What the server is"),
    get("/v2/health/live", "server_live", "Whether the server lives"),
    get("/v2/health/ready", "server_ready", "Whether requests can be sent here: 200 or 503"),
    get("/v2/models", "server_models", "The names of all models"),
    get("/v2/models/stats", "all_statistics", "Counts and times of all models"),
    get("/v2/models/{model}", "model_metadata", "Inputs and outputs of a model"),
    get("/v2/models/{model}/ready", "model_ready", "Whether a model is ready: 200 or 503"),
    get("/v2/models/{model}/config", "model_config", "A model's configuration, in Triton's words"),
    get("/v2/models/{model}/stats", "model_statistics", "Counts and times of a model"),
    Route { path: "/v2/models/{model}/infer", id: "model_infer", ..INFER },
    get("/v2/models/{model}/versions/{version}", "version_metadata", "Inputs and outputs of a version"),
    get("/v2/models/{model}/versions/{version}/ready", "version_ready", "Whether a version is ready: 200 or 503"),
    get(
        "/v2/models/{model}/versions/{version}/config",
        "version_config",
        "A version's configuration, in Triton's words",
    ),
    get("/v2/models/{model}/versions/{version}/stats", "version_statistics", "Counts and times of a version"),
    Route { path: "/v2/models/{model}/versions/{version}/infer", id: "version_infer", ..INFER },
    post("/v2/repository/index", "repository_index", "Every version with its state, and why it does not serve"),
    post(
        "/v2/repository/models/{model}/load",
        "model_load",
        "Load what is new or changed of a model (`models.control`)",
    ),
    post("/v2/repository/models/{model}/unload", "model_unload", "Take a model out of service (`models.control`)"),
];

/// Status, and what it means in this protocol.
const ERRORS: &[(&str, &str)] = &[
    ("400", "The request cannot be carried out"),
    ("404", "There is no such model or version"),
    ("413", "The body, as it was sent or unpacked, is larger than the server accepts"),
    ("500", "The model or the server failed"),
    ("503", "The version is not ready, its queue is full, or the answer was not there in time"),
];

/// The paths, as members of `paths`.
pub(super) fn paths() -> Map<String, Value> {
    ROUTES.iter().map(|route| (route.path.to_owned(), json!({route.method: operation(route)}))).collect()
}

fn operation(route: &Route) -> Value {
    let content = |schema: &str| json!({"application/json": {"schema": reference(schema)}});
    let mut responses: Map<String, Value> = ERRORS
        .iter()
        .map(|(status, text)| {
            ((*status).to_owned(), json!({"description": text, "content": content("InferenceError")}))
        })
        .collect();
    let answer = match route.answer {
        Some(schema) => content(schema),
        None => json!({"application/json": {"schema": {}}}),
    };
    responses.insert("200".to_owned(), json!({"description": super::static_part::SUCCESS, "content": answer}));
    let mut operation = json!({
        "tags": [TAG], "summary": route.summary, "operationId": route.id, "responses": responses
    });
    if let Some(members) = operation.as_object_mut() {
        let is_there = |name: &&str| route.path.contains(&format!("{{{name}}}"));
        let parameters: Vec<Value> = ["model", "version"].into_iter().filter(is_there).filter_map(parameter).collect();
        if !parameters.is_empty() {
            members.insert("parameters".to_owned(), parameters.into());
        }
        if let Some(schema) = route.body {
            members.insert("requestBody".to_owned(), json!({"required": true, "content": content(schema)}));
        }
    }
    operation
}

fn parameter(name: &str) -> Option<Value> {
    serde_json::to_value(crate::extract::model::parameter(name)).ok()
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

/// The schemas that the paths refer to.
pub(super) fn schemas() -> Map<String, Value> {
    let tensor = |data: &str| {
        json!({
            "type": "object",
            "required": ["name", "datatype", "shape"],
            "properties": {
                "name": {"type": "string"},
                "datatype": {"type": "string", "description": "`FP32`, `INT64`, `BYTES` (text), …"},
                "shape": {"type": "array", "items": {"type": "integer"}},
                "data": {"type": "array", "items": {}, "description": data},
                "parameters": {"type": "object"}
            }
        })
    };
    let schemas = [
        ("InferenceInput", tensor("Nested as the shape, or flat; absent if the elements follow the JSON as bytes")),
        ("InferenceOutput", tensor("Flat; absent if the elements follow the JSON as bytes")),
        (
            "InferenceRequest",
            json!({
                "type": "object",
                "required": ["inputs"],
                "properties": {
                    "id": {"type": "string"},
                    "inputs": {"type": "array", "items": reference("InferenceInput")},
                    "outputs": {"type": "array", "items": {"type": "object"}, "description": "All of them unless given"},
                    "parameters": {"type": "object"}
                }
            }),
        ),
        (
            "InferenceResponse",
            json!({
                "type": "object",
                "required": ["model_name", "outputs"],
                "properties": {
                    "model_name": {"type": "string"},
                    "model_version": {"type": "string"},
                    "id": {"type": "string"},
                    "outputs": {"type": "array", "items": reference("InferenceOutput")}
                }
            }),
        ),
        (
            "InferenceError",
            json!({"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}),
        ),
    ];
    schemas.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}
