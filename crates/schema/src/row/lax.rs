//! pydantic's lax conversions: a numeric string is a number, `true` is 1, `1.0` is an integer, "yes" is true.

use std::borrow::Cow;

use super::fault::Fault;
use super::scalar::Scalar;

/// 2^63, the first float that is no `i64`.
const BEYOND_I64: f64 = 9_223_372_036_854_775_808.0;

/// Any number, possibly not a finite one.
pub(crate) fn float(scalar: Scalar<'_>) -> Result<f64, Fault> {
    #[allow(clippy::cast_precision_loss, reason = "integers beyond 2^53 round, as in every JSON reader")]
    match scalar {
        Scalar::Null => Err(Fault::FLOAT_TYPE),
        Scalar::Bool(value) => Ok(f64::from(u8::from(value))),
        Scalar::Int(value) => Ok(value as f64),
        Scalar::Large(value) => Ok(value as f64),
        Scalar::Float(value) => Ok(value),
        Scalar::Text(text) => {
            without_underscores(text.trim()).and_then(|digits| digits.parse().ok()).ok_or(Fault::FLOAT_PARSING)
        }
    }
}

/// Any integer; wider than `i64` so that one that is too large breaks a bound, not the reading.
pub(crate) fn int(scalar: Scalar<'_>) -> Result<i128, Fault> {
    match scalar {
        Scalar::Null => Err(Fault::INT_TYPE),
        Scalar::Bool(value) => Ok(value.into()),
        Scalar::Int(value) => Ok(value.into()),
        Scalar::Large(value) => Ok(value.into()),
        Scalar::Float(value) if !value.is_finite() => Err(Fault::FINITE_NUMBER),
        Scalar::Float(value) if value.fract() != 0.0 => Err(Fault::INT_FROM_FLOAT),
        // Larger whole numbers arrive as floats too, rounded: what was sent is no longer known.
        Scalar::Float(value) if value.abs() >= BEYOND_I64 => Err(Fault::INT_PARSING_SIZE),
        #[allow(clippy::cast_possible_truncation, reason = "whole, and within i64")]
        Scalar::Float(value) => Ok(value as i128),
        Scalar::Text(text) => int_from_text(text.trim()),
    }
}

fn int_from_text(text: &str) -> Result<i128, Fault> {
    let whole = match text.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|digit| digit == b'0') => whole,
        _ => text,
    };
    let digits = without_underscores(whole).ok_or(Fault::INT_PARSING)?;
    let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(&digits);
    if unsigned.is_empty() || !unsigned.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Fault::INT_PARSING);
    }
    // Digits only, so the one thing left to fail is the size.
    digits.parse().map_err(|_| Fault::INT_PARSING_SIZE)
}

/// Python's digit separators taken out: `1_000` is 1000; `_1`, `1_` and `1__0` are no numbers.
fn without_underscores(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('_') {
        return Some(Cow::Borrowed(text));
    }
    let separates_digits = |part: &str, first: bool, last: bool| {
        (first || part.starts_with(|digit: char| digit.is_ascii_digit()))
            && (last || part.ends_with(|digit: char| digit.is_ascii_digit()))
    };
    let count = text.split('_').count();
    let valid = text.split('_').enumerate().all(|(index, part)| separates_digits(part, index == 0, index + 1 == count));
    valid.then(|| Cow::Owned(text.replace('_', "")))
}

/// True or false, and the words and numbers that mean it.
pub(crate) fn bool(scalar: Scalar<'_>) -> Result<bool, Fault> {
    match scalar {
        Scalar::Bool(value) => Ok(value),
        Scalar::Int(0) => Ok(false),
        Scalar::Int(1) => Ok(true),
        Scalar::Int(_) => Err(Fault::BOOL_PARSING),
        Scalar::Float(0.0) => Ok(false),
        Scalar::Float(1.0) => Ok(true),
        // Only an integer is asked whether it is 0 or 1.
        Scalar::Float(value) if value.fract() == 0.0 && value.abs() < BEYOND_I64 => Err(Fault::BOOL_PARSING),
        Scalar::Null | Scalar::Large(_) | Scalar::Float(_) => Err(Fault::BOOL_TYPE),
        Scalar::Text(text) => bool_from_text(text).ok_or(Fault::BOOL_PARSING),
    }
}

fn bool_from_text(text: &str) -> Option<bool> {
    let is = |word: &&str| text.eq_ignore_ascii_case(word);
    if ["1", "on", "t", "true", "y", "yes"].iter().any(is) {
        return Some(true);
    }
    ["0", "off", "f", "false", "n", "no"].iter().any(is).then_some(false)
}
