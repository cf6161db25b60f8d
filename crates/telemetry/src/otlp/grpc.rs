//! A unary call of gRPC over HTTP/2: a message with five bytes before it, and a status behind the answer ("gRPC over HTTP2",
//! PROTOCOL-HTTP2.md).

use bytes::{BufMut, Bytes, BytesMut};

use super::client::{Answer, Rejected, SendError};
use super::http_answer::{is_retryable, rejected};

/// Whether the message is compressed, and its length.
const PREFIX: usize = 1 + 4;

/// A message as the body of a request.
pub(super) fn framed(message: &[u8]) -> Bytes {
    let mut body = BytesMut::with_capacity(PREFIX + message.len());
    body.put_u8(0);
    // A batch is far below 4 GiB: it has a bounded number of spans, each of bounded texts.
    body.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    body.put_slice(message);
    body.freeze()
}

/// What an answer means (OTLP specification 1.x, "OTLP/gRPC Response").
pub(super) fn outcome(answer: &Answer) -> Result<Option<Rejected>, SendError> {
    let status = answer.trailers.get("grpc-status").or_else(|| answer.headers.get("grpc-status"));
    let Some(code) = status.and_then(|code| code.to_str().ok()).and_then(|code| code.parse().ok()) else {
        // Something on the way that does not speak gRPC.
        let why = format!("it answers {} without a status of gRPC", answer.status);
        let retry = answer.status.is_success() || is_retryable(answer.status);
        return Err(if retry { SendError::retry(why) } else { SendError::Refused { why } });
    };
    if code == 0 {
        return Ok(answer.body.get(PREFIX..).and_then(rejected));
    }
    let message = answer.trailers.get("grpc-message").or_else(|| answer.headers.get("grpc-message"));
    let message = message.and_then(|message| message.to_str().ok()).unwrap_or_default();
    let why = format!("it answers {} {message}", name(code));
    Err(if is_retryable_code(code) { SendError::retry(why) } else { SendError::Refused { why } })
}

/// `CANCELLED`, `DEADLINE_EXCEEDED`, `ABORTED`, `OUT_OF_RANGE`, `UNAVAILABLE` and `DATA_LOSS`. `RESOURCE_EXHAUSTED` would need
/// a time that the receiver names.
fn is_retryable_code(code: u32) -> bool {
    matches!(code, 1 | 4 | 10 | 11 | 14 | 15)
}

fn name(code: u32) -> &'static str {
    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    usize::try_from(code).ok().and_then(|code| NAMES.get(code)).unwrap_or(&"an unknown status")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::super::client::{Answer, Rejected, SendError};
    use super::{framed, outcome};

    fn answer(status: u16) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, headers: HeaderMap::new(), body: Bytes::new(), trailers: HeaderMap::new() }
    }

    fn with_code(code: &'static str) -> Answer {
        let mut answer = answer(200);
        answer.trailers.insert("grpc-status", HeaderValue::from_static(code));
        answer.trailers.insert("grpc-message", HeaderValue::from_static("because"));
        answer
    }

    #[test]
    fn a_message_has_its_length_before_it() {
        assert_eq!(framed(b"abc").as_ref(), b"\0\0\0\0\x03abc");
    }

    #[test]
    fn accepted() {
        assert_eq!(outcome(&with_code("0")), Ok(None));
        let partial = Answer { body: framed(b"\x0a\x05\x08\x02\x12\x01x"), ..with_code("0") };
        assert_eq!(outcome(&partial), Ok(Some(Rejected { items: 2, why: "x".to_owned() })));
    }

    #[test]
    fn to_be_sent_again_or_not() {
        for code in ["1", "4", "10", "11", "14", "15"] {
            assert!(matches!(outcome(&with_code(code)), Err(SendError::Retry { .. })), "{code}");
        }
        for code in ["2", "3", "5", "7", "8", "12", "13", "16", "99"] {
            assert!(matches!(outcome(&with_code(code)), Err(SendError::Refused { .. })), "{code}");
        }
        let mut only_head = answer(200);
        only_head.headers.insert("grpc-status", HeaderValue::from_static("12"));
        assert_eq!(outcome(&only_head), Err(SendError::Refused { why: "it answers UNIMPLEMENTED ".to_owned() }));
    }

    #[test]
    fn answers_of_something_else() {
        for (status, again) in [(200, true), (503, true), (404, false), (401, false)] {
            let retry = matches!(outcome(&answer(status)), Err(SendError::Retry { .. }));
            assert_eq!(retry, again, "{status}");
        }
        assert!(outcome(&with_code("x")).is_err());
    }
}
