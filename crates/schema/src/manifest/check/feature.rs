//! Whether one `[[feature]]`'s rules fit together, and whether the values it gives follow them.

use super::super::error::Finding;
use super::super::feature::{Encode, Feature, FeatureType, Range, Scale};
use crate::carrier::Carrier;
use crate::row::{compile_pattern, example_value, value_problem};
use crate::value::Value;

/// Whole numbers up to here are exact as floats, which is how bounds are kept.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Most elements of an array feature.
const LARGEST_SHAPE: usize = 1 << 20;

/// Adds what is wrong with `feature`, which stands at `path`.
pub(super) fn problems(path: &str, feature: &Feature, findings: &mut Vec<Finding>) {
    let before = findings.len();
    let mut at = |key: &str, message: Option<String>| {
        if let Some(message) = message {
            findings.push(Finding::new(format!("{path}.{key}"), message));
        }
    };
    at("range", range_problem(feature));
    at("pattern", pattern_problem(feature));
    at("encode", encode_problem(feature));
    at("scale", scale_problem(feature));
    at("shape", shape_problem(feature));
    categories(path, feature, findings);
    // Values are judged by the feature's own rules, so those must make sense first.
    if findings.len() == before {
        values(path, feature, findings);
    }
}

fn range_problem(feature: &Feature) -> Option<String> {
    let Range { gt, ge, lt, le } = feature.range;
    let bounds = || [gt, ge, lt, le].into_iter().flatten();
    let is_int = feature.kind == FeatureType::Int;
    if feature.range.is_unbounded() {
        return None;
    }
    if !feature.kind.is_numeric() {
        return Some(format!("only numbers have a range, not a {}", feature.kind.as_str()));
    }
    if feature.is_categorical() {
        return Some("the categories say it all".to_owned());
    }
    if bounds().any(|bound| !bound.is_finite()) {
        return Some("bounds are finite; leave out the one that is not".to_owned());
    }
    if gt.is_some() && ge.is_some() {
        return Some("gt and ge are both given".to_owned());
    }
    if lt.is_some() && le.is_some() {
        return Some("lt and le are both given".to_owned());
    }
    if is_int && bounds().any(|bound| bound.fract() != 0.0 || bound.abs() > EXACT) {
        return Some("bounds of an int are whole numbers within ±2^53".to_owned());
    }
    let nothing_left = match (gt.or(ge), lt.or(le)) {
        (Some(lower), Some(upper)) if is_int => {
            let first = if gt.is_some() { lower + 1.0 } else { lower };
            let last = if lt.is_some() { upper - 1.0 } else { upper };
            first > last
        }
        (Some(lower), Some(upper)) => lower > upper || (lower == upper && (gt.is_some() || lt.is_some())),
        _ => false,
    };
    nothing_left.then(|| "contradicts itself: no number is within it".to_owned())
}

fn pattern_problem(feature: &Feature) -> Option<String> {
    let pattern = feature.pattern.as_deref()?;
    if feature.kind != FeatureType::String {
        return Some(format!("only strings have a pattern, not a {}", feature.kind.as_str()));
    }
    if feature.is_categorical() {
        return Some("the categories say it all".to_owned());
    }
    compile_pattern(pattern).err().map(|error| error.to_string())
}

fn encode_problem(feature: &Feature) -> Option<String> {
    (feature.encode != Encode::None && !feature.is_categorical())
        .then(|| format!("\"{}\" needs categories", feature.encode.as_str()))
}

fn scale_problem(feature: &Feature) -> Option<String> {
    let (numbers, span, name) = match feature.scale {
        Scale::None => return None,
        Scale::Standard { mean, std } => ([mean, std], std, "std"),
        Scale::MinMax { min, max } => ([min, max], max - min, "max - min"),
        Scale::Robust { median, iqr } => ([median, iqr], iqr, "iqr"),
    };
    if !feature.kind.is_numeric() {
        return Some(format!("only numbers are scaled, not a {}", feature.kind.as_str()));
    }
    if feature.is_categorical() {
        return Some("categories are encoded, not scaled".to_owned());
    }
    if numbers.iter().any(|number| !number.is_finite()) || !span.is_finite() {
        return Some("numbers are finite".to_owned());
    }
    // A constant column has no spread; scikit-learn then divides by 1.
    (span < 0.0).then(|| format!("{name} is {span}; a spread is not below 0"))
}

