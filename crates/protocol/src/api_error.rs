//! What a client is told when a request fails, before any dialect gives it a shape.

use std::time::Duration;

use ferrocast_schema::{Violation, Violations, code};

use crate::ErrorCode;

/// A failed request in the words of the error table. Each dialect renders it in its own envelope.
///
/// `message` and `details` go to the client as they are: whoever builds an `ApiError` from an inner error passes on what
/// the client can act on and logs the rest.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// The row of the error table.
    pub code: ErrorCode,
    /// One sentence for people, free of paths, type names and other inner matters.
    pub message: String,
    /// What is wrong with which part of the request; empty for everything but refused input.
    pub details: Vec<Violation>,
    /// How many more details there are than `details` holds.
    pub omitted: usize,
    /// When to try again, for [`ErrorCode::Overloaded`] and its like.
    pub retry_after: Option<Duration>,
}

impl ApiError {
    /// An error with a message and nothing else.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> ApiError {
        ApiError { code, message: message.into(), details: Vec::new(), omitted: 0, retry_after: None }
    }

    /// A fault of ours: the client learns that it happened and nothing more.
    pub fn internal() -> ApiError {
        ApiError::new(ErrorCode::Internal, "Internal server error")
    }

    /// Message and details in one text, for where there is room for no more.
    pub fn in_a_sentence(&self) -> String {
        let detail = |violation: &Violation| format!("{}: {}", violation.loc, violation.message);
        match self.details.is_empty() {
            true => self.message.clone(),
            false => {
                let details: Vec<_> = self.details.iter().map(detail).collect();
                format!("{}: {}", self.message, details.join("; "))
            }
        }
    }

    /// Adds the time after which a repetition has a chance.
    pub fn with_retry_after(self, after: Duration) -> ApiError {
        ApiError { retry_after: Some(after), ..self }
    }

    /// The value of the `Retry-After` header: whole seconds, rounded up, at least one.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        let after = self.retry_after?;
        Some(after.as_secs().saturating_add(u64::from(after.subsec_nanos() > 0)).max(1))
    }
}

/// Refused input: [`ErrorCode::MalformedBody`] if the body is no JSON at all, else [`ErrorCode::Validation`].
impl From<Violations> for ApiError {
    fn from(violations: Violations) -> ApiError {
        let omitted = violations.omitted();
        let details = violations.into_vec();
        let malformed = details.iter().any(|violation| violation.code == code::JSON_INVALID);
        let code = if malformed { ErrorCode::MalformedBody } else { ErrorCode::Validation };
        ApiError { code, message: "Validation error".to_owned(), details, omitted, retry_after: None }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ferrocast_schema::{Loc, Violation, Violations, code};

    use super::ApiError;
    use crate::ErrorCode;

    #[test]
    fn retry_after_is_in_whole_seconds_and_never_zero() {
        let seconds =
            |after| ApiError::new(ErrorCode::Overloaded, "Too busy").with_retry_after(after).retry_after_seconds();
        assert_eq!(seconds(Duration::ZERO), Some(1));
        assert_eq!(seconds(Duration::from_millis(1)), Some(1));
        assert_eq!(seconds(Duration::from_secs(2)), Some(2));
        assert_eq!(seconds(Duration::from_millis(2_001)), Some(3));
        assert_eq!(seconds(Duration::MAX), Some(u64::MAX));
        assert_eq!(ApiError::internal().retry_after_seconds(), None);
    }

    #[test]
    fn a_body_that_is_no_json_has_a_code_of_its_own() {
        let code_of = |code| ApiError::from(Violations::one(Violation::new(Loc::body(), code, "no"))).code;
        assert_eq!(code_of(code::JSON_INVALID), ErrorCode::MalformedBody);
        assert_eq!(code_of(code::MISSING), ErrorCode::Validation);
    }
}
