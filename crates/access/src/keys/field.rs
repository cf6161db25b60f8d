//! The fields of a key: from a value of TOML to what it means.

use std::num::NonZeroU32;
use std::time::{Duration, SystemTime};

use toml::Value;
use toml::value::{Datetime, Offset};

use super::problem::Fault;
use crate::key_digest::KeyDigest;
use crate::key_name::KeyName;
use crate::rate::Rate;
use crate::scope::Scopes;

pub(super) fn name(value: &Value) -> Result<KeyName, Fault> {
    value.as_str().unwrap_or_default().parse().map_err(Fault::Name)
}

pub(super) fn digest(value: &Value) -> Result<KeyDigest, Fault> {
    value.as_str().and_then(|text| text.parse().ok()).ok_or(Fault::Digest)
}

pub(super) fn scopes(value: &Value) -> Result<Scopes, Fault> {
    let words = value.as_array().ok_or(Fault::ScopesForm)?;
    if words.is_empty() {
        return Err(Fault::NoScope);
    }
    let scope =
        |(item, word): (usize, &Value)| word.as_str().and_then(|word| word.parse().ok()).ok_or(Fault::Scope(item));
    (1..).zip(words).map(scope).collect()
}

/// The moment at which a key expires.
pub(super) fn expires(value: &Value) -> Result<SystemTime, Fault> {
    let written = match value {
        Value::Datetime(written) => Some(*written),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    written.and_then(moment).ok_or(Fault::Expires)
}

/// `None` without an offset, and for days that there are not.
fn moment(written: Datetime) -> Option<SystemTime> {
    let minutes_ahead = match written.offset? {
        Offset::Z => 0,
        Offset::Custom { minutes } => minutes,
    };
    let local = Datetime { offset: Some(Offset::Z), ..written };
    let local = humantime::parse_rfc3339(&local.to_string()).ok()?;
    let distance = Duration::from_secs(u64::from(minutes_ahead.unsigned_abs()) * 60);
    if minutes_ahead < 0 { local.checked_add(distance) } else { local.checked_sub(distance) }
}

pub(super) fn per_second(value: &Value) -> Result<f64, Fault> {
    match value {
        Value::Integer(number) => Ok(*number as f64),
        Value::Float(number) => Ok(*number),
        _ => Err(Fault::RateForm),
    }
}

pub(super) fn burst(value: &Value) -> Result<NonZeroU32, Fault> {
    let number = value.as_integer().and_then(|number| u32::try_from(number).ok());
    number.and_then(NonZeroU32::new).ok_or(Fault::Burst)
}

pub(super) fn rate(per_second: f64, burst: Option<NonZeroU32>) -> Result<Rate, Fault> {
    Rate::new(per_second, burst).map_err(Fault::Rate)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::{Fault, expires};

    fn seconds(toml: &str) -> Result<u64, Fault> {
        let table: toml::Table = format!("at = {toml}").parse().unwrap();
        Ok(expires(&table["at"])?.duration_since(UNIX_EPOCH).unwrap().as_secs())
    }

    #[test]
    fn moments_are_read_with_their_offset() {
        for (text, expected) in [
            ("2027-01-01T00:00:00Z", 1_798_761_600),
            ("2027-01-01 00:00:00.999Z", 1_798_761_600),
            ("2027-01-01T02:00:00+02:00", 1_798_761_600),
            ("2026-12-31T18:30:00-05:30", 1_798_761_600),
            ("2028-02-29T12:00:00Z", 1_835_438_400),
        ] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
            assert_eq!(seconds(&format!("\"{text}\"")), Ok(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "2027-01-01T00:00:00",
            "2027-01-01",
            "00:00:00",
            "\"soon\"",
            "\"\"",
            "\"2027-02-29T00:00:00Z\"",
            "1798761600",
            "true",
        ] {
            assert_eq!(seconds(text), Err(Fault::Expires), "{text}");
        }
        assert_eq!(seconds("1969-12-31T23:59:59Z"), Err(Fault::Expires));
    }
}
