//! Identifiers of traces and spans, and where new ones come from.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::num::{NonZeroU64, NonZeroU128};
use std::sync::atomic::{AtomicU64, Ordering};

/// What all spans of a trace have in common: 32 hexadecimal digits, not all of them zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceId(NonZeroU128);

/// One span of a trace: 16 hexadecimal digits, not all of them zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SpanId(NonZeroU64);

impl TraceId {
    /// Reads 32 lower-case hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Option<TraceId> {
        let (high, low) = text.split_at_checked(16)?;
        NonZeroU128::new(u128::from(hex(high, 16)?) << 64 | u128::from(hex(low, 16)?)).map(TraceId)
    }

    /// As OTLP has it.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        self.0.get().to_be_bytes().into()
    }

    /// The 56 bits that are random in every trace (W3C Trace Context level 2, section 3.2.2.3).
    pub(super) fn random_bits(self) -> u64 {
        let [.., a, b, c, d, e, f, g] = self.0.get().to_be_bytes();
        u64::from_be_bytes([0, a, b, c, d, e, f, g])
    }
}

impl SpanId {
    /// Reads 16 lower-case hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Option<SpanId> {
        NonZeroU64::new(hex(text, 16)?).map(SpanId)
    }

    /// As OTLP has it.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        self.0.get().to_be_bytes().into()
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
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

/// Makes identifiers: a keyed hash of a counter, whose key the standard library draws at random for each process.
#[derive(Debug, Default)]
pub(super) struct IdGenerator {
    key: RandomState,
    next: AtomicU64,
}

impl IdGenerator {
    pub(super) fn trace_id(&self) -> TraceId {
        loop {
            let value = u128::from(self.random()) << 64 | u128::from(self.random());
            if let Some(id) = NonZeroU128::new(value) {
                return TraceId(id);
            }
        }
    }

    pub(super) fn span_id(&self) -> SpanId {
        loop {
            if let Some(id) = NonZeroU64::new(self.random()) {
                return SpanId(id);
            }
        }
    }

    fn random(&self) -> u64 {
        self.key.hash_one(self.next.fetch_add(1, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{IdGenerator, SpanId, TraceId};

    #[test]
    fn digits_are_read_and_written_alike() {
        let text = "0af7651916cd43dd8448eb211c80319c";
        assert_eq!(TraceId::parse(text).unwrap().to_string(), text);
        assert_eq!(TraceId::parse(text).unwrap().random_bits(), 0x48_eb21_1c80_319c);
        let text = "00f067aa0ba902b7";
        assert_eq!(SpanId::parse(text).unwrap().to_string(), text);
        assert_eq!(SpanId::parse(text).unwrap().to_bytes(), [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]);
    }

    #[test]
    fn anything_else_is_no_identifier() {
        for text in
            ["", "0000000000000000", "00F067AA0BA902B7", "00f067aa0ba902b", "00f067aa0ba902b70", "00f067aa0ba902bé"]
        {
            assert_eq!(SpanId::parse(text), None, "{text}");
        }
        assert_eq!(TraceId::parse(&"0".repeat(32)), None);
    }

    #[test]
    fn new_ones_differ_in_one_process_and_between_two() {
        let (one, other) = (IdGenerator::default(), IdGenerator::default());
        let mut seen = HashSet::new();
        for _ in 0..10_000 {
            assert!(seen.insert(one.trace_id().to_string()));
            assert!(seen.insert(other.trace_id().to_string()));
            assert!(seen.insert(one.span_id().to_string()));
        }
    }
}
