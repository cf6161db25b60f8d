//! Bodies that nobody sends by accident: whatever the bytes, reading them gives rows or an error of the client's, and
//! that error is valid JSON.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken fixture should stop the test where it is")]

use ferrocast_protocol::ApiError;
use ferrocast_protocol::native::{self, Limits};
use ferrocast_schema::{Manifest, RowSchema, Rows, SchemaOptions};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};
use proptest::sample::{Index, select};
use proptest::test_runner::TestCaseError;
use serde_json::Value;

const MANIFEST: &str = include_str!("wire/native/model.toml");
const ROW: &str = r#"{"feature1": 46.1, "feature2": 13.2, "feature3": "A", "feature4": 211}"#;
const MAX_BATCH: usize = 8;

/// What a body is made of, and what breaks parsers.
const TOKENS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "\"instances\"",
    "\"feature1\"",
    "\"bill_length_mm\"",
    "\"feature3\"",
    "\"feature4\"",
    "\"\"",
    "\"A\"",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\"NaN\"",
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "-1",
    "1.5",
    "1e39",
    "-1e309",
    "1e-400",
    "18446744073709551616",
    "-9223372036854775809",
    "NaN",
    "Infinity",
    "-Infinity",
    "01",
    ".5",
    "1.",
    "\u{feff}",
    "\u{0}",
    "//",
    " ",
    "\n",
    "{\"feature1\":1}",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn hostile_bodies_give_rows_or_a_client_error(body in hostile_body()) {
        let manifest = Manifest::from_toml(MANIFEST).unwrap();
        let schema = RowSchema::compile(&manifest.features, &SchemaOptions::default()).unwrap();
        let limits = Limits { max_batch: MAX_BATCH, ..Limits::default() };
        check(native::decode_row(&body, &schema, &limits), 1)?;
        check(native::decode_batch(&body, &schema, &limits), MAX_BATCH)?;
    }
}

/// Nesting far beyond what a parser's stack holds, in every place where a value may stand.
#[test]
fn deep_nesting_is_refused_without_recursion() {
    let manifest = Manifest::from_toml(MANIFEST).unwrap();
    let schema = RowSchema::compile(&manifest.features, &SchemaOptions::default()).unwrap();
    let limits = Limits::default();
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = open.repeat(100_000) + "1" + &close.repeat(100_000);
        let places = [
            deep.clone(),
            format!("{{\"instances\": {deep}}}"),
            format!("{{\"instances\": [{deep}]}}"),
            format!("{{\"other\": {deep}, \"instances\": [{ROW}]}}"),
            ROW.replace("46.1", &deep),
            format!("{{\"instances\": [{}]}}", ROW.replace("46.1", &deep)),
        ];
        for body in &places {
            for result in [
                native::decode_row(body.as_bytes(), &schema, &limits),
                native::decode_batch(body.as_bytes(), &schema, &limits),
            ] {
                assert_eq!(result.unwrap_err().code.status(), 422);
            }
        }
    }
}

fn check(result: Result<Rows, ApiError>, max_rows: usize) -> Result<(), TestCaseError> {
    let error = match result {
        Ok(rows) if (1..=max_rows).contains(&rows.len()) => return Ok(()),
        Ok(rows) => return Err(TestCaseError::fail(format!("{} rows", rows.len()))),
        Err(error) => error,
    };
    if !(400..500).contains(&error.code.status()) {
        return Err(TestCaseError::fail(format!("{error} is not the client's fault")));
    }
    let body = native::render(&error, "request-1");
    match serde_json::from_slice::<Value>(&body) {
        Ok(_) if body.len() < 64 * 1024 => Ok(()),
        Ok(_) => Err(TestCaseError::fail(format!("an error of {} bytes", body.len()))),
        Err(invalid) => Err(TestCaseError::fail(format!("the error is no JSON: {invalid}"))),
    }
}

/// Random bytes, soups of tokens, and good bodies with something done to them.
fn hostile_body() -> impl Strategy<Value = Vec<u8>> {
    let good = prop_oneof![
        Just(ROW.to_owned()),
        (0_usize..12).prop_map(|rows| format!("{{\"instances\": [{}]}}", vec![ROW; rows].join(", "))),
    ];
    let mutation = (any::<Index>(), 0_usize..12, select(TOKENS));
    let mutated = (good, prop::collection::vec(mutation, 0..6)).prop_map(|(body, mutations)| {
        let mut body = body.into_bytes();
        for (place, removed, token) in mutations {
            let start = place.index(body.len() + 1);
            let end = body.len().min(start + removed);
            body.splice(start..end, token.bytes());
        }
        body
    });
    prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..200),
        2 => prop::collection::vec(select(TOKENS), 0..60).prop_map(|soup| soup.concat().into_bytes()),
        4 => mutated,
    ]
}
