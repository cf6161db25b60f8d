//! Which protocol a path speaks: in its words an error is told.

use ferrocast_protocol::{ApiError, ErrorCode, native, oip};

/// A protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Native,
    /// The Open Inference Protocol.
    Oip,
}

impl Dialect {
    /// The protocol of a path.
    pub(crate) fn of_path(path: &str) -> Dialect {
        match path.strip_prefix("/v2") {
            Some("") => Dialect::Oip,
            Some(rest) if rest.starts_with('/') => Dialect::Oip,
            _ => Dialect::Native,
        }
    }

    pub(crate) fn status(self, error: &ApiError) -> u16 {
        match self {
            Dialect::Native => error.code.status(),
            Dialect::Oip => oip::status(error),
        }
    }

    /// The body of an error.
    pub(crate) fn render(self, error: &ApiError, request_id: &str) -> Vec<u8> {
        match self {
            Dialect::Native => native::render(error, request_id),
            Dialect::Oip => oip::render(error),
        }
    }

    /// The error of a path that does not exist.
    pub(crate) fn no_such_path(self) -> ApiError {
        let message = match self {
            Dialect::Native => "There is no such path; GET /docs lists all of them",
            Dialect::Oip => "Not Found",
        };
        ApiError::new(ErrorCode::RouteNotFound, message)
    }

    /// The error of a path that does not have the method.
    pub(crate) fn no_such_method(self, method: &str) -> ApiError {
        let message = match self {
            Dialect::Native => format!("{method} is not allowed here; see the Allow header"),
            Dialect::Oip => "Method Not Allowed".to_owned(),
        };
        ApiError::new(ErrorCode::MethodNotAllowed, message)
    }
}
