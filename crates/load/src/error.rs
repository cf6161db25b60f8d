//! Why there is no load test, or no probe.

use std::io;
use std::path::PathBuf;

use crate::Failure;

/// Why a load test does not begin. What fails once it runs is counted in its [`Report`](crate::Report).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The URL cannot be asked.
    #[error("`{url}` is no URL to ask ({reason}): it has to be http://HOST:PORT/PATH or https://HOST:PORT/PATH")]
    BadUrl {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The URL holds a user's name or password.
    #[error("the URL holds a name or a password, which are not sent from there: give the header `authorization`")]
    Credentials,
    /// The system knows no such host, or was not able to say.
    #[error("host `{host}` is not found: {source}")]
    Unresolved {
        /// Of the URL.
        host: String,
        /// What the system said.
        source: io::Error,
    },
    /// The host has no address.
    #[error("host `{0}` has no address")]
    NoAddress(String),
    /// No method of HTTP.
    #[error("method `{0}` is none of HTTP: it has to be a word such as GET, POST or PUT")]
    BadMethod(String),
    /// No header of HTTP, or none that can be chosen.
    #[error("header `{name}` {reason}")]
    BadHeader {
        /// Its name. Its value may be a secret, and is not repeated.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Nothing to send.
    #[error("there is no body to send: give at least one")]
    NoBody,
    /// A number that makes no sense.
    #[error("{what} has to be {limit}, not {given}")]
    OutOfRange {
        /// The field of the [`Plan`](crate::Plan).
        what: &'static str,
        /// What is right.
        limit: &'static str,
        /// What was given.
        given: String,
    },
    /// The file of authorities cannot be used.
    #[error("authorities of {}: {reason}", path.display())]
    BadAuthorities {
        /// Of the file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The system has no authorities that certificates could be checked with.
    #[error("the system has no certificates of authorities ({0}): name a file of them")]
    NoAuthorities(String),
    /// The library of TLS does not work here.
    #[error("TLS cannot be used: {0}")]
    Tls(#[from] rustls::Error),
    /// The system gives no thread, or nothing to wait for sockets with.
    #[error("the system gives no thread for connections: {0}")]
    Thread(#[from] io::Error),
}

/// Why a probe has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// It was not sent.
    #[error(transparent)]
    NotBegun(#[from] LoadError),
    /// There was no whole answer.
    #[error("{0}")]
    Failed(Failure),
}
