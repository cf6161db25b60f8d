//! The part of the API description that depends on the models: paths with their own fields, ranges and examples.

use std::collections::BTreeSet;

use ferrocast_pipeline::{Class, Pipeline};
use ferrocast_schema::{ClassValue, Task};
use ferrocast_serving::{Deployment, ModelEntry, Snapshot, VersionEntry};
use serde_json::{Map, Value, json};

use super::errors;
use super::static_part::SUCCESS;
use crate::extract::json_body::BodySchema;
use crate::extract::task_body::RowOrPicture;
use crate::extract::upload::{CALLBACK_URL, OneOfTask, Upload, callback_schema, form_schema};
use crate::extract::{caching, deadline, idempotency, top_k};
use crate::routes::image::ImageData;

/// Adds the components and paths of every version that is ready.
pub(super) fn merge(document: &mut Value, snapshot: &Snapshot<Deployment>, max_batch: usize) {
    let mut fragment = Fragment::new(max_batch);
    for (name, schema) in errors::components() {
        fragment.schemas.insert(name, schema);
    }
    for model in snapshot.models() {
        fragment.model(model);
    }
    fragment.default_model(snapshot.default_model());
    extend(document, "/components/schemas", fragment.schemas);
    extend(document, "/paths", fragment.paths);
    for (path, example) in fragment.flat_examples {
        let operation = document.pointer_mut(&format!("/paths/{}/post", path.replace('/', "~1")));
        let body = operation.and_then(|operation| operation.pointer_mut("/requestBody/content/application~1json"));
        if let Some(body) = body.and_then(Value::as_object_mut) {
            body.insert("example".to_owned(), example);
        }
    }
    if let Some(tags) = document.get_mut("tags").and_then(Value::as_array_mut) {
        tags.extend(fragment.tags);
    }
}

/// Puts members into the object at the place, which is made if it is not there.
fn extend(document: &mut Value, place: &str, members: Map<String, Value>) {
    let mut object = document;
    for key in place.split('/').skip(1) {
        let Some(outer) = object.as_object_mut() else { return };
        object = outer.entry(key).or_insert_with(|| json!({}));
    }
    if let Some(object) = object.as_object_mut() {
        object.extend(members);
    }
}

/// What the models add to the document.
struct Fragment {
    max_batch: usize,
    schemas: Map<String, Value>,
    paths: Map<String, Value>,
    tags: Vec<Value>,
    operation_ids: BTreeSet<String>,
    /// Bodies for the paths of the static part.
    flat_examples: Vec<(&'static str, Value)>,
}

impl Fragment {
    fn new(max_batch: usize) -> Fragment {
        Fragment {
            max_batch,
            schemas: Map::new(),
            paths: Map::new(),
            tags: Vec::new(),
            operation_ids: BTreeSet::new(),
            flat_examples: Vec::new(),
        }
    }

    fn model(&mut self, model: &ModelEntry<Deployment>) {
        let Some(latest) = model.default_version().and_then(VersionEntry::deployed) else { return };
        let name = model.name();
        let summary = latest.pipeline().manifest().summary.clone().unwrap_or_default();
        self.tags.push(json!({"name": name.as_ref(), "description": summary}));
        for version in model.versions().iter().filter_map(VersionEntry::deployed) {
            self.version_schemas(version);
        }
        self.operations(latest, &format!("/models/{name}"), None);
        for version in model.versions().iter().rev().filter_map(VersionEntry::deployed) {
            let base = format!("/models/{name}/versions/{}", version.version());
            self.operations(version, &base, Some(version.version()));
        }
    }

    /// The four schemas of a version: row, batch and what they are answered with.
    fn version_schemas(&mut self, version: &Deployment) {
        let names = SchemaNames::of(version);
        let pipeline = version.pipeline();
        if pipeline.takes_pictures() {
            // The answers to pictures have the names of classes as keys, so that one schema holds for all models.
            return;
        }
        self.schemas.insert(names.row.clone(), pipeline.schema().json_schema());
        self.schemas.insert(names.task, with_callback(pipeline.schema().json_schema()));
        self.schemas.insert(names.batch.clone(), batch_schema(&names.row, self.max_batch));
        self.schemas.insert(names.prediction.clone(), prediction_schema(pipeline));
        self.schemas.insert(names.batch_prediction, batch_prediction_schema(pipeline));
    }

    /// What there is below the base path.
    fn operations(&mut self, version: &Deployment, base: &str, of_version: Option<&str>) {
        let whose = match of_version {
            None => format!("{} in its latest version", version.model()),
            Some(version_name) => format!("version {version_name} of {}", version.model()),
        };
        if version.pipeline().takes_pictures() {
            self.picture_operations(version, base, of_version, &whose);
        } else {
            self.row_operations(version, base, of_version, &whose);
        }
    }

