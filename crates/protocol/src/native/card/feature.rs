//! How a model's card describes one field of a request.

use std::collections::BTreeMap;

use ferrocast_schema::{Feature, Range};
use serde::Serialize;
use serde_json::Value;

/// One field of a request: what a client may send. How the value becomes numbers is the model's own affair.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
pub struct FeatureCard {
    /// The field's name.
    name: String,
    /// Other names for the same field; one name per request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schemars(default))]
    aliases: Vec<String>,
    /// `float`, `int`, `string` or `bool`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What the field means.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Whether every request must have the field.
    required: bool,
    /// Whether null is accepted, as a missing value.
    nullable: bool,
    /// What an absent field stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<Value>,
    /// Bounds on the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<RangeCard>,
    /// The only values there are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schemars(default))]
    categories: Vec<String>,
    /// Codes for the categories: code to category.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "openapi", schemars(default))]
    category_aliases: BTreeMap<String, String>,
    /// A regular expression that the text matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<String>,
    /// The axes of an array; absent for a single value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schemars(default))]
    shape: Vec<usize>,
    /// A typical value.
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<Value>,
}

/// Bounds on a number.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
pub struct RangeCard {
    /// The value is greater than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    gt: Option<f64>,
    /// The value is greater than or equal to this.
    #[serde(skip_serializing_if = "Option::is_none")]
    ge: Option<f64>,
    /// The value is less than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    lt: Option<f64>,
    /// The value is less than or equal to this.
    #[serde(skip_serializing_if = "Option::is_none")]
    le: Option<f64>,
}

impl From<&Feature> for FeatureCard {
    fn from(feature: &Feature) -> FeatureCard {
        let Range { gt, ge, lt, le } = feature.range;
        FeatureCard {
            name: feature.name.clone(),
            aliases: feature.aliases.clone(),
            kind: feature.kind.as_str(),
            description: feature.description.clone(),
            required: feature.required && feature.default.is_none(),
            nullable: feature.nullable,
            default: feature.default.as_ref().map(ferrocast_schema::Value::to_json),
            range: (!feature.range.is_unbounded()).then_some(RangeCard { gt, ge, lt, le }),
            categories: feature.categories.clone(),
            category_aliases: feature.category_aliases.clone(),
            pattern: feature.pattern.clone(),
            shape: feature.shape.clone(),
            example: feature.example.as_ref().map(ferrocast_schema::Value::to_json),
        }
    }
}

#[cfg(test)]
mod tests {
    use ferrocast_schema::{Feature, FeatureType, Range};
    use serde_json::json;

    use super::FeatureCard;

    #[test]
    fn a_card_names_the_rules_that_there_are_and_no_others() {
        let mut feature = Feature::new("bill_length_mm", FeatureType::Float);
        let card = serde_json::to_value(FeatureCard::from(&feature)).unwrap();
        assert_eq!(card, json!({"name": "bill_length_mm", "type": "float", "required": true, "nullable": false}));

        feature.range = Range { ge: Some(0.0), le: Some(100.0), ..Range::default() };
        feature.aliases = vec!["feature1".to_owned()];
        feature.default = Some(40.5.into());
        let card = serde_json::to_value(FeatureCard::from(&feature)).unwrap();
        let expected = json!({
            "name": "bill_length_mm", "aliases": ["feature1"], "type": "float", "required": false, "nullable": false,
            "default": 40.5, "range": {"ge": 0.0, "le": 100.0},
        });
        assert_eq!(card, expected);
    }
}
