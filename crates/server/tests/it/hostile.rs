//! Thousands of hostile bodies over one connection: every one is answered, none with a server fault.

use proptest::collection::{btree_map, vec};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::strategy::{Union, ValueTree};
use proptest::test_runner::{Config, TestRunner};

use crate::errors::assert_is_honest;
use crate::server::{PENGUIN, shared};

const BODIES: usize = 2_000;

/// JSON that nobody should send, some of it no JSON at all.
fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => row().prop_map(String::into_bytes),
        2 => vec(row(), 0..4).prop_map(|rows| format!("{{\"instances\":[{}]}}", rows.join(",")).into_bytes()),
        2 => mutated(),
        1 => vec(any::<u8>(), 0..200),
        1 => (1usize..400).prop_map(|depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth)).into_bytes()),
    ]
}

/// An object with some of the right names, some aliases of them, some strangers, and any kind of value.
fn row() -> impl Strategy<Value = String> {
    let names = [
        "bill_length_mm",
        "bill_depth_mm",
        "island",
        "flipper_length_mm",
        "feature1",
        "feature3",
        "instances",
        "",
        "\\u0000",
        "é",
    ];
    let name = Union::new(names.map(|name| Just(name.to_owned())));
    btree_map(name, value(), 0..7).prop_map(|members| {
        let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    })
}

fn value() -> impl Strategy<Value = String> {
    let words = [
        "null",
        "true",
        "\"Biscoe\"",
        "\"A\"",
        "\"\"",
        "\"1e5\"",
        "\"NaN\"",
        "NaN",
        "Infinity",
        "-Infinity",
        "1e39",
        "-1e39",
        "1e400",
        "-0",
        "0.1",
        "18446744073709551616",
        "-9223372036854775809",
        "1e-400",
        "[]",
        "{}",
        "[[1]]",
        "{\"a\":{}}",
        "\"\\ud800\"",
        "\"\\u0000\"",
        "01",
        "+1",
        ".5",
        "5.",
        "0x10",
        "tru",
    ];
    let word = Union::new(words.map(|word| Just(word.to_owned())));
    prop_oneof![
        3 => word,
        1 => any::<f64>().prop_map(|number| number.to_string()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<String>().prop_map(|text| format!("{text:?}")),
        1 => vec(any::<i32>(), 0..30).prop_map(|numbers| format!("{numbers:?}")),
    ]
}

/// The sample request with a few bytes changed, dropped or doubled.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    vec((0..PENGUIN.len(), any::<u8>(), 0u8..3), 1..6).prop_map(|edits| {
        let mut body = PENGUIN.as_bytes().to_vec();
        for (place, byte, kind) in edits {
            let place = place.min(body.len().saturating_sub(1));
            match kind {
                0 => body[place] = byte,
                1 => drop(body.remove(place)),
                _ => body.insert(place, byte),
            }
        }
        body
    })
}

#[test]
fn two_thousand_hostile_bodies() {
    let mut runner = TestRunner::new(Config::default());
    let mut client = shared().client();
    let paths = ["/predict", "/predict_batch", "/models/auto-mpg/predict", "/models/penguins/versions/1/predict"];
    for (turn, path) in (0..BODIES).zip(paths.iter().cycle()) {
        let body = body().new_tree(&mut runner).expect("a body").current();
        let context = format!("{path}: {}", String::from_utf8_lossy(&body));
        let answer = client.post(path, &body);
        match answer.status {
            200 => assert!(answer.json()["status"] == "success", "{context}"),
            400 | 422 => assert_is_honest(&answer, &context),
            status => panic!("body {turn}, {status}, {context}: {}", answer.text()),
        }
    }
}
