//! The Open Inference Protocol in the API description. Its routes have shapes of their own, which do not depend on the models.

use serde_json::{Map, Value, json};

/// For the tag and the text of the document.
pub(super) const TAG: &str = "Open Inference Protocol";

/// One route. `{one}` in its words stands for what it is about, a model or a version.
struct Route {
    path: &'static str,
    method: &'static str,
    id: &'static str,
    summary: &'static str,
    /// The schemas of its body and of its answer, which is any JSON without.
    schemas: Option<(&'static str, &'static str)>,
}

const fn get(path: &'static str, id: &'static str, summary: &'static str) -> Route {
    Route { path, method: "get", id, summary, schemas: None }
}

const fn post(path: &'static str, id: &'static str, summary: &'static str) -> Route {
    Route { method: "post", ..get(path, id, summary) }
}

/// Those of `routes::api` below `/v2` about the server.
const OF_THE_SERVER: &[Route] = &[
    get("", "server_metadata", "What the server is"),
    get("/health/live", "server_live", "Whether the server lives"),
    get("/health/ready", "server_ready", "Whether requests can be sent here: 200 or 503"),
    get("/models", "server_models", "The names of all models"),
    get("/models/stats", "all_statistics", "Counts and times of all models"),
];

/// Those below a model, and below each of its versions.
const OF_ONE: &[Route] = &[
    get("", "{one}_metadata", "Inputs and outputs of a {one}"),
    get("/ready", "{one}_ready", "Whether a {one} is ready: 200 or 503"),
    get("/config", "{one}_config", "A {one}'s configuration, in Triton's words"),
    get("/stats", "{one}_statistics", "Counts and times of a {one}"),
    Route {
        schemas: Some(("InferenceRequest", "InferenceResponse")),
        ..post("/infer", "{one}_infer", "Tensors in, tensors out")
    },
];

/// Those below the repository.
const OF_THE_REPOSITORY: &[Route] = &[
    post("/index", "repository_index", "Every version with its state, and why it does not serve"),
    post("/models/{model}/load", "model_load", "Load what is new or changed of a model (`models.control`)"),
    post("/models/{model}/unload", "model_unload", "Take a model out of service (`models.control`)"),
];

/// Where they stand, and what they are about.
const ALL: [(&str, &str, &[Route]); 4] = [
    ("/v2", "server", OF_THE_SERVER),
    ("/v2/models/{model}", "model", OF_ONE),
    ("/v2/models/{model}/versions/{version}", "version", OF_ONE),
    ("/v2/repository", "repository", OF_THE_REPOSITORY),
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
    let below = |(base, one, routes): (&'static str, &'static str, &'static [Route])| {
        routes.iter().map(move |route| {
            let path = format!("{base}{}", route.path);
            let item = json!({route.method: operation(&path, one, route)});
            (path, item)
        })
    };
    ALL.into_iter().flat_map(below).collect()
}

fn operation(path: &str, one: &str, route: &Route) -> Value {
    let content = |schema: &str| json!({"application/json": {"schema": reference(schema)}});
    let mut responses: Map<String, Value> = ERRORS
        .iter()
        .map(|(status, text)| {
            ((*status).to_owned(), json!({"description": text, "content": content("InferenceError")}))
        })
        .collect();
    let answer = match route.schemas {
        Some((_, schema)) => content(schema),
        None => json!({"application/json": {"schema": {}}}),
    };
    let success = match has_no_answer(route.id) {
        true => json!({"description": super::static_part::SUCCESS}),
        false => json!({"description": super::static_part::SUCCESS, "content": answer}),
    };
    if let Some(unwell) = responses.get_mut("503").filter(|_| path.starts_with("/v2/health/")) {
        *unwell = json!({"description": "Not now", "content": answer});
    }
    responses.insert("200".to_owned(), success);
    let mut operation = json!({
        "tags": [TAG],
        "summary": route.summary.replace("{one}", one),
        "operationId": route.id.replace("{one}", one),
        "responses": responses
    });
    if let Some(members) = operation.as_object_mut() {
        let is_there = |name: &&str| path.contains(&format!("{{{name}}}"));
        let parameters: Vec<Value> = ["model", "version"].into_iter().filter(is_there).filter_map(parameter).collect();
        if !parameters.is_empty() {
            members.insert("parameters".to_owned(), parameters.into());
        }
        if let Some((schema, _)) = route.schemas {
            members.insert("requestBody".to_owned(), json!({"required": true, "content": content(schema)}));
        }
    }
    operation
}

/// Whether the status says all, as Triton's does.
fn has_no_answer(id: &str) -> bool {
    matches!(id, "model_load" | "model_unload")
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