    /// `predict_image` and its like.
    fn picture_operations(&mut self, version: &Deployment, base: &str, of_version: Option<&str>, whose: &str) {
        let operations = [
            ("predict_image", format!("Predict what is in a picture with {whose}"), Body::Form(false), "ImageResponse"),
            (
                "predict_image_batch",
                format!("Predict what is in each of several pictures with {whose}"),
                Body::Form(true),
                "ImageBatchResponse",
            ),
            (
                "predict_image_base64",
                format!("Predict what is in a picture, sent as base64, with {whose}"),
                Body::Json { schema: IMAGE_DATA, example: image_data_example() },
                "ImageResponse",
            ),
        ];
        for (verb, summary, body, answer) in operations {
            let id = self.operation_id(verb, version.model(), of_version);
            let operation =
                Operation { id, summary, tag: version.model(), body, answer, takes_top_k: true, is_task: false };
            self.paths.insert(format!("{base}/{verb}"), operation.path_item());
        }
        self.task_operation(version, base, of_version, (whose, IMAGE_TASK, image_data_example()));
    }

    /// `predict` and its like.
    fn row_operations(&mut self, version: &Deployment, base: &str, of_version: Option<&str>, whose: &str) {
        let names = SchemaNames::of(version);
        let example = version.pipeline().schema().example();
        let row = Operation {
            id: self.operation_id("predict", version.model(), of_version),
            summary: format!("Predict one row with {whose}"),
            tag: version.model(),
            body: Body::Json { schema: &names.row, example: example.clone() },
            answer: &names.prediction,
            takes_top_k: false,
            is_task: false,
        };
        let cached = Operation {
            id: self.operation_id("predict_cached", version.model(), of_version),
            summary: format!("Predict one row with {whose}, or tell what was predicted for it before"),
            tag: version.model(),
            body: Body::Json { schema: &names.row, example: example.clone() },
            answer: &names.prediction,
            takes_top_k: false,
            is_task: false,
        };
        self.paths.insert(format!("{base}/predict"), row.path_item());
        self.paths.insert(format!("{base}/predict_cached"), cached.path_item());
        let batch = Operation {
            id: self.operation_id("predict_batch", version.model(), of_version),
            summary: format!("Predict many rows with {whose} in one run"),
            tag: version.model(),
            body: Body::Json { schema: &names.batch, example: json!({"instances": [example]}) },
            answer: &names.batch_prediction,
            takes_top_k: false,
            is_task: false,
        };
        self.paths.insert(format!("{base}/predict_batch"), batch.path_item());
        let example = version.pipeline().schema().example();
        self.task_operation(version, base, of_version, (whose, &names.task, example));
    }

    /// `predict_async`.
    fn task_operation(
        &mut self,
        version: &Deployment,
        base: &str,
        of_version: Option<&str>,
        (whose, schema, example): (&str, &str, Value),
    ) {
        let operation = Operation {
            id: self.operation_id("predict_async", version.model(), of_version),
            summary: format!("Hand something in, to be predicted soon with {whose}"),
            tag: version.model(),
            body: match version.pipeline().takes_pictures() {
                true => Body::JsonOrForm { schema, example },
                false => Body::Json { schema, example },
            },
            answer: "TaskAccepted",
            takes_top_k: version.pipeline().takes_pictures(),
            is_task: true,
        };
        self.paths.insert(format!("{base}/predict_async"), operation.path_item());
    }

    /// An identifier that generators of clients can make a function name of; names that differ only in punctuation
    /// are told apart by a number.
    fn operation_id(&mut self, verb: &str, model: &str, version: Option<&str>) -> String {
        let version = version.map(|version| format!("_v{version}")).unwrap_or_default();
        let base: String = format!("{verb}_{model}{version}")
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let mut id = base.clone();
        let mut number = 1;
        while !self.operation_ids.insert(id.clone()) {
            number += 1;
            id = format!("{base}_{number}");
        }
        id
    }

