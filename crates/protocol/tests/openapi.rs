//! The JSON Schemas of the answers against answers: whatever is required is there, whatever is there is described.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken fixture should stop the test where it is")]

use std::collections::BTreeMap;

use apistos::ApiComponent;
use ferrocast_protocol::native::{
    BatchResponse, ClassCard, ErrorResponse, ExecutionCard, Health, HealthResponse, ImageCard, ModelCard, ModelHealth,
    ModelList, ModelSummary, PredictionResponse, QueueCard, RootResponse, Served, VersionCard, VersionState,
    VersionStatus, WarmUpCost, encode_batch, encode_prediction, render,
};
use ferrocast_protocol::{ApiError, ErrorCode};
use ferrocast_schema::{
    Choice, ClassValue, Feature, FeatureType, Loc, Number, Prediction, Range, Scores, Violation, Violations, code,
};
use serde_json::{Map, Value, json};

const SERVED: Served<'_> = Served { model: "penguins", version: "1" };

#[test]
fn predictions() {
    let class = Prediction::Class {
        index: 0,
        class: ClassValue::Str("Adelie".into()),
        label: Some("Adélie penguin".into()),
        scores: Scores::Probabilities(vec![1.0]),
    };
    let scores = [Scores::Probabilities(vec![0.25, 0.75]), Scores::Probabilities(vec![1.0])];
    let labels = [ClassValue::Int(1), ClassValue::Str("long".into())];
    let choices = labels.into_iter().zip(scores).map(|(class, scores)| Choice { class, scores });
    let classes = Prediction::Classes(choices.collect());
    let value = Prediction::Value(Number::F64(17.5));
    let poison = Prediction::Value(Number::F64(f64::NAN));
    for prediction in [&class, &classes, &value] {
        check::<PredictionResponse<'_>>(&encode_prediction(prediction, SERVED).unwrap());
    }
    check::<BatchResponse<'_>>(&encode_batch(&[class, classes, value, poison], SERVED).unwrap());
}

#[test]
fn errors() {
    let place = Loc::body().field("instances").index(3).field("island");
    let violation = Violation::new(place, code::ENUM, "No").with_input(json!(7)).with_ctx(json!({"expected": "'A'"}));
    let bare = Violation::new(Loc::body(), code::MISSING, "Field required");
    check::<ErrorResponse<'_>>(&render(&ApiError::internal(), "request-1"));
    check::<ErrorResponse<'_>>(&render(&ApiError::new(ErrorCode::RouteNotFound, "No such path"), "request-1"));
    let violations = Violations::new(vec![violation, bare], 3).unwrap();
    check::<ErrorResponse<'_>>(&render(&violations.into(), "request-1"));
}

