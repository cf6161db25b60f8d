//! A row as an OpenAPI 3.0 schema object. 3.0 is not quite JSON Schema: exclusive bounds are flags beside the bound,
//! and `nullable` is a keyword.

use serde_json::{Map, Value as Json, json};

use crate::manifest::{ExtraFields, Feature, FeatureType, Range};
use crate::row::RowSchema;
use crate::value::Value;

/// Examples of larger arrays are left to the example of the whole row.
const LARGEST_EXAMPLE: usize = 16;

impl RowSchema {
    /// The OpenAPI 3.0 schema object of one row: types, ranges, enums, patterns, descriptions and examples. Names and
    /// codes that are accepted besides those of the schema are told in the descriptions.
    pub fn json_schema(&self) -> Json {
        let mut properties = Map::new();
        for ((feature, example), default) in self.features().iter().zip(self.examples()).zip(self.defaults()) {
            properties.insert(feature.name.clone(), property(feature, example, default));
        }
        let required: Vec<Json> = self
            .features()
            .iter()
            .filter(|feature| feature.required && feature.default.is_none())
            .map(|feature| Json::from(feature.name.as_str()))
            .collect();
        let mut schema = Map::new();
        schema.insert("type".to_owned(), json!("object"));
        // OpenAPI 3.0 does not allow an empty list here.
        if !required.is_empty() {
            schema.insert("required".to_owned(), Json::Array(required));
        }
        schema.insert("properties".to_owned(), Json::Object(properties));
        if self.extra_fields() == ExtraFields::Forbid {
            schema.insert("additionalProperties".to_owned(), json!(false));
        }
        schema.insert("example".to_owned(), self.example());
        Json::Object(schema)
    }
}

fn property(feature: &Feature, example: &Value, default: Option<Value>) -> Json {
    let mut schema = in_shape(value(feature), &feature.shape);
    let mut put = |key: &str, value: Json| drop(schema.insert(key.to_owned(), value));
    let description = description(feature);
    if !description.is_empty() {
        put("description", Json::from(description));
    }
    if let Some(default) = default {
        put("default", default.to_json());
    }
    if feature.nullable {
        put("nullable", json!(true));
    }
    if feature.width() <= LARGEST_EXAMPLE {
        put("example", example.to_json());
    }
    Json::Object(schema)
}

/// One value, or one element of an array.
fn value(feature: &Feature) -> Map<String, Json> {
    let mut schema = Map::new();
    let mut put = |key: &str, value: Json| drop(schema.insert(key.to_owned(), value));
    match feature.kind {
        FeatureType::Float => put("type", json!("number")),
        FeatureType::Int => put("type", json!("integer")),
        FeatureType::Bool => put("type", json!("boolean")),
        FeatureType::String => put("type", json!("string")),
    }
    let Range { gt, ge, lt, le } = feature.range;
    if let Some(bound) = gt.or(ge) {
        put("minimum", number(bound, feature.kind));
    }
    if gt.is_some() {
        put("exclusiveMinimum", json!(true));
    }
    if let Some(bound) = lt.or(le) {
        put("maximum", number(bound, feature.kind));
    }
    if lt.is_some() {
        put("exclusiveMaximum", json!(true));
    }
    if feature.is_categorical() {
        let mut all: Vec<Json> = feature.categories.iter().map(|text| feature.category_value(text).to_json()).collect();
        // In 3.0 `nullable` alone does not let null through an enum.
        if feature.nullable {
            all.push(Json::Null);
        }
        put("enum", Json::Array(all));
    }
    if let Some(pattern) = &feature.pattern {
        put("pattern", Json::from(pattern.as_str()));
    }
    schema
}

/// Whole bounds of an integer are written without a fraction.
fn number(bound: f64, kind: FeatureType) -> Json {
    match kind {
        #[allow(
            clippy::cast_possible_truncation,
            reason = "the manifest's check admits whole bounds within ±2^53 only"
        )]
        FeatureType::Int => Json::from(bound as i64),
        _ => Json::from(bound),
    }
}

fn in_shape(element: Map<String, Json>, shape: &[usize]) -> Map<String, Json> {
    shape.iter().rev().fold(element, |items, len| {
        let mut array = Map::new();
        array.insert("type".to_owned(), json!("array"));
        array.insert("minItems".to_owned(), Json::from(*len));
        array.insert("maxItems".to_owned(), Json::from(*len));
        array.insert("items".to_owned(), Json::Object(items));
        array
    })
}

/// The manifest's words, then what else is accepted.
fn description(feature: &Feature) -> String {
    let mut sentences: Vec<String> = Vec::new();
    if let Some(own) = feature.description.as_deref().map(str::trim).filter(|own| !own.is_empty()) {
        let end = if own.ends_with(['.', '!', '?', ')']) { "" } else { "." };
        sentences.push(format!("{own}{end}"));
    }
    if !feature.aliases.is_empty() {
        let names: Vec<String> = feature.aliases.iter().map(|alias| format!("`{alias}`")).collect();
        sentences.push(format!("May also be sent as {}.", names.join(" or ")));
    }
    if !feature.category_aliases.is_empty() {
        let codes: Vec<String> =
            feature.category_aliases.iter().map(|(code, category)| format!("`{code}` for {category}")).collect();
        sentences.push(format!("Codes are accepted: {}.", codes.join(", ")));
    }
    if feature.may_be_missing() {
        sentences.push("May be missing.".to_owned());
    }
    sentences.join(" ")
}
