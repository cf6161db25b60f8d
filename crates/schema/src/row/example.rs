//! A value that a feature accepts, for documentation and warm-up: the manifest's own, or one made up from the rules.

use super::Field;
use super::default::read;
use crate::carrier::Carrier;
use crate::manifest::{Feature, FeatureType, Range, Scale};
use crate::rows::Values;
use crate::value::Value;

/// Texts to try against a pattern that comes without an example.
const TEXTS: [&str; 16] = [
    "example",
    "A",
    "a",
    "1",
    "0",
    "AB",
    "ab",
    "12",
    "123",
    "1234",
    "12345",
    "a1",
    "A1",
    "A-1",
    "2024-01-31",
    "a@b.co",
];

/// A value for `feature` that its rules accept, if one is given or can be found.
pub(crate) fn example_value(feature: &Feature, carrier: Carrier) -> Option<Value> {
    let rules = Feature { default: None, ..feature.clone() };
    let field = Field::compile(&rules, carrier).ok()?;
    find(&field, feature)
}

/// The same for a feature that is compiled already.
pub(super) fn find(field: &Field, feature: &Feature) -> Option<Value> {
    let given = feature.example.iter().chain(&feature.default).cloned();
    given.chain(made_up(feature)).find_map(|value| read(field, &value).ok()).and_then(|values| plain(&values, feature))
}

/// One row's worth of values as documentation shows them: numbers as numbers, no aliases of categories.
pub(super) fn plain(values: &Values, feature: &Feature) -> Option<Value> {
    let flat: Vec<Value> = match values {
        Values::Float(values) => values.iter().copied().map(Value::Float).collect(),
        Values::Int(values) => values.iter().copied().map(Value::Int).collect(),
        Values::Bool(values) => values.iter().copied().map(Value::Bool).collect(),
        Values::Text(values) => values.iter().map(|text| Value::from(&**text)).collect(),
        Values::Category(values) => {
            values.iter().map(|position| category(feature, *position)).collect::<Option<_>>()?
        }
    };
    // The axes from the last to the first: each pass gathers one.
    let nested = feature
        .shape
        .iter()
        .rev()
        .fold(flat, |values, len| values.chunks(*len).map(|elements| Value::List(elements.to_vec())).collect());
    nested.into_iter().next()
}

fn category(feature: &Feature, position: u32) -> Option<Value> {
    feature.categories.get(usize::try_from(position).ok()?).map(|text| feature.category_value(text))
}

fn made_up(feature: &Feature) -> Vec<Value> {
    if let Some(first) = feature.categories.first() {
        return vec![Value::from(first.as_str())];
    }
    match feature.kind {
        FeatureType::Bool => vec![Value::Bool(true)],
        FeatureType::String => texts(feature.pattern.as_deref().unwrap_or_default()),
        FeatureType::Float => numbers(feature).map(|value| in_shape(&Value::Float(value), &feature.shape)).collect(),
        #[allow(clippy::cast_possible_truncation, reason = "what does not fit is tried in vain")]
        FeatureType::Int => {
            numbers(feature).map(|value| in_shape(&Value::Int(value.round() as i64), &feature.shape)).collect()
        }
    }
}

/// From the most telling number to the safest.
fn numbers(feature: &Feature) -> impl Iterator<Item = f64> {
    let Range { gt, ge, lt, le } = feature.range;
    let (lower, upper) = (gt.or(ge), lt.or(le));
    let typical = match feature.scale {
        Scale::None => None,
        Scale::Standard { mean, .. } => Some(mean),
        Scale::MinMax { min, max } => Some(f64::midpoint(min, max)),
        Scale::Robust { median, .. } => Some(median),
    };
    let middle = lower.zip(upper).map(|(lower, upper)| f64::midpoint(lower, upper));
    let near = |bound: f64, step: f64| [bound + step, bound * (1.0 + step / 2.0), bound * (1.0 - step / 2.0), bound];
    let above = lower.into_iter().flat_map(move |lower| near(lower, 1.0).into_iter().chain([lower.next_up()]));
    let below = upper.into_iter().flat_map(move |upper| near(upper, -1.0).into_iter().chain([upper.next_down()]));
    typical.into_iter().chain(middle).chain([1.0, 0.0]).chain(above).chain(below)
}

/// The same value in every place of an array.
fn in_shape(value: &Value, shape: &[usize]) -> Value {
    match shape.split_first() {
        None => value.clone(),
        Some((len, inner)) => Value::List(vec![in_shape(value, inner); *len]),
    }
}

/// The literal pieces of the pattern, as of `^(A|B|C)$`, then anything.
fn texts(pattern: &str) -> Vec<Value> {
    let pieces = pattern.split(['|', '(', ')', '^', '$']).filter(|piece| !piece.is_empty());
    std::iter::once("example").chain(pieces).chain(TEXTS).chain([""]).map(Value::from).collect()
}
