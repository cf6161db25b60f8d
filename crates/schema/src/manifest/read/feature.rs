//! Reads one `[[feature]]`.

use super::super::document::Node;
use super::super::error::Finding;
use super::super::feature::{Encode, Feature, FeatureType, Range, Scale};
use super::section::Section;
use crate::value::Value;

/// `None` when so much is wrong that the feature cannot be checked.
pub(super) fn read(mut section: Section<'_, '_>) -> Option<Feature> {
    let name = section.required("name", Section::text);
    let kind = section.required_choice("type", &FeatureType::ALL);
    let mut feature = Feature::new(name.clone().unwrap_or_default(), kind.unwrap_or(FeatureType::Float));
    feature.range = section.section("range").map(range).unwrap_or_default();
    feature.description = section.text("description");
    feature.aliases = section.list("aliases", "strings", Section::as_text).unwrap_or_default();
    feature.example = value(&mut section, "example");
    feature.required = section.bool("required").unwrap_or(true);
    feature.default = value(&mut section, "default");
    feature.nullable = section.bool("nullable").unwrap_or(false);
    feature.impute = value(&mut section, "impute");
    feature.categories = section.list("categories", "strings or integers", category).unwrap_or_default();
    feature.category_aliases = section.dictionary("category_aliases");
    feature.pattern = section.text("pattern");
    feature.encode = section.choice("encode", &Encode::ALL).unwrap_or_default();
    feature.scale = section.section("scale").and_then(scale).unwrap_or_default();
    feature.shape = section.list("shape", "lengths above 0", axis).unwrap_or_default();
    section.finish();
    (name.is_some() && kind.is_some()).then_some(feature)
}

fn range(mut section: Section<'_, '_>) -> Range {
    let range = Range {
        gt: section.number("gt"),
        ge: section.number("ge"),
        lt: section.number("lt"),
        le: section.number("le"),
    };
    section.finish();
    range
}

fn scale(mut section: Section<'_, '_>) -> Option<Scale> {
    let word = section.required("kind", Section::text)?;
    let scale = match word.as_str() {
        "standard" => {
            let (mean, std) = (section.required("mean", Section::number), section.required("std", Section::number));
            mean.zip(std).map(|(mean, std)| Scale::Standard { mean, std })
        }
        "minmax" => {
            let (min, max) = (section.required("min", Section::number), section.required("max", Section::number));
            min.zip(max).map(|(min, max)| Scale::MinMax { min, max })
        }
        "robust" => {
            let (median, iqr) = (section.required("median", Section::number), section.required("iqr", Section::number));
            median.zip(iqr).map(|(median, iqr)| Scale::Robust { median, iqr })
        }
        "none" => Some(Scale::None),
        _ => {
            let message = format!("\"{word}\" is none of standard, minmax, robust, none");
            let kinds = ["standard", "minmax", "robust", "none"];
            section.find("kind", |path| Finding::new(path, message).did_you_mean(&word, kinds));
            // Which other keys belong here depends on the kind, so they are not judged.
            return None;
        }
    };
    section.finish();
    scale
}

/// A value of any type; whether it is one of the feature's is checked later, by the rules of requests.
fn value(section: &mut Section<'_, '_>, key: &'static str) -> Option<Value> {
    section.value(key, "a number, string, bool or array of numbers", plain_value)
}

fn plain_value(node: &Node) -> Option<Value> {
    match node {
        Node::Bool(value) => Some(Value::Bool(*value)),
        Node::Int(value) => Some(Value::Int(*value)),
        Node::Float(value) => Some(Value::Float(*value)),
        Node::Text(value) => Some(Value::Text(value.clone())),
        Node::Array(elements) => {
            elements.iter().map(|element| plain_value(&element.node)).collect::<Option<Vec<_>>>().map(Value::List)
        }
        Node::Table(_) => None,
    }
}

fn category(node: &Node) -> Option<String> {
    match node {
        Node::Int(value) => Some(value.to_string()),
        other => Section::as_text(other),
    }
}

fn axis(node: &Node) -> Option<usize> {
    match node {
        Node::Int(value) => usize::try_from(*value).ok().filter(|len| *len > 0),
        _ => None,
    }
}
