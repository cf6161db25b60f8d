//! Kustomize and Helm, with its defaults, make the same objects: what is mended in one is mended in the other.

use serde_json::Value;

use super::{rendered::Rendered, yaml::text};

/// What only one of the two makes: a namespace is Helm's caller's to make, and a Pod is how Helm tests.
const ALONE: [&str; 2] = ["Namespace", "Pod"];

pub(super) fn differing(rendered: &Rendered) -> anyhow::Result<Vec<String>> {
    let twins = |objects: &[Value]| objects.iter().filter(|object| !is_alone(object)).map(bare).collect::<Vec<_>>();
    let (base, chart) = (twins(&rendered.base.all), twins(&rendered.chart.all));
    anyhow::ensure!(!base.is_empty(), "the base of Kustomize makes nothing");
    let mut problems = Vec::new();
    for object in &base {
        let kind = kind(object);
        match of_kind(&chart, kind) {
            None => problems.push(format!("the chart makes no {kind}, as the base of Kustomize does")),
            Some(other) => problems.extend(
                difference("", object, other)
                    .map(|place| format!("{kind}: the base of Kustomize and the chart differ in {place}")),
            ),
        }
    }
    let only = chart.iter().map(kind).filter(|kind| of_kind(&base, kind).is_none());
    problems.extend(only.map(|kind| format!("the base of Kustomize makes no {kind}, as the chart does")));
    Ok(problems)
}

fn kind(object: &Value) -> &str {
    text(object, "/kind")
}

/// The only one of a kind.
fn of_kind<'a>(objects: &'a [Value], wanted: &str) -> Option<&'a Value> {
    objects.iter().find(|object| kind(object) == wanted)
}

fn is_alone(object: &Value) -> bool {
    ALONE.contains(&kind(object))
}

/// Without what each of them adds in its own way: labels and annotations, and how the name of the settings changes with them.
fn bare(object: &Value) -> Value {
    let mut bare = object.clone();
    for pointer in ["/metadata", "/spec/template/metadata"] {
        if let Some(metadata) = bare.pointer_mut(pointer).and_then(Value::as_object_mut) {
            metadata.retain(|key, _| !["labels", "annotations", "name"].contains(&key.as_str()));
        }
    }
    if let Some(source) = bare.pointer_mut("/spec/template/spec/containers/0/envFrom/0/configMapRef/name") {
        *source = Value::Null;
    }
    bare
}

/// The first place where two values are not the same, as a JSON pointer.
fn difference(place: &str, one: &Value, other: &Value) -> Option<String> {
    match (one, other) {
        (Value::Object(fields), Value::Object(others)) => {
            let only = others.keys().find(|key| !fields.contains_key(*key)).map(|key| format!("{place}/{key}"));
            let differing = fields.iter().find_map(|(key, value)| {
                let place = format!("{place}/{key}");
                others.get(key).map_or_else(|| Some(place.clone()), |other| difference(&place, value, other))
            });
            only.or(differing)
        }
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
            let mut pairs = items.iter().zip(others).enumerate();
            pairs.find_map(|(index, (item, other))| difference(&format!("{place}/{index}"), item, other))
        }
        _ => (one != other).then(|| place.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{bare, difference};

    #[test]
    fn the_place_of_a_difference_is_named() {
        let place = |one, other| difference("", &one, &other);
        assert_eq!(place(json!({"a": [1, {"b": 2}]}), json!({"a": [1, {"b": 2}]})), None);
        assert_eq!(place(json!({"a": [1, {"b": 2}]}), json!({"a": [1, {"b": 3}]})).as_deref(), Some("/a/1/b"));
        assert_eq!(place(json!({"a": 1}), json!({"a": 1, "b": 2})).as_deref(), Some("/b"));
        assert_eq!(place(json!({"a": 1, "b": 2}), json!({"a": 1})).as_deref(), Some("/b"));
        assert_eq!(place(json!([1]), json!([1, 2])).as_deref(), Some(""));
    }

    #[test]
    fn labels_do_not_count() {
        let one = json!({"metadata": {"name": "a", "labels": {"b": "c"}, "namespace": "n"}, "spec": 1});
        assert_eq!(bare(&one), json!({"metadata": {"namespace": "n"}, "spec": 1}));
    }
}
