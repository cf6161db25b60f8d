//! Identifiers of traces and spans as texts. OpenTelemetry's own reading of them takes fewer digits, capitals, and zero.

use opentelemetry::trace::{SpanId, TraceId};

/// Reads 32 lower-case hexadecimal digits, not all of them zero.
pub(crate) fn parse_trace_id(text: &str) -> Option<TraceId> {
    let (high, low) = text.split_at_checked(16)?;
    let value = u128::from(hex(high, 16)?) << 64 | u128::from(hex(low, 16)?);
    (value != 0).then(|| TraceId::from(value))
}

/// Reads 16 lower-case hexadecimal digits, not all of them zero.
pub(crate) fn parse_span_id(text: &str) -> Option<SpanId> {
    let value = hex(text, 16)?;
    (value != 0).then(|| SpanId::from(value))
}

/// The value of so many lower-case hexadecimal digits, 16 at most.
pub(super) fn hex(text: &str, digits: usize) -> Option<u64> {
    if text.len() != digits {
        return None;
    }
    text.bytes().try_fold(0, |value, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::{parse_span_id, parse_trace_id};

    #[test]
    fn digits_are_read_and_written_alike() {
        let text = "0af7651916cd43dd8448eb211c80319c";
        assert_eq!(parse_trace_id(text).unwrap().to_string(), text);
        let text = "00f067aa0ba902b7";
        assert_eq!(parse_span_id(text).unwrap().to_string(), text);
        assert_eq!(parse_span_id(text).unwrap().to_bytes(), [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]);
    }

    #[test]
    fn anything_else_is_no_identifier() {
        for text in
            ["", "0000000000000000", "00F067AA0BA902B7", "00f067aa0ba902b", "00f067aa0ba902b70", "00f067aa0ba902bé"]
        {
            assert_eq!(parse_span_id(text), None, "{text}");
        }
        assert_eq!(parse_trace_id(&"0".repeat(32)), None);
    }
}
