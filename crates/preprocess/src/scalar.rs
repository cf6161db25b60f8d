//! Numbers on their way into a tensor, and the elements they become.

use ferrocast_engine::{Dtype, Element};

use crate::Scaler;

/// A number worked out when the encoder is compiled, before it is known how the tensor stores it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scalar {
    Int(i64),
    Float(f64),
}

impl Scalar {
    pub(crate) fn scaled(self, scaler: Option<Scaler>) -> Scalar {
        match (self, scaler) {
            (scalar, None) => scalar,
            (Scalar::Int(value), Some(scaler)) => Scalar::Float(scaler.apply(value as f64)),
            (Scalar::Float(value), Some(scaler)) => Scalar::Float(scaler.apply(value)),
        }
    }

    /// Whether a tensor of this type holds the number: in range, and whole if the type is.
    pub(crate) fn fits(self, dtype: Dtype) -> bool {
        match dtype {
            Dtype::Bool => bool::from_scalar(self).is_some(),
            Dtype::U8 => u8::from_scalar(self).is_some(),
            Dtype::U16 => u16::from_scalar(self).is_some(),
            Dtype::U32 => u32::from_scalar(self).is_some(),
            Dtype::U64 => u64::from_scalar(self).is_some(),
            Dtype::I8 => i8::from_scalar(self).is_some(),
            Dtype::I16 => i16::from_scalar(self).is_some(),
            Dtype::I32 => i32::from_scalar(self).is_some(),
            Dtype::I64 => i64::from_scalar(self).is_some(),
            Dtype::F32 => f32::from_scalar(self).is_some(),
            Dtype::F64 => f64::from_scalar(self).is_some(),
            _ => false,
        }
    }
}

/// A tensor element that a number can become. `None` where the number is out of the element's range.
pub(crate) trait Cell: Element + Copy + Default {
    fn from_i64(value: i64) -> Option<Self>;

    /// Integers take no float: the encoder is compiled only if none is ever offered.
    fn from_f64(value: f64) -> Option<Self>;

    fn from_scalar(scalar: Scalar) -> Option<Self> {
        match scalar {
            Scalar::Int(value) => Self::from_i64(value),
            Scalar::Float(value) => Self::from_f64(value),
        }
    }
}

macro_rules! integer_cells {
    ($($integer:ty),*) => {$(
        impl Cell for $integer {
            fn from_i64(value: i64) -> Option<Self> {
                Self::try_from(value).ok()
            }
            fn from_f64(_: f64) -> Option<Self> {
                None
            }
        }
    )*};
}

integer_cells!(u8, u16, u32, u64, i8, i16, i32, i64);

impl Cell for bool {
    fn from_i64(value: i64) -> Option<Self> {
        match value {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn from_f64(_: f64) -> Option<Self> {
        None
    }
}

impl Cell for f32 {
    fn from_i64(value: i64) -> Option<Self> {
        Some(value as f32)
    }

    /// Rounds to the nearest single; NaN is a value like any other, infinity is an overflow.
    fn from_f64(value: f64) -> Option<Self> {
        let rounded = value as f32;
        (!rounded.is_infinite()).then_some(rounded)
    }
}

impl Cell for f64 {
    fn from_i64(value: i64) -> Option<Self> {
        Some(value as f64)
    }

    fn from_f64(value: f64) -> Option<Self> {
        (!value.is_infinite()).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_no_cell() {
        assert_eq!(u8::from_i64(256), None);
        assert_eq!(u64::from_i64(-1), None);
        assert_eq!(bool::from_i64(2), None);
        assert_eq!(i64::from_f64(1.0), None);
        assert_eq!(f32::from_f64(1e39), None);
        assert_eq!(f64::from_f64(f64::INFINITY), None);
    }

    #[test]
    fn nan_is_a_value() {
        assert!(f32::from_f64(f64::NAN).is_some_and(f32::is_nan));
        assert!(Scalar::Float(f64::NAN).fits(Dtype::F64));
        assert!(!Scalar::Float(f64::NAN).fits(Dtype::I64));
    }

    #[test]
    fn doubles_round_to_the_nearest_single() {
        assert_eq!(f32::from_f64(0.1), Some(0.1f32));
        assert_eq!(f32::from_i64(16_777_217), Some(16_777_216f32));
    }
}
