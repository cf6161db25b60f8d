//! `Server-Timing`: where the time of a prediction went, as browsers and proxies read it.
//!
//! <https://www.w3.org/TR/server-timing/>

use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use ferrocast_serving::Timing;

/// The header's name.
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Writes it into the headers of an answer.
pub(crate) fn write(timing: &Timing, headers: &mut HeaderMap) {
    if let Some(value) = value(timing) {
        headers.insert(SERVER_TIMING, value);
    }
}

/// Such as `queue;dur=0.034, batch;desc="8 rows, drained", inference;dur=0.417`: times in milliseconds, the rows that ran
/// together, and why there were not more.
///
/// Every prediction carries it, so it is put together without the machinery of formats.
fn value(timing: &Timing) -> Option<HeaderValue> {
    let mut text = Vec::with_capacity(96);
    text.extend_from_slice(b"queue;dur=");
    push_millis(&mut text, timing.queue);
    text.extend_from_slice(b", batch;desc=\"");
    push_number(&mut text, timing.batch_rows as u64, 1);
    text.extend_from_slice(if timing.batch_rows == 1 { b" row, " } else { b" rows, " });
    text.extend_from_slice(timing.closed_by.map_or("inline", |closed_by| closed_by.as_str()).as_bytes());
    text.extend_from_slice(b"\", inference;dur=");
    push_millis(&mut text, timing.inference);
    HeaderValue::from_maybe_shared(Bytes::from(text)).ok()
}

/// Three digits behind the point.
fn push_millis(text: &mut Vec<u8>, time: Duration) {
    let micros = (time.as_nanos() as u64).saturating_add(500) / 1000;
    push_number(text, micros / 1000, 1);
    text.push(b'.');
    push_number(text, micros % 1000, 3);
}

/// At least so many digits.
fn push_number(text: &mut Vec<u8>, number: u64, digits: usize) {
    let start = text.len();
    let mut left = number;
    while left > 0 || text.len() - start < digits {
        text.push(b'0' + (left % 10) as u8);
        left /= 10;
    }
    if let Some(pushed) = text.get_mut(start..) {
        pushed.reverse();
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use ferrocast_serving::{ClosedBy, Timing};

    use super::value;

    #[test]
    fn times_are_in_milliseconds() {
        let timing = Timing {
            began: Instant::now(),
            encode: Duration::ZERO,
            queue: Duration::from_nanos(34_499),
            inference: Duration::from_micros(1_417),
            decode: Duration::ZERO,
            batch_rows: 8,
            closed_by: Some(ClosedBy::Full),
        };
        let text = value(&timing).unwrap();
        assert_eq!(text, r#"queue;dur=0.034, batch;desc="8 rows, full", inference;dur=1.417"#);
        let inline = Timing { queue: Duration::ZERO, batch_rows: 1, closed_by: None, ..timing };
        let text = value(&inline).unwrap();
        assert_eq!(text, r#"queue;dur=0.000, batch;desc="1 row, inline", inference;dur=1.417"#);
    }
}
