//! Bodies that mean no good: nothing panics, nothing wrong gets through, and what is right keeps its value.

use std::sync::LazyLock;

use ferrocast_schema::{At, JsonLimits, Manifest, RowSchema, Rows, SchemaOptions, Values, Violations, read_json};
use proptest::prelude::*;
use serde_json::Value as Json;

/// Every kind of feature there is.
const EVERYTHING: &str = r#"
    task = "tensor"
    [[feature]]
    name = "a"
    type = "float"
    range = { ge = 0.0, lt = 100.0 }
    aliases = ["alpha", "ä"]
    [[feature]]
    name = "b"
    type = "int"
    range = { gt = 0, le = 1000 }
    default = 7
    [[feature]]
    name = "c"
    type = "string"
    categories = ["A", "B", "C"]
    category_aliases = { "1" = "A" }
    nullable = true
    [[feature]]
    name = "d"
    type = "string"
    pattern = "^[a-z]*$"
    required = false
    [[feature]]
    name = "e"
    type = "bool"
    [[feature]]
    name = "f"
    type = "float"
    shape = [2, 2]
    range = { gt = -1.0 }
    [[feature]]
    name = "g"
    type = "int"
    categories = [3, 5]
    required = false
"#;

const LIMITS: JsonLimits = JsonLimits { depth: 8, numbers: 64, violations: 10 };

static SCHEMA: LazyLock<RowSchema> = LazyLock::new(|| {
    let manifest = Manifest::from_toml(EVERYTHING).unwrap();
    RowSchema::compile(&manifest.features, &SchemaOptions::default()).unwrap()
});

/// The same features, of which a row needs none.
static OPTIONAL: LazyLock<RowSchema> = LazyLock::new(|| {
    let mut features = Manifest::from_toml(EVERYTHING).unwrap().features;
    features.iter_mut().for_each(|feature| feature.required = false);
    RowSchema::compile(&features, &SchemaOptions::default()).unwrap()
});

/// What holds whatever was sent: rows that follow all rules, or a short list of what is wrong.
fn verdict(body: &[u8]) -> Result<Rows, Violations> {
    let verdict = SCHEMA.parse_row(body, &LIMITS);
    is_as_parsed(&SCHEMA, body);
    match &verdict {
        Ok(rows) => follows_the_rules(rows),
        Err(violations) => {
            assert!(!violations.as_slice().is_empty() && violations.as_slice().len() <= LIMITS.violations);
            for violation in violations {
                assert!(violation.to_string().len() < 2_000, "{violation}");
                let echoed = violation.input.as_ref().map_or(0, |input| input.to_string().len());
                assert!(echoed < 500, "{violation:?}");
            }
        }
    }
    verdict
}

/// However it is read, it is what the parser of all JSON makes of it.
fn is_as_parsed(schema: &RowSchema, body: &[u8]) {
    let mut collector = schema.collector(&LIMITS);
    let parsed = read_json(body, collector.seed(At::Body)).and_then(|()| collector.finish());
    // As text, since a value that is missing is no number, and unlike itself.
    let (parsed, read) = (format!("{parsed:?}"), format!("{:?}", schema.parse_row(body, &LIMITS)));
    assert_eq!(read, parsed, "{}", String::from_utf8_lossy(body));
}

fn follows_the_rules(rows: &Rows) {
    assert_eq!((rows.len(), rows.columns().len()), (1, SCHEMA.width()));
    for (column, feature) in rows.columns().iter().zip(SCHEMA.features()) {
        assert_eq!(column.values.len(), feature.width());
        if column.is_missing(0) {
            assert!(feature.may_be_missing());
            continue;
        }
        match &column.values {
            Values::Float(values) => {
                assert!(values.iter().all(|value| (*value as f32).is_finite() && feature.range.contains(*value)));
            }
            Values::Int(values) => assert!(values.iter().all(|value| feature.range.contains(*value as f64))),
            Values::Category(values) => assert!(values.iter().all(|at| (*at as usize) < feature.categories.len())),
            Values::Text(values) => {
                assert!(values.iter().all(|text| text.bytes().all(|byte| byte.is_ascii_lowercase())))
            }
            Values::Bool(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Scalars with a taste for the borders.
fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        (-5_i64..1005).prop_map(Json::from),
        (-2.0..102.0).prop_map(Json::from),
        prop::sample::select(vec!["A", "B", "1", "yes", "off", "NaN", "1e39", "-inf", " 50 ", "1_0", "abc", "", "ß"])
            .prop_map(Json::from),
        ".{0,100}".prop_map(Json::from),
    ]
}

fn tree() -> impl Strategy<Value = Json> {
    scalar().prop_recursive(10, 80, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::Array),
            prop::collection::hash_map(key(), inner, 0..6).prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec!["a", "b", "c", "d", "e", "f", "g", "alpha", "ä"]).prop_map(str::to_owned),
        1 => ".{0,80}",
    ]
}

