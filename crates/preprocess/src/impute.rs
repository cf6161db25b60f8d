//! What a missing value becomes, worked out once for every row to come.

use ferrocast_schema::{Feature, Value};

use crate::encoding::Encoding;
use crate::scalar::Scalar;

/// The columns of a missing value: the feature's `impute`, scaled and encoded like a value that was sent. In an array
/// feature one number stands for every element.
///
/// `None` if `impute` is no value of the feature.
pub(crate) fn imputed(feature: &Feature, encoding: &Encoding, impute: &Value) -> Option<Box<[Scalar]>> {
    match encoding {
        Encoding::Number(scaler) => {
            let number = match impute {
                Value::Bool(value) => Scalar::Int((*value).into()),
                Value::Int(value) => Scalar::Int(*value),
                Value::Float(value) => Scalar::Float(*value),
                Value::Null | Value::Text(_) | Value::List(_) => return None,
            };
            Some(vec![number.scaled(*scaler); feature.width()].into())
        }
        Encoding::Codes(codes) => codes.get(category(feature, impute)?).map(|code| [Scalar::Int(*code)].into()),
        Encoding::OneHot(categories) => {
            let category = category(feature, impute)?;
            Some((0..*categories).map(|column| Scalar::Int((column == category).into())).collect())
        }
    }
}

/// The columns of a missing value that nothing replaces: NaN, as scikit-learn's transformers pass it on.
pub(crate) fn not_a_number(width: usize) -> Box<[Scalar]> {
    vec![Scalar::Float(f64::NAN); width].into()
}

/// The position of the category that `value` names.
fn category(feature: &Feature, value: &Value) -> Option<usize> {
    let named = |category: &String| match value {
        Value::Text(text) => category == text,
        Value::Int(number) => *category == number.to_string(),
        _ => false,
    };
    feature.categories.iter().position(named)
}

#[cfg(test)]
mod tests {
    use ferrocast_schema::{FeatureType, Scale};

    use super::*;
    use crate::Scaler;

    #[test]
    fn a_number_is_scaled_like_one_that_was_sent() {
        let scaler = Scaler::new(&Scale::Standard { mean: 10.0, std: 2.0 });
        let feature = Feature { shape: vec![2], ..Feature::new("f", FeatureType::Float) };
        let check = |impute: Value| imputed(&feature, &Encoding::Number(scaler), &impute);
        assert_eq!(check(Value::Int(14)).as_deref(), Some(&[2.0, 2.0].map(Scalar::Float)[..]));
        assert_eq!(check(Value::from("14")), None);
    }

    #[test]
    fn a_category_is_encoded_like_one_that_was_sent() {
        let categories = vec!["2007".to_owned(), "2009".to_owned()];
        let feature = Feature { categories, ..Feature::new("f", FeatureType::Int) };
        let check = |impute: Value| imputed(&feature, &Encoding::OneHot(2), &impute);
        assert_eq!(check(Value::Int(2009)).as_deref(), Some(&[0, 1].map(Scalar::Int)[..]));
        assert_eq!(check(Value::from("2007")).as_deref(), Some(&[1, 0].map(Scalar::Int)[..]));
        assert_eq!(check(Value::Int(2008)), None);
    }
}