#[test]
fn status_and_models() {
    let failed =
        VersionStatus { version: "2".to_owned(), state: VersionState::Failed, reason: Some("no such file".to_owned()) };
    let ready = VersionStatus { version: "1".to_owned(), state: VersionState::Ready, reason: None };
    let versions = vec![failed, ready];
    let health = BTreeMap::from([("penguins".to_owned(), ModelHealth { ready: true, versions: versions.clone() })]);
    check::<RootResponse>(&serde_json::to_vec(&RootResponse::RUNNING).unwrap());
    let health = HealthResponse { status: Health::Healthy, model_loaded: true, degraded: None, models: health };
    check::<HealthResponse>(&serde_json::to_vec(&health).unwrap());

    let summary = ModelSummary {
        model: "penguins".to_owned(),
        task: Some("classification".to_owned()),
        summary: None,
        default_version: Some("1".to_owned()),
        aliases: BTreeMap::from([("latest".to_owned(), "1".to_owned())]),
        versions,
    };
    let list = ModelList { default_model: Some("penguins".to_owned()), models: vec![summary.clone()] };
    check::<ModelList>(&serde_json::to_vec(&list).unwrap());

    let plain = Feature::new("island", FeatureType::String);
    let mut ruled = Feature::new("bill_length_mm", FeatureType::Float);
    ruled.range = Range { gt: Some(0.0), ..Range::default() };
    ruled.aliases = vec!["feature1".to_owned()];
    let described = VersionCard {
        image: Some(ImageCard { width: 2, height: 2, resize: "exact".to_owned(), filter: "nearest".to_owned() }),
        version: "1".to_owned(),
        features: vec![(&plain).into(), (&ruled).into()],
        classes: vec![ClassCard::new(&ClassValue::Int(0), None)],
        targets: vec![vec![ClassCard::new(&ClassValue::Int(0), None)], Vec::new()],
        example: json!({"island": "Biscoe"}),
        engine: "tract".to_owned(),
        load_ms: 12.5,
        resident_bytes: None,
        warm_up: vec![WarmUpCost { rows: 1, microseconds: 11.0 }],
        execution: ExecutionCard {
            mode: "auto".to_owned(),
            reason: "cheap".to_owned(),
            inline_rows: Some(8),
            inline_alone_rows: None,
            joins: true,
            max_batch_rows: 64,
            max_queue_rows: 1024,
            max_delay_us: 0,
            threads: 2,
        },
        queue: QueueCard {
            rows: 1,
            running: 1,
            oldest_ms: 0.5,
            runs: 3,
            run_rows: 9,
            rejected: 0,
            abandoned: 1,
            expired: 0,
        },
    };
    for described in [None, Some(described)] {
        check::<ModelCard>(&serde_json::to_vec(&ModelCard { summary: summary.clone(), described }).unwrap());
    }
}

fn check<T: ApiComponent>(answer: &[u8]) {
    let (name, schema) = T::schema().unwrap();
    let definitions: Map<String, Value> =
        T::child_schemas().into_iter().map(|(name, schema)| (name, serde_json::to_value(schema).unwrap())).collect();
    let answer: Value = serde_json::from_slice(answer).unwrap();
    let schema = serde_json::to_value(schema).unwrap();
    assert!(matches(&answer, &schema, &definitions), "{name} does not describe {answer:#}\n{schema:#}");
}

/// As much of JSON Schema as the derives use, and stricter in one point: no property without a description.
fn matches(value: &Value, schema: &Value, definitions: &Map<String, Value>) -> bool {
    let matches = |value: &Value, schema: &Value| matches(value, schema, definitions);
    if value.is_null() && schema.get("nullable") == Some(&json!(true)) {
        return true;
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return matches(value, &definitions[reference.rsplit('/').next().unwrap()]);
    }
    let alternatives = |word| schema.get(word).and_then(Value::as_array);
    if let Some(all) = alternatives("allOf") {
        return all.iter().all(|schema| matches(value, schema));
    }
    if let Some(any) = alternatives("anyOf").or_else(|| alternatives("oneOf")) {
        return any.iter().any(|schema| matches(value, schema));
    }
    if let Some(words) = alternatives("enum") {
        return words.contains(value);
    }
    match (schema.get("type").and_then(Value::as_str), value) {
        (None, _) | (Some("string"), Value::String(_)) | (Some("boolean"), Value::Bool(_)) => true,
        (Some("number"), Value::Number(_)) => true,
        (Some("integer"), Value::Number(number)) => number.is_i64() || number.is_u64(),
        (Some("array"), Value::Array(items)) => items.iter().all(|item| matches(item, &schema["items"])),
        (Some("object"), Value::Object(fields)) => {
            let required = alternatives("required").map_or(&[][..], Vec::as_slice);
            let property = |name: &String| schema.get("properties").and_then(|all| all.get(name));
            let described = |name| property(name).or_else(|| schema.get("additionalProperties"));
            required.iter().all(|name| fields.contains_key(name.as_str().unwrap()))
                && fields.iter().all(|(name, field)| described(name).is_some_and(|schema| matches(field, schema)))
        }
        _ => false,
    }
}