/// An object whose keys may repeat, as text.
fn object() -> impl Strategy<Value = String> {
    prop::collection::vec((key(), tree()), 0..10).prop_map(|fields| {
        let fields: Vec<String> =
            fields.iter().map(|(key, value)| format!("{}:{value}", Json::from(key.as_str()))).collect();
        format!("{{{}}}", fields.join(","))
    })
}

/// A number as somebody may write it, rightly or not.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?[0-9]{1,20}",
        "-?[0-9]{1,4}\\.[0-9]{0,20}",
        "-?[0-9]{1,2}(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?",
        any::<f64>().prop_map(|value| Json::from(value).to_string()),
        (0.0..100.0).prop_map(|value: f64| format!("{value:?}")),
    ]
}

/// A row that lacks nothing and holds no array, with white space here and there.
fn plain() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        4 => number(),
        1 => prop::sample::select(vec!["null", "true", "false", "\"A\"", "\"B\"", "\"\"", "\"ß\"", "\"a\\\"\"", "nul", "\"a"]).prop_map(str::to_owned),
    ];
    let field = (key(), value, prop::sample::select(vec!["", " ", "\n", "\t\r ", "\u{c}"]));
    prop::collection::vec(field, 0..8).prop_map(|fields| {
        let field = |(key, value, space): &(String, String, &str)| {
            format!("{space}{}{space}:{space}{value}{space}", Json::from(key.as_str()))
        };
        let fields: Vec<String> = fields.iter().map(field).collect();
        format!("{{{}}}", fields.join(","))
    })
}

/// A body that is a row, and the values in it.
fn valid() -> impl Strategy<Value = (f64, i64, String)> {
    (0.0..100.0, 1_i64..=1000, prop::collection::vec(-0.999_999..1e38, 4..=4)).prop_map(|(a, b, f)| {
        let body = format!(r#"{{"a":{a:?},"b":{b},"c":"B","d":"text","e":true,"f":{f:?},"g":5}}"#);
        (a, b, body)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_plain_row(body in plain()) {
        is_as_parsed(&OPTIONAL, body.as_bytes());
    }

    #[test]
    fn any_json(body in tree()) {
        drop(verdict(body.to_string().as_bytes()));
    }

    #[test]
    fn any_object(body in object()) {
        drop(verdict(body.as_bytes()));
    }

    #[test]
    fn any_bytes(body in prop::collection::vec(any::<u8>(), 0..200)) {
        drop(verdict(&body));
    }

    #[test]
    fn any_damage((_, _, body) in valid(), hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut in any::<prop::sample::Index>()) {
        let mut bytes = body.into_bytes();
        for (place, byte) in hits {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        drop(verdict(&bytes));
        bytes.truncate(cut.index(bytes.len()));
        drop(verdict(&bytes));
    }

    #[test]
    fn any_token((_, _, body) in valid(), place in any::<prop::sample::Index>(), token in prop::sample::select(vec!["NaN", "1e999", "[", "]", "{", "}", "\"", "\\", "\\ud800", ",", ":", "null", "-", "e", "\u{0}", "/*"])) {
        let place = place.index(body.len());
        let mut damaged = body;
        damaged.insert_str(place, token);
        drop(verdict(damaged.as_bytes()));
    }

    #[test]
    fn numbers_keep_their_value((a, b, body) in valid()) {
        let rows = verdict(body.as_bytes()).unwrap();
        let json: Json = serde_json::from_str(&body).unwrap();
        prop_assert_eq!(&rows.columns()[0].values, &Values::Float([a].as_slice().into()));
        prop_assert_eq!(&rows.columns()[1].values, &Values::Int([b].as_slice().into()));
        let flat: Vec<f64> = json["f"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
        prop_assert_eq!(&rows.columns()[5].values, &Values::Float(flat.into()));
    }

    #[test]
    fn numbers_in_strings_keep_their_value(a in 0.0..100.0, b in 1_i64..=1000) {
        let body = format!(r#"{{"a":"{a:?}","b":" {b}.0 ","c":1,"e":"on","f":[[0,0],[0,0]]}}"#);
        let rows = verdict(body.as_bytes()).unwrap();
        prop_assert_eq!(&rows.columns()[0].values, &Values::Float([a].as_slice().into()));
        prop_assert_eq!(&rows.columns()[1].values, &Values::Int([b].as_slice().into()));
        prop_assert_eq!(&rows.columns()[2].values, &Values::Category([0].as_slice().into()));
    }
}
