//! The numbers that the tensors behind a feature can hold, for validation to refuse the others.

use ferrocast_engine::Dtype;
use ferrocast_schema::{Carrier, Feature, FeatureType, Scale};

/// The carrier of `feature`, which feeds inputs of the types `dtypes`: the narrowest of them.
///
/// Where a value does not reach the tensor as it is (a scaled integer, a category), the carrier is that of the value
/// itself. What scaling makes of it is checked when it is encoded.
pub(crate) fn carrier(feature: &Feature, dtypes: impl Iterator<Item = Dtype>) -> Carrier {
    match feature.kind {
        FeatureType::String => Carrier::Str,
        FeatureType::Bool => Carrier::Bool,
        FeatureType::Float => dtypes.map(of).find(|carrier| *carrier == Carrier::F32).unwrap_or(Carrier::F64),
        FeatureType::Int if feature.is_categorical() || feature.scale != Scale::None => Carrier::I64,
        FeatureType::Int => dtypes.map(of).min_by_key(|carrier| span(*carrier)).unwrap_or(Carrier::I64),
    }
}

/// How many integers a carrier holds.
fn span(carrier: Carrier) -> u64 {
    carrier.int_limits().map_or(u64::MAX, |(least, greatest)| greatest.abs_diff(least))
}

fn of(dtype: Dtype) -> Carrier {
    match dtype {
        Dtype::Bool => Carrier::Bool,
        Dtype::U8 => Carrier::U8,
        Dtype::U16 => Carrier::U16,
        Dtype::U32 => Carrier::U32,
        Dtype::U64 => Carrier::U64,
        Dtype::I8 => Carrier::I8,
        Dtype::I16 => Carrier::I16,
        Dtype::I32 => Carrier::I32,
        Dtype::F32 => Carrier::F32,
        Dtype::F64 => Carrier::F64,
        Dtype::Str => Carrier::Str,
        // `Dtype` may grow; no other type has reached an encoder.
        _ => Carrier::I64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(feature: &Feature, dtypes: &[Dtype]) -> Carrier {
        carrier(feature, dtypes.iter().copied())
    }

    #[test]
    fn the_narrowest_tensor_counts() {
        let float = Feature::new("f", FeatureType::Float);
        assert_eq!(check(&float, &[Dtype::F64]), Carrier::F64);
        assert_eq!(check(&float, &[Dtype::F64, Dtype::F32]), Carrier::F32);
        let int = Feature::new("i", FeatureType::Int);
        assert_eq!(check(&int, &[Dtype::I64, Dtype::U8, Dtype::F32]), Carrier::U8);
        assert_eq!(check(&int, &[Dtype::I64]), Carrier::I64);
    }

    #[test]
    fn a_value_that_is_transformed_is_bound_by_its_own_type() {
        let scaled = Feature { scale: Scale::MinMax { min: 0.0, max: 9.0 }, ..Feature::new("i", FeatureType::Int) };
        assert_eq!(check(&scaled, &[Dtype::F32]), Carrier::I64);
        let year = Feature { categories: vec!["2007".to_owned()], ..Feature::new("year", FeatureType::Int) };
        assert_eq!(check(&year, &[Dtype::U8]), Carrier::I64);
    }
}
