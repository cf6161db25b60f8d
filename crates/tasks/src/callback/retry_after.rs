//! The header with which a receiver asks to be left alone for a while.

use std::time::Duration;

use crate::Timestamp;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// How long a value of `Retry-After` (RFC 9110, section 10.2.3) asks to wait: seconds, or a moment as HTTP writes it today
/// (IMF-fixdate), of which `now` by the wall's clock is subtracted. `None` if it is neither.
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        return value.parse().ok().map(Duration::from_secs);
    }
    Some(moment(value)?.since(now))
}

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
fn moment(text: &str) -> Option<Timestamp> {
    let mut parts = text.strip_suffix(" GMT")?.split(' ');
    let (Some(_), Some(day), Some(month), Some(year), Some(time), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let moment = humantime::parse_rfc3339(&format!("{year}-{month:02}-{day}T{time}Z")).ok()?;
    let elapsed = moment.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::from_millis(u64::try_from(elapsed.as_millis()).ok()?))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::{any, proptest};

    use super::retry_after;
    use crate::Timestamp;

    /// At what RFC 9110 has as its example of a moment.
    fn asked(value: &str) -> Option<Duration> {
        retry_after(value, Timestamp::from_millis(784_111_777_000))
    }

    #[test]
    fn seconds_and_moments() {
        for (value, seconds) in [
            ("0", 0),
            (" 120 ", 120),
            ("18446744073709551615", u64::MAX),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
            ("Sun, 06 Nov 1994 08:50:37 GMT", 60),
            ("Mon, 07 Nov 1994 08:49:37 GMT", 86_400),
            ("Sat, 05 Nov 1994 08:49:37 GMT", 0),
        ] {
            assert_eq!(asked(value), Some(Duration::from_secs(seconds)), "{value}");
        }
    }

    #[test]
    fn what_is_neither_asks_for_nothing() {
        for value in [
            "",
            "-1",
            "+5",
            "1.5",
            "soon",
            "99999999999999999999",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 06 November 1994 08:49:37 GMT",
        ] {
            assert_eq!(asked(value), None, "{value}");
        }
    }

    proptest! {
        #[test]
        fn every_value_is_read_or_ignored(value in any::<String>(), date in "[A-Z][a-z]{2}, .{2} Nov .{4} .{2}:.{2}:.{2} GMT") {
            asked(&value);
            asked(&date);
        }
    }
}
