//! What an answer of OTLP over HTTP means (OTLP specification 1.x, "OTLP/HTTP Response").

use std::time::Duration;

use http::StatusCode;
use http::header::RETRY_AFTER;
use prost::Message;

use super::client::{Answer, Rejected, SendError};
use super::messages::ExportResponse;

pub(super) fn outcome(answer: &Answer) -> Result<Option<Rejected>, SendError> {
    if answer.status.is_success() {
        return Ok(rejected(&answer.body));
    }
    let why = format!("it answers {}", answer.status);
    Err(if is_retryable(answer.status) {
        SendError::Retry { after: retry_after(answer), why }
    } else {
        SendError::Refused { why }
    })
}

pub(super) fn is_retryable(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// In seconds; the form with a date is rare, and the usual pause does as well.
fn retry_after(answer: &Answer) -> Option<Duration> {
    let value = answer.headers.get(RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

/// What the receiver did not want. An answer that is not understood stands for an acceptance, as its status says.
pub(super) fn rejected(message: &[u8]) -> Option<Rejected> {
    let partial = ExportResponse::decode(message).ok()?.partial_success?;
    let items = u64::try_from(partial.rejected).unwrap_or(0);
    // Without a number it is a warning about something that was accepted.
    (items > 0).then_some(Rejected { items, why: partial.error_message })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, StatusCode};
    use prost::Message;

    use super::super::client::{Answer, Rejected, SendError};
    use super::super::messages::{ExportResponse, PartialSuccess};
    use super::outcome;

    fn answer(status: u16, body: Vec<u8>) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, headers: HeaderMap::new(), body: Bytes::from(body), trailers: HeaderMap::new() }
    }

    fn partial(rejected: i64) -> Vec<u8> {
        let partial_success = Some(PartialSuccess { rejected, error_message: "too old".to_owned() });
        ExportResponse { partial_success }.encode_to_vec()
    }

    #[test]
    fn accepted() {
        assert_eq!(outcome(&answer(200, Vec::new())), Ok(None));
        assert_eq!(outcome(&answer(200, b"{}".to_vec())), Ok(None));
        assert_eq!(outcome(&answer(200, partial(0))), Ok(None));
        assert_eq!(outcome(&answer(200, partial(-1))), Ok(None));
        let expected = Rejected { items: 3, why: "too old".to_owned() };
        assert_eq!(outcome(&answer(200, partial(3))), Ok(Some(expected)));
    }

    #[test]
    fn to_be_sent_again() {
        for status in [429, 502, 503, 504] {
            assert!(
                matches!(outcome(&answer(status, Vec::new())), Err(SendError::Retry { after: None, .. })),
                "{status}"
            );
        }
        let mut busy = answer(503, Vec::new());
        busy.headers.insert("retry-after", HeaderValue::from_static("7"));
        let why = "it answers 503 Service Unavailable".to_owned();
        assert_eq!(outcome(&busy), Err(SendError::Retry { after: Some(Duration::from_secs(7)), why }));
    }

    #[test]
    fn refused() {
        for status in [301, 400, 401, 403, 404, 413, 500, 501] {
            assert!(matches!(outcome(&answer(status, Vec::new())), Err(SendError::Refused { .. })), "{status}");
        }
    }
}