    /// The schemas that the flat paths refer to.
    fn default_model(&mut self, model: Option<&ModelEntry<Deployment>>) {
        self.schemas.insert(IMAGE_DATA.to_owned(), image_data_schema());
        self.schemas.insert(IMAGE_TASK.to_owned(), with_callback(image_data_schema()));
        self.flat_examples = vec![("/predict_image_base64", image_data_example())];
        let latest = model.and_then(|model| model.default_version()).and_then(VersionEntry::deployed);
        let latest = latest.filter(|latest| !latest.pipeline().takes_pictures());
        let (row, batch, task) = match latest {
            Some(latest) => {
                let names = SchemaNames::of(latest);
                let example = latest.pipeline().schema().example();
                self.flat_examples.extend([
                    ("/predict", example.clone()),
                    ("/predict/{version}", example.clone()),
                    ("/predict_cached", example.clone()),
                    ("/predict_async", example.clone()),
                    ("/predict_batch", json!({"instances": [example]})),
                ]);
                (reference(&names.row), reference(&names.batch), reference(&names.task))
            }
            None => {
                let unknown = json!({"type": "object", "description": "No default model of rows is ready"});
                (unknown.clone(), unknown.clone(), unknown)
            }
        };
        self.schemas.insert("DefaultModelRow".to_owned(), row);
        self.schemas.insert("DefaultModelBatch".to_owned(), batch);
        self.schemas.insert(RowOrPicture::NAME.to_owned(), task);
    }
}

/// One `POST`.
struct Operation<'a> {
    id: String,
    summary: String,
    tag: &'a str,
    body: Body<'a>,
    /// The schema of the answer.
    answer: &'a str,
    takes_top_k: bool,
    /// It is handed in, not answered.
    is_task: bool,
}

/// What is sent.
enum Body<'a> {
    Json {
        schema: &'a str,
        example: Value,
    },
    /// Of a task: a picture in JSON or in a form.
    JsonOrForm {
        schema: &'a str,
        example: Value,
    },
    /// With one picture, or with several.
    Form(bool),
}

impl Body<'_> {
    fn content(self) -> Value {
        match self {
            Body::Json { schema, example } => {
                json!({"application/json": {"schema": reference(schema), "example": example}})
            }
            Body::JsonOrForm { schema, example } => json!({
                "application/json": {"schema": reference(schema), "example": example},
                "multipart/form-data": Upload::<OneOfTask>::content(),
            }),
            Body::Form(several) => json!({"multipart/form-data": {"schema": form_schema(several)}}),
        }
    }
}

impl Operation<'_> {
    fn path_item(self) -> Value {
        let mut responses = Map::new();
        let answer = json!({
            "description": SUCCESS,
            "content": {"application/json": {"schema": reference(self.answer)}},
        });
        responses.insert(if self.is_task { "202" } else { "200" }.to_owned(), answer);
        responses.extend(errors::prediction_responses());
        let mut parameters: Vec<_> = self.takes_top_k.then(top_k::parameter).into_iter().collect();
        parameters.push(if self.is_task { idempotency::parameter() } else { caching::parameter() });
        parameters.push(deadline::parameter());
        json!({"post": {
            "operationId": self.id,
            "summary": self.summary,
            "tags": [self.tag],
            "parameters": parameters,
            "requestBody": {"required": true, "content": self.body.content()},
            "responses": responses,
        }})
    }
}

/// What the schemas of one version are called: `churn_v3_Row`.
struct SchemaNames {
    row: String,
    task: String,
    batch: String,
    prediction: String,
    batch_prediction: String,
}

impl SchemaNames {
    fn of(version: &Deployment) -> SchemaNames {
        let name = |part: &str| format!("{}_v{}_{part}", version.model(), version.version());
        SchemaNames {
            row: name("Row"),
            task: name("Task"),
            batch: name("Batch"),
            prediction: name("Prediction"),
            batch_prediction: name("BatchPrediction"),
        }
    }
}

/// The schema of a picture in JSON.
const IMAGE_DATA: &str = ImageData::NAME;

/// The same with where the result is to be sent.
const IMAGE_TASK: &str = "ImageTask";

/// What a task takes beside what a prediction takes.
fn with_callback(mut schema: Value) -> Value {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.entry(CALLBACK_URL).or_insert_with(callback_schema);
    }
    schema
}

fn image_data_schema() -> Value {
    json!({
        "type": "object",
        "required": ["image_data"],
        "properties": {
            "image_data": {
                "type": "string",
                "format": "byte",
                "description": "A PNG, JPEG or WebP file in base64 (RFC 4648, with padding, without line breaks)",
            },
        },
    })
}

