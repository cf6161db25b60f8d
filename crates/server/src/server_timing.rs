//! `Server-Timing`: where the time of a prediction went, as browsers and proxies read it.
//!
//! <https://www.w3.org/TR/server-timing/>

use std::cell::OnceCell;
use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use ferrocast_serving::Timing;

/// The header's name.
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Values of one row that ran inline, by microseconds, are made once for each thread: small models hardly ever take longer.
const MADE_ONCE: usize = 64;

thread_local! {
    static OF_ONE_ROW: [OnceCell<Option<HeaderValue>>; MADE_ONCE] = const { [const { OnceCell::new() }; MADE_ONCE] };
}

/// Writes it into the headers of an answer.
pub(crate) fn write(timing: &Timing, headers: &mut HeaderMap) {
    let is_one_row = timing.closed_by.is_none() && timing.batch_rows == 1 && timing.queue.is_zero();
    let value = match usize::try_from(micros(timing.inference)) {
        Ok(micros @ 0..MADE_ONCE) if is_one_row => {
            OF_ONE_ROW.with(|made| made.get(micros)?.get_or_init(|| value(timing)).clone())
        }
        _ => value(timing),
    };
    if let Some(value) = value {
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

/// To the nearest.
fn micros(time: Duration) -> u64 {
    (time.as_nanos() as u64).saturating_add(500) / 1000
}

/// Three digits behind the point.
fn push_millis(text: &mut Vec<u8>, time: Duration) {
    let micros = micros(time);
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

    use actix_web::http::header::HeaderMap;

    use super::{MADE_ONCE, SERVER_TIMING, value, write};

    #[test]
    fn values_that_are_made_once_are_what_they_would_be() {
        for nanos in (0..2 * MADE_ONCE as u64 * 1000).step_by(499) {
            let timing = Timing {
                began: Instant::now(),
                encode: Duration::ZERO,
                queue: Duration::ZERO,
                inference: Duration::from_nanos(nanos),
                decode: Duration::ZERO,
                batch_rows: 1,
                closed_by: None,
                ended: Instant::now(),
            };
            for timing in [timing, Timing { batch_rows: 2, ..timing }] {
                let mut headers = HeaderMap::new();
                write(&timing, &mut headers);
                assert_eq!(headers.get(SERVER_TIMING), value(&timing).as_ref(), "{timing:?}");
            }
        }
    }

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
            ended: Instant::now(),
        };
        let text = value(&timing).unwrap();
        assert_eq!(text, r#"queue;dur=0.034, batch;desc="8 rows, full", inference;dur=1.417"#);
        let inline = Timing { queue: Duration::ZERO, batch_rows: 1, closed_by: None, ..timing };
        let text = value(&inline).unwrap();
        assert_eq!(text, r#"queue;dur=0.000, batch;desc="1 row, inline", inference;dur=1.417"#);
    }
}