fn shape_problem(feature: &Feature) -> Option<String> {
    if feature.shape.is_empty() {
        return None;
    }
    if !feature.kind.is_numeric() {
        return Some(format!("only numbers come in arrays, not a {}", feature.kind.as_str()));
    }
    if feature.is_categorical() {
        return Some("categories do not come in arrays".to_owned());
    }
    if feature.shape.contains(&0) {
        return Some("an axis has a length above 0".to_owned());
    }
    (feature.width() > LARGEST_SHAPE).then(|| format!("more than {LARGEST_SHAPE} elements"))
}

fn categories(path: &str, feature: &Feature, findings: &mut Vec<Finding>) {
    let categories = &feature.categories;
    if feature.is_categorical() && !matches!(feature.kind, FeatureType::String | FeatureType::Int) {
        let message = format!("only strings and ints have categories, not a {}", feature.kind.as_str());
        findings.push(Finding::new(format!("{path}.categories"), message));
        return;
    }
    let mut seen = std::collections::HashSet::new();
    for (index, category) in categories.iter().enumerate() {
        let path = format!("{path}.categories[{index}]");
        if !seen.insert(category) {
            findings.push(Finding::new(path, format!("\"{category}\" is listed twice")));
        } else if feature.kind == FeatureType::Int && !is_canonical_int(category) {
            findings.push(Finding::new(path, format!("\"{category}\" is no integer")));
        }
    }
    for (alias, category) in &feature.category_aliases {
        let path = format!("{path}.category_aliases.{alias}");
        if !seen.contains(category) {
            let message = format!("there is no category \"{category}\"");
            let known = categories.iter().map(String::as_str);
            findings.push(Finding::new(path, message).did_you_mean(category, known));
        } else if seen.contains(alias) {
            findings.push(Finding::new(path, format!("\"{alias}\" is a category itself")));
        }
    }
}

fn is_canonical_int(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|value| value.to_string() == text)
}

fn values(path: &str, feature: &Feature, findings: &mut Vec<Finding>) {
    let carrier = widest_carrier(feature.kind);
    let given = [("default", &feature.default), ("example", &feature.example)];
    for (key, value) in given {
        let Some(value) = value else { continue };
        let problem = match value {
            Value::Null => Some("a missing value is none; leave it out".to_owned()),
            value => value_problem(feature, carrier, value),
        };
        if let Some(problem) = problem {
            findings.push(Finding::new(format!("{path}.{key}"), format!("{value} is not allowed here: {problem}")));
        }
    }
    if let Some(value) = &feature.impute
        && let Some(problem) = value_problem(&imputed(feature), carrier, value)
    {
        findings.push(Finding::new(format!("{path}.impute"), format!("{value} is not allowed here: {problem}")));
    }
    if feature.default.is_none() && feature.example.is_none() && example_value(feature, carrier).is_none() {
        let message = "no value that fits could be made up for the documentation";
        findings.push(Finding::new(path, message).suggest("give an `example`"));
    }
}

/// What stands in for a missing value: for a whole number possibly a mean, for an array one number for all elements,
/// and possibly one that no client may send, such as -999.
fn imputed(feature: &Feature) -> Feature {
    let kind = match feature.kind {
        FeatureType::Int if !feature.is_categorical() => FeatureType::Float,
        kind => kind,
    };
    Feature { kind, range: Range::default(), shape: Vec::new(), pattern: None, nullable: false, ..feature.clone() }
}

/// The model may hold less; that is checked when the model is known.
fn widest_carrier(kind: FeatureType) -> Carrier {
    match kind {
        FeatureType::Float => Carrier::F64,
        FeatureType::Int => Carrier::I64,
        FeatureType::Bool => Carrier::Bool,
        FeatureType::String => Carrier::Str,
    }
}
