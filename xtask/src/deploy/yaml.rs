//! Reading what came out of YAML, where anything may be missing.

use std::collections::BTreeMap;

use serde_json::Value;

static NOTHING: Value = Value::Null;

/// What is at a place, a JSON pointer such as `/spec/containers/0`; null where there is nothing.
pub(super) fn at<'a>(value: &'a Value, place: &str) -> &'a Value {
    value.pointer(place).unwrap_or(&NOTHING)
}

/// The text at a place, empty where there is none.
pub(super) fn text<'a>(value: &'a Value, place: &str) -> &'a str {
    at(value, place).as_str().unwrap_or_default()
}

/// The members of a list.
pub(super) fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// The texts of a list.
pub(super) fn texts(list: &Value) -> impl Iterator<Item = &str> {
    items(list).filter_map(Value::as_str)
}

/// The texts of a map.
pub(super) fn texts_by_name(map: &Value) -> BTreeMap<String, String> {
    let entries = map.as_object().into_iter().flatten();
    entries.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{at, text, texts, texts_by_name};

    #[test]
    fn what_is_missing_is_null() {
        let value = json!({"a": [{"b": "c"}]});
        assert_eq!((at(&value, "/a/0/b"), at(&value, "/a/1/b")), (&json!("c"), &json!(null)));
        assert_eq!((text(&value, "/a/0/b"), text(&value, "/a")), ("c", ""));
    }

    #[test]
    fn only_texts_are_read_as_such() {
        assert_eq!(texts(&json!(["a", 1, "b"])).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(texts_by_name(&json!({"a": "b", "c": 1})).len(), 1);
        assert_eq!(texts(&json!(null)).count(), 0);
    }
}
