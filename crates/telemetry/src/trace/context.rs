//! The header `traceparent` of W3C Trace Context (level 1): which span a request belongs to.
//!
//! The propagator of OpenTelemetry's SDK (0.33) accepts what the specification refuses, such as shorter identifiers, versions and
//! flags of one digit, `+1`, a dash at the end of version 00, and white space around the value.

use std::fmt;

use opentelemetry::trace::{SpanId, TraceId};

use super::id::{hex, parse_span_id, parse_trace_id};

/// A span as others know it. Its text is a value of the header `traceparent`, by which it is passed on, and taken up again
/// with [`Tracing::begin`](super::Tracing::begin).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    pub(super) trace_id: TraceId,
    pub(super) span_id: SpanId,
    pub(super) sampled: bool,
}

/// The only flag that is defined.
const SAMPLED: u64 = 1;

impl TraceContext {
    /// Reads a value of the header `traceparent`, strictly: `00-<trace>-<span>-<flags>`. A version above 00 may add something
    /// behind another dash, and is read as far as it is known; version ff is invalid (section 3.2). `None` for anything else,
    /// which begins a trace of its own.
    pub fn parse(traceparent: &str) -> Option<TraceContext> {
        let mut parts = traceparent.splitn(5, '-');
        let mut next = || parts.next();
        let (version, trace_id, span_id, flags) = (next()?, next()?, next()?, next()?);
        let more = next().is_some();
        match hex(version, 2)? {
            0xff => return None,
            0x00 if more => return None,
            _ => {}
        }
        let sampled = hex(flags, 2)? & SAMPLED == SAMPLED;
        Some(TraceContext { trace_id: parse_trace_id(trace_id)?, span_id: parse_span_id(span_id)?, sampled })
    }

    /// What all spans of the trace have in common.
    pub fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// The span.
    pub fn span_id(&self) -> SpanId {
        self.span_id
    }

    /// Whether whoever began the trace records it.
    pub fn is_sampled(&self) -> bool {
        self.sampled
    }
}

/// A value of the header `traceparent`, in version 00.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace_id, self.span_id, u8::from(self.sampled))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::TraceContext;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[test]
    fn well_formed_values() {
        let table = [
            (format!("00-{TRACE}-{SPAN}-01"), format!("00-{TRACE}-{SPAN}-01")),
            (format!("00-{TRACE}-{SPAN}-00"), format!("00-{TRACE}-{SPAN}-00")),
            // Flags that are not defined are not passed on.
            (format!("00-{TRACE}-{SPAN}-ff"), format!("00-{TRACE}-{SPAN}-01")),
            (format!("00-{TRACE}-{SPAN}-02"), format!("00-{TRACE}-{SPAN}-00")),
            // Versions to come.
            (format!("cc-{TRACE}-{SPAN}-01"), format!("00-{TRACE}-{SPAN}-01")),
            (format!("01-{TRACE}-{SPAN}-01-what-the-future"), format!("00-{TRACE}-{SPAN}-01")),
            (format!("fe-{TRACE}-{SPAN}-01-"), format!("00-{TRACE}-{SPAN}-01")),
        ];
        for (sent, passed_on) in table {
            assert_eq!(TraceContext::parse(&sent).unwrap().to_string(), passed_on, "{sent}");
        }
    }

    #[test]
    fn malformed_values() {
        let table = [
            String::new(),
            "00".to_owned(),
            // Version ff, versions that are no hexadecimal digits, too long or too short.
            format!("ff-{TRACE}-{SPAN}-01"),
            format!(".0-{TRACE}-{SPAN}-01"),
            format!("0.-{TRACE}-{SPAN}-01"),
            format!("000-{TRACE}-{SPAN}-01"),
            format!("0-{TRACE}-{SPAN}-01"),
            format!("-{TRACE}-{SPAN}-01"),
            // More than version 00 has, or not behind a dash.
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("00-{TRACE}-{SPAN}-01-what-the-future"),
            format!("cc-{TRACE}-{SPAN}-01.what-the-future"),
            // Identifiers of zeros, in capitals, too short, too long, of other characters.
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{}-01", SPAN.to_uppercase()),
            format!("00-{}-{SPAN}-01", &TRACE[1..]),
            format!("00-{TRACE}0-{SPAN}-01"),
            format!("00-{TRACE}-{}-01", &SPAN[1..]),
            format!("00-{TRACE}-{SPAN}0-01"),
            format!("00-{}.-{SPAN}-01", &TRACE[1..]),
            format!("00-{TRACE}-.{}-01", &SPAN[1..]),
            // Flags.
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}-001"),
            format!("00-{TRACE}-{SPAN}-.1"),
            format!("00-{TRACE}-{SPAN}-0G"),
            // What is no part of it.
            format!(" 00-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-01 "),
            format!("00_{TRACE}_{SPAN}_01"),
            format!("00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01"),
        ];
        for text in table {
            assert_eq!(TraceContext::parse(&text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_passed_on_in_the_same_form(text in any::<String>()) {
            if let Some(context) = TraceContext::parse(&text) {
                prop_assert_eq!(TraceContext::parse(&context.to_string()), Some(context));
            }
        }

        #[test]
        fn what_is_written_is_read(trace in 1..=u128::MAX, span in 1..=u64::MAX, sampled in any::<bool>()) {
            let text = format!("00-{trace:032x}-{span:016x}-{:02x}", u8::from(sampled));
            prop_assert_eq!(TraceContext::parse(&text).unwrap().to_string(), text);
        }
    }
}