/// A picture of eight by eight pixels, so that what the documentation shows can be sent as it is.
fn image_data_example() -> Value {
    json!({"image_data": "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAbElEQVR42hXNQRUAUQhCUaMYhShGeVGIQhSizB+XXA7ODDtouIHBQ4YOM8suWm5h8ZKl+0CskDiBsIioHhx76LiDw0eO3oN/4FVf+J8h0PduzBqZ8x/bxNQPwgaFy192SGgelC0q13/CJaXlA8Z7WAFXOTbyAAAAAElFTkSuQmCC"})
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

fn batch_schema(row: &str, max_batch: usize) -> Value {
    json!({
        "type": "object",
        "required": ["instances"],
        "properties": {
            "instances": {"type": "array", "minItems": 1, "maxItems": max_batch, "items": reference(row)},
        },
    })
}

/// The answer for one row, in the model's own classes and labels.
fn prediction_schema(pipeline: &Pipeline) -> Value {
    let mut properties = outcome(pipeline);
    properties.insert("probability".to_owned(), nullable(probability(pipeline)));
    properties.insert("confidence".to_owned(), json!({"type": "number", "format": "float"}));
    properties.insert("status".to_owned(), json!({"type": "string", "enum": ["success"]}));
    properties.extend(served());
    json!({
        "type": "object",
        "required": ["prediction", "probability", "confidence", "status", "model", "version"],
        "properties": properties,
    })
}

fn batch_prediction_schema(pipeline: &Pipeline) -> Value {
    let mut item = outcome(pipeline);
    item.insert("instance_id".to_owned(), json!({"type": "integer", "minimum": 0}));
    item.insert("probability".to_owned(), probability(pipeline));
    item.insert("confidence".to_owned(), json!({"type": "number", "format": "float"}));
    item.insert("error".to_owned(), json!({"type": "string", "description": "In place of a prediction"}));
    item.insert("error_code".to_owned(), json!({"type": "string"}));
    let mut properties = Map::new();
    let items = json!({"type": "object", "required": ["instance_id"], "properties": item});
    properties.insert("predictions".to_owned(), json!({"type": "array", "items": items}));
    properties.insert("status".to_owned(), json!({"type": "string", "enum": ["success", "partial"]}));
    properties.insert("processed_count".to_owned(), json!({"type": "integer", "minimum": 0}));
    properties.extend(served());
    json!({
        "type": "object",
        "required": ["predictions", "status", "processed_count", "model", "version"],
        "properties": properties,
    })
}

fn served() -> [(String, Value); 2] {
    ["model", "version"].map(|name| (name.to_owned(), json!({"type": "string"})))
}

/// `prediction`, and `label` where there are names.
fn outcome(pipeline: &Pipeline) -> Map<String, Value> {
    let manifest = pipeline.manifest();
    let classes = pipeline.classes();
    let targets = pipeline.targets();
    let prediction = match manifest.task {
        Task::Classification | Task::ImageClassification if !targets.is_empty() => {
            list_of(targets.len(), &targets.into_iter().map(class_schema).collect::<Vec<_>>())
        }
        Task::Classification | Task::ImageClassification => class_schema(classes),
        Task::Regression => json!({"oneOf": [{"type": "number"}, numbers()]}),
        Task::Embedding | Task::Tensor => numbers(),
    };
    let mut properties = Map::new();
    properties.insert("prediction".to_owned(), prediction);
    if !manifest.output.labels.is_empty() {
        let label = json!({"type": "string", "enum": manifest.output.labels});
        properties.insert("label".to_owned(), label);
    }
    properties
}

/// One of these classes.
fn class_schema(classes: &[Class]) -> Value {
    match classes.first().map(|class| &class.value) {
        Some(ClassValue::Int(_)) => json!({"type": "integer", "enum": class_values(classes)}),
        Some(ClassValue::Str(_)) => json!({"type": "string", "enum": class_values(classes)}),
        None => json!({"oneOf": [{"type": "integer"}, {"type": "string"}]}),
    }
}

fn class_values(classes: &[Class]) -> Vec<Value> {
    let value = |class: &Class| match &class.value {
        ClassValue::Int(class) => Value::from(*class),
        ClassValue::Str(class) => Value::from(class.as_ref()),
    };
    classes.iter().map(value).collect()
}

/// One number per class, where the classes are known; of each thing that the model tells, if these are several.
fn probability(pipeline: &Pipeline) -> Value {
    let per_class = |classes: &[Class]| match classes.len() {
        0 => numbers(),
        count => list_of(count, &[number()]),
    };
    let targets = pipeline.targets();
    if targets.is_empty() {
        return per_class(pipeline.classes());
    }
    list_of(targets.len(), &targets.into_iter().map(per_class).collect::<Vec<_>>())
}

/// An array of `count` elements. OpenAPI 3.0 has no words for elements that differ by position, so that each may have any
/// of their schemas.
fn list_of(count: usize, elements: &[Value]) -> Value {
    let mut different: Vec<&Value> = Vec::new();
    for element in elements {
        if !different.contains(&element) {
            different.push(element);
        }
    }
    let items = match different.as_slice() {
        [one] => (*one).clone(),
        several => json!({"anyOf": several}),
    };
    json!({"type": "array", "items": items, "minItems": count, "maxItems": count})
}

fn number() -> Value {
    json!({"type": "number", "format": "float"})
}

fn numbers() -> Value {
    json!({"type": "array", "items": number()})
}

fn nullable(mut schema: Value) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("nullable".to_owned(), Value::Bool(true));
    }
    schema
}
