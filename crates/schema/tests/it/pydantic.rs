//! The verdict on 1,700 values is pydantic's own, to the letter of code, message and context
//! (`tests/golden/from_pydantic.py` asked it).

use ferrocast_schema::{
    Feature, JsonLimits, LocPart, Manifest, RowSchema, Rows, SchemaOptions, Values, Violation, Violations,
};
use serde_json::{Map, Value as Json, json};

const GOLDEN: &str = include_str!("../golden/pydantic.json");

/// Where we differ on purpose.
fn differs_on_purpose(rules: &str, text: &str) -> bool {
    // An array of several axes may be written flat.
    let is_flat = rules.ends_with("shape = [2, 2]") && text.starts_with('[') && !text.starts_with("[[");
    // A code may be sent as text or as number.
    let is_code = rules.ends_with("categories = [1, 2, 3]") && text.starts_with('"');
    is_flat || is_code
}

#[test]
fn every_verdict_is_pydantics() {
    let golden: Map<String, Json> = serde_json::from_str(GOLDEN).unwrap();
    let mut differences = Vec::new();
    let mut judged = 0;
    for (rules, cases) in &golden {
        let manifest = format!("task = \"tensor\"\n[[feature]]\nname = \"f\"\n{rules}\n");
        let schema = schema(&manifest);
        for (text, expected) in cases.as_object().unwrap() {
            judged += 1;
            let body = format!("{{\"f\": {text}}}");
            let found = match schema.parse_row(body.as_bytes(), &JsonLimits::default()) {
                Ok(rows) => json!({ "ok": plain(&rows, &schema.features()[0]) }),
                Err(violations) => errors(&violations),
            };
            if !same(&found, expected) && !differs_on_purpose(rules, text) {
                differences.push(format!("{rules}\n  {text}\n    expected {expected}\n    found    {found}"));
            }
        }
    }
    assert!(judged > 1_500, "only {judged} values");
    assert!(differences.is_empty(), "{} of {judged}:\n{}", differences.len(), differences.join("\n"));
}

fn schema(manifest: &str) -> RowSchema {
    let manifest = Manifest::from_toml(manifest).unwrap();
    RowSchema::compile(&manifest.features, &SchemaOptions::default()).unwrap()
}

fn plain(rows: &Rows, feature: &Feature) -> Json {
    let column = &rows.columns()[0];
    if column.is_missing(0) {
        return Json::Null;
    }
    let scalar = feature.shape.is_empty();
    match &column.values {
        Values::Float(values) if scalar => json!(values[0]),
        Values::Float(values) if feature.shape.len() == 2 => values.chunks(feature.shape[1]).collect(),
        Values::Float(values) => json!(values),
        Values::Int(values) => json!(values[0]),
        Values::Bool(values) => json!(values[0]),
        Values::Text(values) => json!(values[0]),
        Values::Category(values) => {
            let text = &feature.categories[values[0] as usize];
            text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number))
        }
        other => panic!("{other:?}"),
    }
}

fn errors(violations: &Violations) -> Json {
    violations.into_iter().map(error).collect()
}

fn error(violation: &Violation) -> Json {
    let loc: Vec<Json> = violation
        .loc
        .parts()
        .iter()
        .skip(1)
        .map(|part| match part {
            LocPart::Field(name) => json!(&**name),
            LocPart::Index(index) => json!(index),
        })
        .collect();
    let mut error = json!({ "loc": loc, "type": violation.code, "msg": violation.message });
    if let Some(ctx) = &violation.ctx {
        error["ctx"] = ctx.clone();
    }
    error
}

/// Equal, a number in JSON being what it is whether or not it is written with a fraction.
fn same(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => one.as_f64() == other.as_f64(),
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Json::Object(one), Json::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}
