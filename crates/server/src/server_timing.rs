//! `Server-Timing`: where the time of a prediction went, as browsers and proxies read it.
//!
//! <https://www.w3.org/TR/server-timing/>

use std::fmt::Write;
use std::time::Duration;

use actix_web::http::header::{HeaderName, HeaderValue};
use ferrocast_serving::Timing;

/// The header's name.
pub(crate) const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Such as `queue;dur=0.034, batch;desc="8 rows, drained", inference;dur=0.417`: times in milliseconds, the rows that ran
/// together, and why there were not more.
pub(crate) fn header(timing: &Timing) -> Option<HeaderValue> {
    let closed_by = timing.closed_by.map_or("inline", |closed_by| closed_by.as_str());
    let unit = if timing.batch_rows == 1 { "row" } else { "rows" };
    let mut text = String::with_capacity(80);
    text.push_str("queue;dur=");
    push_millis(&mut text, timing.queue);
    // Writing into a text does not fail.
    write!(text, ", batch;desc=\"{} {unit}, {closed_by}\", inference;dur=", timing.batch_rows).ok()?;
    push_millis(&mut text, timing.inference);
    HeaderValue::try_from(text).ok()
}

/// Three digits behind the point, without the detour over a floating-point number.
fn push_millis(text: &mut String, time: Duration) {
    let micros = (time.as_nanos() + 500) / 1000;
    write!(text, "{}.{:03}", micros / 1000, micros % 1000).ok();
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ferrocast_serving::{ClosedBy, Timing};

    use super::header;

    #[test]
    fn times_are_in_milliseconds() {
        let timing = Timing {
            queue: Duration::from_nanos(34_499),
            inference: Duration::from_micros(1_417),
            batch_rows: 8,
            closed_by: Some(ClosedBy::Full),
        };
        let text = header(&timing).unwrap();
        assert_eq!(text, r#"queue;dur=0.034, batch;desc="8 rows, full", inference;dur=1.417"#);
        let inline = Timing { queue: Duration::ZERO, batch_rows: 1, closed_by: None, ..timing };
        let text = header(&inline).unwrap();
        assert_eq!(text, r#"queue;dur=0.000, batch;desc="1 row, inline", inference;dur=1.417"#);
    }
}
