//! The word under which one request is known to its client, to the log and to error bodies.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// The header that carries it, both ways.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest identifier that is taken over from a client.
const MAX_BYTES: usize = 128;

/// A client's own identifier if it is harmless in logs and headers, else one made here.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    /// Takes `X-Request-Id` over if it matches `[A-Za-z0-9._-]{1,128}`.
    pub(crate) fn accept_or_make(headers: &HeaderMap) -> RequestId {
        match headers.get(X_REQUEST_ID) {
            Some(given) if is_harmless(given.as_bytes()) => RequestId(given.clone()),
            _ => RequestId::make(),
        }
    }

    /// A fresh one; they sort by time.
    fn make() -> RequestId {
        let mut buffer = Uuid::encode_buffer();
        let text = Uuid::now_v7().simple().encode_lower(&mut buffer);
        // Hexadecimal digits are always a header value.
        RequestId(HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unknown")))
    }

    /// As text, for bodies and logs.
    pub(crate) fn as_str(&self) -> &str {
        // Both constructors admit only visible ASCII.
        self.0.to_str().unwrap_or_default()
    }

    /// As a header's value.
    pub(crate) fn header_value(&self) -> HeaderValue {
        self.0.clone()
    }
}

fn is_harmless(bytes: &[u8]) -> bool {
    let harmless = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=MAX_BYTES).contains(&bytes.len()) && bytes.iter().all(harmless)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderValue};

    use super::{RequestId, X_REQUEST_ID, is_harmless};

    fn given(text: &'static str) -> RequestId {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_static(text));
        RequestId::accept_or_make(&headers)
    }

    #[test]
    fn harmless_identifiers_are_taken_over() {
        assert_eq!(given("a-1._Z").as_str(), "a-1._Z");
        assert!(is_harmless(&[b'a'; 128]) && !is_harmless(&[b'a'; 129]) && !is_harmless(b""));
    }

    #[test]
    fn all_others_are_replaced() {
        for bad in ["two words", "a\tb", "<script>", "a/b", "", "{}"] {
            let made = given(bad);
            assert_eq!(made.as_str().len(), 32, "{bad:?} became {made:?}");
        }
        let two = [RequestId::make(), RequestId::make()].map(|id| id.as_str().to_owned());
        assert_ne!(two.first(), two.last());
    }
}
