//! How one feature becomes numbers, decided from the manifest and the type of the tensor.

use ferrocast_engine::Dtype;
use ferrocast_schema::{Encode, Feature, FeatureType};

use crate::{Scaler, ordinal};

const NO_NUMBER: &str = "text is no number; list its `categories` and set `encode` to \"one-hot\" or \"ordinal\"";

/// What is done to each value of a feature.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Encoding {
    /// The number itself, scaled or not; of a bool, 1 for true.
    Number(Option<Scaler>),
    /// The number that stands for the category.
    Codes(Box<[i64]>),
    /// This many columns, of which the category's own is 1.
    OneHot(usize),
}

impl Encoding {
    /// The encoding of `feature` for a numeric tensor of type `dtype`, or what to change where there is none.
    pub(crate) fn of(feature: &Feature, dtype: Dtype) -> Result<Encoding, &'static str> {
        let scaler = Scaler::new(&feature.scale);
        if feature.is_categorical() {
            return match feature.encode {
                _ if scaler.is_some() => Err("categories are encoded, not scaled; remove `scale`"),
                Encode::OneHot => Ok(Encoding::OneHot(feature.categories.len())),
                _ => ordinal::codes(feature).map(Encoding::Codes).ok_or(NO_NUMBER),
            };
        }
        match feature.kind {
            _ if feature.encode != Encode::None => Err("only `categories` can be encoded; list them"),
            FeatureType::String => Err(NO_NUMBER),
            FeatureType::Bool => Ok(Encoding::Number(None)),
            _ if scaler.is_some() && !dtype.is_float() => {
                Err("scaling gives fractions; remove `scale`, or export the model with a float input")
            }
            FeatureType::Float if !dtype.is_float() => {
                Err("the input takes no fractions; make the feature's `type` \"int\"")
            }
            FeatureType::Float | FeatureType::Int => Ok(Encoding::Number(scaler)),
        }
    }

    /// Columns that one row of `feature` fills.
    pub(crate) fn width(&self, feature: &Feature) -> usize {
        match self {
            Encoding::Number(_) => feature.width(),
            Encoding::Codes(_) => 1,
            Encoding::OneHot(categories) => *categories,
        }
    }

    /// The encoding in a word, for messages; empty for a plain number.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Encoding::Number(_) => "",
            Encoding::Codes(_) => " (ordinal)",
            Encoding::OneHot(_) => " (one-hot)",
        }
    }
}

#[cfg(test)]
mod tests {
    use ferrocast_schema::Scale;

    use super::*;

    fn feature(kind: FeatureType, encode: Encode, categories: &[&str]) -> Feature {
        let categories = categories.iter().map(|&category| category.to_owned()).collect();
        Feature { categories, encode, ..Feature::new("f", kind) }
    }

    #[test]
    fn text_needs_categories_and_an_encoding() {
        assert!(Encoding::of(&feature(FeatureType::String, Encode::None, &[]), Dtype::F32).is_err());
        assert!(Encoding::of(&feature(FeatureType::String, Encode::None, &["a"]), Dtype::F32).is_err());
        assert!(Encoding::of(&feature(FeatureType::String, Encode::OneHot, &[]), Dtype::F32).is_err());
        let encoded = Encoding::of(&feature(FeatureType::String, Encode::OneHot, &["a", "b"]), Dtype::U8);
        assert_eq!(encoded, Ok(Encoding::OneHot(2)));
    }

    #[test]
    fn fractions_go_into_floats_only() {
        let float = feature(FeatureType::Float, Encode::None, &[]);
        assert!(Encoding::of(&float, Dtype::I64).is_err());
        assert_eq!(Encoding::of(&float, Dtype::F64), Ok(Encoding::Number(None)));
        let scale = Scale::Standard { mean: 0.0, std: 1.0 };
        assert!(Encoding::of(&Feature { scale, ..feature(FeatureType::Int, Encode::None, &[]) }, Dtype::I64).is_err());
    }

    #[test]
    fn a_bool_is_a_number() {
        let bool = feature(FeatureType::Bool, Encode::None, &[]);
        assert_eq!(Encoding::of(&bool, Dtype::I8), Ok(Encoding::Number(None)));
    }

    #[test]
    fn categories_are_not_scaled() {
        let scale = Scale::MinMax { min: 0.0, max: 2.0 };
        let ordinal = Feature { scale, ..feature(FeatureType::String, Encode::Ordinal, &["a", "b"]) };
        assert!(Encoding::of(&ordinal, Dtype::F32).is_err());
    }
}
