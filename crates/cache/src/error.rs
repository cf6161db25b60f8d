//! Why there is no answer, and whose affair that is.

use std::sync::Arc;

/// Why a computation failed.
pub trait Failure: Send + Sync + 'static {
    /// Whether this is about the caller that computed and not about the question: its deadline passed, or it was
    /// refused for want of room. Such a failure goes to that caller alone, and the next of those who wait computes for
    /// itself. Any other goes to all who wait.
    fn is_own(&self) -> bool {
        false
    }
}

/// Why [`get_or_compute`](crate::Cache::get_or_compute) has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComputeError<E> {
    /// The caller's own computation failed, for [a reason of its own](Failure::is_own).
    #[error("{0}")]
    Own(E),
    /// The computation failed for all who waited for it.
    #[error("{0}")]
    Shared(Arc<E>),
}

impl<E> ComputeError<E> {
    /// The failure, whoever had it.
    pub fn failure(&self) -> &E {
        match self {
            ComputeError::Own(failure) => failure,
            ComputeError::Shared(failure) => failure,
        }
    }
}
