//! The number that stands for a category: its position, or, of an integer feature, its own value.

use ferrocast_schema::{Encode, Feature, FeatureType};

/// One number for each category of `feature`, in its order; `None` if they have none.
///
/// scikit-learn's `OrdinalEncoder` numbers categories from 0 in the order of its `categories_`, which is the order to
/// give them in the manifest.
pub(crate) fn codes(feature: &Feature) -> Option<Box<[i64]>> {
    match (feature.encode, feature.kind) {
        (Encode::Ordinal, _) => Some((0..).zip(&feature.categories).map(|(position, _)| position).collect()),
        (_, FeatureType::Int) => feature.categories.iter().map(|category| category.parse().ok()).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feature(kind: FeatureType, encode: Encode, categories: &[&str]) -> Feature {
        let categories = categories.iter().map(|&category| category.to_owned()).collect();
        Feature { categories, encode, ..Feature::new("f", kind) }
    }

    #[test]
    fn positions_or_own_values() {
        let years = ["2007", "2009"];
        assert_eq!(codes(&feature(FeatureType::Int, Encode::Ordinal, &years)), Some([0, 1].into()));
        assert_eq!(codes(&feature(FeatureType::Int, Encode::None, &years)), Some([2007, 2009].into()));
    }

    #[test]
    fn text_has_no_value_of_its_own() {
        assert_eq!(codes(&feature(FeatureType::String, Encode::None, &["a"])), None);
    }
}
