//! The state that a version is in, as everybody outside sees it.

use std::fmt;
use std::sync::Arc;

/// What a version is doing. Only [`Ready`](ModelState::Ready) ones answer requests.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelState {
    /// Found, and either queued for the loader thread or being read and compiled there.
    Loading,
    /// Loaded; running its first, slow predictions before clients may.
    Warming,
    /// Answering requests.
    Ready,
    /// Could not be taken, loaded or warmed up.
    Failed {
        /// For the operator and the client: what to mend.
        reason: Arc<str>,
    },
    /// Taken out of service; requests that began before still finish on it.
    Draining,
    /// Taken out of service, and freed.
    Unloaded,
}

impl ModelState {
    /// One lower-case word, for logs and answers.
    pub fn word(&self) -> &'static str {
        match self {
            ModelState::Loading => "loading",
            ModelState::Warming => "warming",
            ModelState::Ready => "ready",
            ModelState::Failed { .. } => "failed",
            ModelState::Draining => "draining",
            ModelState::Unloaded => "unloaded",
        }
    }

    /// Why it failed; `None` in every other state.
    pub fn reason(&self) -> Option<&Arc<str>> {
        match self {
            ModelState::Failed { reason } => Some(reason),
            _ => None,
        }
    }
}

impl fmt::Display for ModelState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModelState::Failed { reason } => write!(f, "failed: {reason}"),
            other => f.write_str(other.word()),
        }
    }
}
