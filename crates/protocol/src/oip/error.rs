//! Errors in the envelope of the protocol: `{"error": "…"}`, with Triton's statuses.

use serde::Serialize;

use crate::{ApiError, ErrorCode};

/// The status of an error. Where Triton has one of its own, clients and load balancers are written for that.
pub fn status(error: &ApiError) -> u16 {
    match error.code {
        ErrorCode::Validation | ErrorCode::MalformedBody | ErrorCode::ImageUndecodable => 400,
        // A full queue, or an answer that is not there in time: another server may do better.
        ErrorCode::Overloaded | ErrorCode::DeadlineExceeded => 503,
        // An encoding of the body that is not known.
        ErrorCode::UnsupportedMediaType => 501,
        code => code.status(),
    }
}

/// The body of an error.
pub fn render(error: &ApiError) -> Vec<u8> {
    #[derive(Serialize)]
    struct Body<'a> {
        error: &'a str,
    }
    let body = match error.details.first() {
        Some(detail) => serde_json::to_vec(&Body { error: &format!("{}: {}", error.message, detail.message) }),
        None => serde_json::to_vec(&Body { error: &error.message }),
    };
    body.unwrap_or_default()
}

/// A request that cannot be carried out as it is: 400.
pub(crate) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use super::{invalid, render, status};
    use crate::{ApiError, ErrorCode};

    #[test]
    fn the_envelope_has_one_field() {
        assert_eq!(render(&invalid("no \"x\"")), br#"{"error":"no \"x\""}"#);
    }

    #[test]
    fn statuses_are_those_of_triton() {
        let of = |code| status(&ApiError::new(code, ""));
        assert_eq!([ErrorCode::Validation, ErrorCode::Overloaded, ErrorCode::ModelNotFound].map(of), [400, 503, 404]);
        assert_eq!([ErrorCode::UnsupportedMediaType, ErrorCode::PayloadTooLarge].map(of), [501, 413]);
    }
}
