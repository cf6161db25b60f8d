//! How a request gets no answer.

use std::error::Error;
use std::fmt;

use serde::Serialize;

/// Kinds of failures, as they are counted. An answer of any status is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureKind {
    /// There was no connection: refused, unreachable.
    Connect,
    /// There was one, but no agreement on TLS: a certificate that is not trusted, for example.
    Tls,
    /// The whole answer was not there in time, be it that the connection was not.
    Timeout,
    /// The connection was closed or reset before the whole answer was there.
    Reset,
    /// What came was not HTTP/1.1.
    Malformed,
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FailureKind::Connect => "connect",
            FailureKind::Tls => "tls",
            FailureKind::Timeout => "timeout",
            FailureKind::Reset => "reset",
            FailureKind::Malformed => "malformed",
        })
    }
}

/// One failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// As it is counted.
    pub kind: FailureKind,
    /// In the words of whoever noticed it.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, error: &dyn Error) -> Failure {
        let causes = std::iter::successors(error.source(), |&cause| cause.source());
        let message = causes.fold(error.to_string(), |message, cause| format!("{message}: {cause}"));
        Failure { kind, message }
    }

    /// Of a connection that was there.
    pub(crate) fn of_exchange(error: &hyper::Error) -> Failure {
        let kind = if error.is_parse() { FailureKind::Malformed } else { FailureKind::Reset };
        Failure::new(kind, error)
    }

    pub(crate) fn timeout(limit: std::time::Duration) -> Failure {
        Failure { kind: FailureKind::Timeout, message: format!("no whole answer within {limit:?}") }
    }
}
