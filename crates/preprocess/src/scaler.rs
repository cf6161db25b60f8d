//! Scaling of a number, as scikit-learn's scalers do it.

use ferrocast_schema::Scale;

/// `(x − centre) / spread`: what `StandardScaler`, `MinMaxScaler` and `RobustScaler` have in common.
///
/// A column that was constant in the training data has no spread, and scikit-learn then divides by 1
/// (`_handle_zeros_in_scale` in `sklearn/preprocessing/_data.py`): the constant itself becomes 0, and a value that
/// training never saw keeps its distance from it. Since that is what the model behind was trained with, so it is here,
/// whether the manifest gives the raw deviation (0) or the fitted `scale_` (1).
///
/// NaN stays NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scaler {
    centre: f64,
    spread: f64,
}

impl Scaler {
    /// The scaler of a manifest's `scale`; `None` for `kind = "none"`.
    pub fn new(scale: &Scale) -> Option<Scaler> {
        match *scale {
            Scale::None => None,
            Scale::Standard { mean, std } => Some(Scaler::from_parts(mean, std)),
            Scale::MinMax { min, max } => Some(Scaler::from_parts(min, max - min)),
            Scale::Robust { median, iqr } => Some(Scaler::from_parts(median, iqr)),
        }
    }

    fn from_parts(centre: f64, spread: f64) -> Scaler {
        // scikit-learn's own threshold: rounding alone can leave a constant column a deviation above zero.
        let constant = spread < 10.0 * f64::EPSILON;
        Scaler { centre, spread: if constant { 1.0 } else { spread } }
    }

    /// The scaled value, computed in double precision whatever the tensor holds, as scikit-learn does.
    pub fn apply(self, x: f64) -> f64 {
        (x - self.centre) / self.spread
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_column_is_centred_and_not_stretched() {
        let scalers = [
            Scale::Standard { mean: 5.0, std: 0.0 },
            Scale::Standard { mean: 5.0, std: 1e-17 },
            Scale::MinMax { min: 5.0, max: 5.0 },
            Scale::Robust { median: 5.0, iqr: 0.0 },
        ];
        for scale in scalers {
            let scaler = Scaler::new(&scale).unwrap();
            assert_eq!((scaler.apply(5.0), scaler.apply(7.5)), (0.0, 2.5), "{scale:?}");
        }
    }

    #[test]
    fn nan_stays_nan() {
        assert!(Scaler::new(&Scale::MinMax { min: 0.0, max: 40.0 }).unwrap().apply(f64::NAN).is_nan());
    }

    #[test]
    fn no_scale_is_no_scaler() {
        assert_eq!(Scaler::new(&Scale::None), None);
    }
}
