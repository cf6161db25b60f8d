//! Rows from Rust values, rows in envelopes, and rows joined.

use std::fmt;

use expect_test::expect;
use ferrocast_schema::{
    At, Feature, FeatureType, JsonLimits, Loc, Range, RowCollector, RowSchema, Rows, RowsMismatch, SchemaOptions,
    Value, Values, Violation, code, read_json,
};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::json;

fn features() -> [Feature; 2] {
    let mut length = Feature::new("length", FeatureType::Float);
    length.range = Range { ge: Some(0.0), ..Range::default() };
    length.nullable = true;
    let mut island = Feature::new("island", FeatureType::String);
    island.categories = vec!["Biscoe".to_owned(), "Dream".to_owned()];
    [length, island]
}

fn schema() -> RowSchema {
    RowSchema::compile(&features(), &SchemaOptions::default()).unwrap()
}

fn floats(rows: &Rows) -> &[f64] {
    match &rows.columns()[0].values {
        Values::Float(values) => values,
        other => panic!("{other:?}"),
    }
}

#[test]
fn rust_values_follow_the_same_rules() {
    let schema = schema();
    let rows = schema
        .rows([
            [("length", Value::from(39.1)), ("island", Value::from("Dream"))],
            [("island", "Biscoe".into()), ("length", 40.into())],
            [("length", Option::<f64>::None.into()), ("island", "Biscoe".into())],
        ])
        .unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!(floats(&rows)[..2], [39.1, 40.0]);
    assert_eq!(rows.columns()[0].missing, Some(vec![false, false, true]));
    assert_eq!(rows.columns()[1].values, Values::Category([1, 0, 0].as_slice().into()));

    let refused = schema
        .rows([vec![("length", f64::NAN.into()), ("island", true.into())], vec![("length", vec![1.0, 2.0].into())]]);
    expect![[r#"
        body[0].length: Input should be a finite number [finite_number]
        body[0].island: Input should be 'Biscoe' or 'Dream' [enum]
        body[1].length: Input should be a valid number [float_type]
        body[1].island: Field required [missing]"#]]
    .assert_eq(&refused.unwrap_err().to_string());
}

#[test]
fn no_rows_are_rows() {
    let none: [Vec<(&str, Value)>; 0] = [];
    let rows = schema().rows(none).unwrap();
    assert!(rows.is_empty());
    assert_eq!(rows.columns().len(), 2);
}

#[test]
fn joined_rows_are_those_of_one_request() {
    let schema = schema();
    let parse = |json: &str| {
        let mut collector = schema.collector(&JsonLimits::default());
        read_json(json.as_bytes(), collector.list(At::Body, 10)).unwrap();
        collector.finish().unwrap()
    };
    let row = |length: &str| format!(r#"{{"length":{length},"island":"Dream"}}"#);
    let all = ["1", "null", "2", "null", "3"];
    let list =
        |lengths: &[&str]| format!("[{}]", lengths.iter().map(|length| row(length)).collect::<Vec<_>>().join(","));
    let whole = parse(&list(&all));
    for cut in 0..=all.len() {
        let (first, second) = all.split_at(cut);
        let joined = Rows::concat([parse(&list(first)), parse(&list(second))]).unwrap().unwrap();
        assert_eq!(format!("{joined:?}"), format!("{whole:?}"), "cut at {cut}");
    }
    assert!(Rows::concat([]).is_none());
}

#[test]
fn rows_of_two_schemas_do_not_join() {
    let of = |feature: Feature| {
        let schema = RowSchema::compile(&[feature], &SchemaOptions::default()).unwrap();
        schema.rows([[("x", Value::from(vec![1, 2]))]]).or_else(|_| schema.rows([[("x", Value::from(1))]])).unwrap()
    };
    let float = of(Feature::new("x", FeatureType::Float));
    let int = of(Feature::new("x", FeatureType::Int));
    let mut pair = Feature::new("x", FeatureType::Float);
    pair.shape = vec![2];
    let mut joined = float.clone();
    assert_eq!(joined.append(int), Err(RowsMismatch));
    assert_eq!(joined.append(of(pair)), Err(RowsMismatch));
    assert_eq!(joined, float, "left as it was");
}

/// `{"instances": […], "callback_url": …}`, as a caller would read it.
struct Batch<'c, 's> {
    collector: &'c mut RowCollector<'s>,
    max_rows: usize,
}

impl<'de> DeserializeSeed<'de> for Batch<'_, '_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Batch<'_, '_> {
    type Value = usize;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a batch")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<usize, A::Error> {
        let mut seen = 0;
        while let Some(key) = fields.next_key::<String>()? {
            let at = At::Body.field(&key);
            if key == "instances" {
                seen = fields.next_value_seed(self.collector.list(at, self.max_rows))?;
            } else {
                fields.next_value_seed(self.collector.skip(at))?;
            }
        }
        Ok(seen)
    }
}

fn batch(body: &str, max_rows: usize, limits: &JsonLimits) -> String {
    let schema = schema();
    let mut collector = schema.collector(limits);
    match read_json(body.as_bytes(), Batch { collector: &mut collector, max_rows }) {
        Ok(seen) => {
            let rows_seen = collector.rows_seen();
            match collector.finish() {
                Ok(rows) => format!("{seen} elements, {rows_seen} read, {} rows", rows.len()),
                Err(violations) => format!("{seen} elements, {rows_seen} read\n{violations}"),
            }
        }
        Err(violations) => violations.to_string(),
    }
}

#[test]
fn rows_in_a_batch() {
    let good = r#"{"length":1,"island":"Dream"}"#;
    let check = |body: &str, expected: expect_test::Expect| expected.assert_eq(&batch(body, 2, &JsonLimits::default()));
    check(&format!(r#"{{"instances":[{good},{good}],"other":[1,2]}}"#), expect!["2 elements, 2 read, 2 rows"]);
    check(&format!(r#"{{"instances":[{good},{good},{good},7]}}"#), expect!["4 elements, 2 read, 2 rows"]);
    check(r#"{"instances":[]}"#, expect!["0 elements, 0 read, 0 rows"]);
    check(
        r#"{"instances":{"a":1}}"#,
        expect![[r#"
        0 elements, 0 read
        body.instances: Input should be a valid list [list_type]"#]],
    );
    check(
        r#"{"instances":3}"#,
        expect![[r#"
        0 elements, 0 read
        body.instances: Input should be a valid list [list_type]"#]],
    );
    check(
        &format!(r#"{{"instances":[3,{good}]}}"#),
        expect![[r#"
        2 elements, 2 read
        body.instances[0]: Input should be a valid dictionary or object to extract fields from [model_attributes_type]"#]],
    );
    check(
        r#"{"instances":[{"island":"X","length":-1},[]]}"#,
        expect![[r#"
        2 elements, 2 read
        body.instances[0].length: Input should be greater than or equal to 0 [greater_than_equal]
        body.instances[0].island: Input should be 'Biscoe' or 'Dream' [enum]
        body.instances[1]: Input should be a valid dictionary or object to extract fields from [model_attributes_type]"#]],
    );
    check(&format!(r#"{{"instances":[{good},{{"length":}}]}}"#), expect!["body[54]: JSON decode error [json_invalid]"]);
}

#[test]
fn limits_are_for_the_whole_body() {
    let check =
        |body: &str, limits: &JsonLimits, expected: expect_test::Expect| expected.assert_eq(&batch(body, 9, limits));
    let limits = JsonLimits { depth: 3, numbers: 4, violations: 3 };
    check(r#"{"instances":[{"length":1,"island":"Dream"}]}"#, &limits, expect!["1 elements, 1 read, 1 rows"]);
    check(
        r#"{"instances":[{"length":1,"island":"Dream","a":[]}]}"#,
        &limits,
        expect![[r#"
        1 elements, 1 read
        body.instances[0].a: Objects and arrays should nest at most 3 deep (setting limits.json_depth) [too_deep]"#]],
    );
    check(
        r#"{"instances":[{"length":1,"island":"Dream"}],"a":[2,3,4,5]}"#,
        &limits,
        expect![[r#"
        1 elements, 1 read
        body: A request should hold at most 4 numbers (setting limits.json_numbers) [too_many_numbers]"#]],
    );
    check(
        r#"{"instances":[{},{},{}]}"#,
        &limits,
        expect![[r#"
        3 elements, 3 read
        body.instances[0].length: Field required [missing]
        body.instances[0].island: Field required [missing]
        body.instances[1].length: Field required [missing]
        … and 3 more"#]],
    );
    check(
        r#"{"instances":[{"length":1,"island":"Dream"}]}"#,
        &JsonLimits { depth: 2, ..limits },
        expect![[r#"
        1 elements, 1 read
        body.instances[0]: Objects and arrays should nest at most 2 deep (setting limits.json_depth) [too_deep]"#]],
    );
    check(
        r#"{"instances":[{"length":1,"island":"Dream"}]}"#,
        &JsonLimits { depth: 1, ..limits },
        expect![[r#"
        1 elements, 0 read
        body.instances: Objects and arrays should nest at most 1 deep (setting limits.json_depth) [too_deep]"#]],
    );
}

#[test]
fn an_envelope_is_the_callers() {
    let schema = RowSchema::compile(
        &features(),
        &SchemaOptions { extra_fields: ferrocast_schema::ExtraFields::Forbid, ..SchemaOptions::default() },
    )
    .unwrap();
    let keys = ["callback_url", "length"];
    let read = |body: &str| {
        let mut collector = schema.collector(&JsonLimits::default()).with_envelope(&keys);
        read_json(body.as_bytes(), collector.seed(At::Body)).unwrap();
        let envelope = collector.take_envelope();
        (envelope, collector.finish().map(|rows| rows.len()).map_err(|violations| violations.to_string()))
    };
    let (envelope, rows) = read(r#"{"length":1,"callback_url":{"deep":["a",1,2.5,null,true]},"island":"Dream"}"#);
    assert_eq!(envelope, [("callback_url", json!({ "deep": ["a", 1, 2.5, null, true] }))]);
    assert_eq!(rows, Ok(1));
    let (envelope, rows) = read(r#"{"length":1,"callback_url":1,"callback_url":2,"island":"Dream","other":3}"#);
    assert_eq!(envelope, [("callback_url", json!(1))]);
    expect![[r#"
        body.callback_url: Field given more than once [duplicate_field]
        body.other: Extra inputs are not permitted [extra_forbidden]"#]]
    .assert_eq(&rows.unwrap_err());
}

#[test]
fn a_caller_may_refuse() {
    let schema = schema();
    let mut collector = schema.collector(&JsonLimits::default());
    assert!(collector.is_clean());
    collector.refuse(Violation::new(
        Loc::body().field("callback_url"),
        code::STRING_TYPE,
        "Input should be a valid string",
    ));
    assert!(!collector.is_clean());
    assert_eq!(collector.finish().unwrap_err().as_slice().len(), 1);
}
