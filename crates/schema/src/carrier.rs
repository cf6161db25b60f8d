//! The element types a model's tensor can have, seen as limits on the numbers a client may send.

/// What the tensor behind a feature can hold. A number that it cannot hold is a violation, never an infinity or a wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// IEEE 754 single precision: `1e39` does not fit.
    F32,
    /// IEEE 754 double precision.
    F64,
    /// Signed, 8 bits.
    I8,
    /// Signed, 16 bits.
    I16,
    /// Signed, 32 bits.
    I32,
    /// Signed, 64 bits.
    I64,
    /// Unsigned, 8 bits.
    U8,
    /// Unsigned, 16 bits.
    U16,
    /// Unsigned, 32 bits.
    U32,
    /// Unsigned, 64 bits; rows carry `i64`, so the largest value is `i64::MAX`.
    U64,
    /// True or false.
    Bool,
    /// Text.
    Str,
}

impl Carrier {
    /// The smallest and the largest integer that the carrier holds, as far as an `i64` reaches; `None` for carriers
    /// that hold every `i64` (floats round) or no number at all (text).
    pub fn int_limits(self) -> Option<(i64, i64)> {
        match self {
            Carrier::I8 => Some((i8::MIN.into(), i8::MAX.into())),
            Carrier::I16 => Some((i16::MIN.into(), i16::MAX.into())),
            Carrier::I32 => Some((i32::MIN.into(), i32::MAX.into())),
            Carrier::U8 => Some((0, u8::MAX.into())),
            Carrier::U16 => Some((0, u16::MAX.into())),
            Carrier::U32 => Some((0, u32::MAX.into())),
            Carrier::U64 => Some((0, i64::MAX)),
            Carrier::Bool => Some((0, 1)),
            Carrier::I64 | Carrier::F32 | Carrier::F64 | Carrier::Str => None,
        }
    }

    /// Whether `value` stays finite in this carrier.
    pub(crate) fn holds_float(self, value: f64) -> bool {
        match self {
            #[allow(clippy::cast_possible_truncation, reason = "the rounding to f32 is what is being asked about")]
            Carrier::F32 => (value as f32).is_finite(),
            _ => value.is_finite(),
        }
    }
}
