//! Idle sessions of one engine, ready to be used again.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use crate::{EngineError, InferenceEngine, Workspace};

/// Idle sessions of one engine. Dropping the pool frees them, so that a reload leaks nothing through thread-locals.
///
/// The lock is held for a push or a pop, never during a run. A session that panicked is dropped, not put back.
pub struct SessionPool {
    engine: Arc<dyn InferenceEngine>,
    idle: Mutex<Vec<Workspace>>,
    most_idle: usize,
}

impl SessionPool {
    /// A pool that keeps as many idle sessions as the machine has processors.
    pub fn new(engine: Arc<dyn InferenceEngine>) -> SessionPool {
        let most_idle = std::thread::available_parallelism().map_or(1, usize::from);
        SessionPool { engine, idle: Mutex::new(Vec::new()), most_idle }
    }

    /// The engine whose sessions these are.
    pub fn engine(&self) -> &Arc<dyn InferenceEngine> {
        &self.engine
    }

    /// Lends a session to `work`, from the idle ones or a new one, with the tensors that `work` left there last.
    ///
    /// # Errors
    /// What `work` returns; [`EngineError::Panicked`] if it panics; the engine's error if it can give no session.
    pub fn with<R, E: From<EngineError>>(&self, work: impl FnOnce(&mut Workspace) -> Result<R, E>) -> Result<R, E> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut session = match idle {
            Some(session) => session,
            None => Workspace::new(self.engine.session()?),
        };
        let result = catch_unwind(AssertUnwindSafe(|| work(&mut session)))
            .map_err(|panic| EngineError::from_panic(panic.as_ref()))?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.most_idle {
            idle.push(session);
        }
        result
    }
}

impl fmt::Debug for SessionPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionPool").field("engine", &self.engine).finish_non_exhaustive()
    }
}
