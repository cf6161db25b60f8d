//! Idle sessions of one engine, ready to be used again.

use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

use crate::{EngineError, InferenceEngine, Workspace};

thread_local! {
    /// Where this thread last found a session, in whatever pool: there is nobody else most likely.
    static PLACE: Cell<usize> = const { Cell::new(0) };
}

/// Idle sessions of one engine. Dropping the pool frees them, so that a reload leaks nothing through thread-locals.
///
/// Nobody waits here: whoever finds all sessions in use gets one of his own. A session that panicked is dropped.
pub struct SessionPool {
    engine: Arc<dyn InferenceEngine>,
    /// As many as the machine has processors. Locked while its session runs.
    places: Box<[Place]>,
}

/// Two lines of the cache, as processors fetch them in pairs: threads in different places do not wait for each other's.
#[derive(Default)]
#[repr(align(128))]
struct Place(Mutex<Option<Workspace>>);

impl Place {
    fn if_free(&self) -> Option<MutexGuard<'_, Option<Workspace>>> {
        match self.0.try_lock() {
            Ok(place) => Some(place),
            Err(TryLockError::Poisoned(place)) => Some(place.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl SessionPool {
    /// A pool that keeps as many idle sessions as the machine has processors.
    pub fn new(engine: Arc<dyn InferenceEngine>) -> SessionPool {
        let places = std::thread::available_parallelism().map_or(1, usize::from);
        SessionPool { engine, places: (0..places).map(|_| Place::default()).collect() }
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
        match self.place() {
            Some(mut place) => self.with_session_of(&mut place, work),
            None => self.with_session_of(&mut None, work),
        }
    }

    fn with_session_of<R, E: From<EngineError>>(
        &self,
        place: &mut Option<Workspace>,
        work: impl FnOnce(&mut Workspace) -> Result<R, E>,
    ) -> Result<R, E> {
        let session = match place {
            Some(session) => session,
            None => place.insert(Workspace::new(self.engine.session()?)),
        };
        catch_unwind(AssertUnwindSafe(|| work(session))).unwrap_or_else(|panic| {
            *place = None;
            Err(EngineError::from_panic(panic.as_ref()).into())
        })
    }

    /// A place that is free: with a session if there is one, this thread's own if it can be.
    fn place(&self) -> Option<MutexGuard<'_, Option<Workspace>>> {
        let own = self.places.get(PLACE.get()).and_then(Place::if_free);
        if own.as_ref().is_some_and(|place| place.is_some()) {
            return own;
        }
        drop(own);
        let free = || self.places.iter().enumerate().filter_map(|(number, place)| Some((number, place.if_free()?)));
        let found = free().find(|(_, place)| place.is_some()).or_else(|| free().next());
        found.map(|(number, place)| {
            PLACE.set(number);
            place
        })
    }
}

impl fmt::Debug for SessionPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionPool").field("engine", &self.engine).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::SessionPool;
    use crate::{EngineError, EngineSession, InferenceEngine, ModelHints, Signature, Tensor};

    /// Counts its sessions, each of which gives its number.
    #[derive(Debug)]
    struct Counting {
        signature: Signature,
        hints: ModelHints,
        sessions: AtomicUsize,
    }

    fn pool() -> SessionPool {
        let (signature, hints) = (Signature::new(Vec::new(), Vec::new()), ModelHints::default());
        SessionPool::new(Arc::new(Counting { signature, hints, sessions: AtomicUsize::new(0) }))
    }

    struct Numbered(usize);

    impl InferenceEngine for Counting {
        fn signature(&self) -> &Signature {
            &self.signature
        }

        fn session(&self) -> Result<Box<dyn EngineSession>, EngineError> {
            Ok(Box::new(Numbered(self.sessions.fetch_add(1, Ordering::Relaxed))))
        }

        fn hints(&self) -> &ModelHints {
            &self.hints
        }
    }

    impl EngineSession for Numbered {
        fn run(&mut self, _inputs: &[Tensor]) -> Result<Vec<Tensor>, EngineError> {
            Ok(vec![Tensor::I64(ndarray::arr1(&[self.0 as i64]).into_dyn())])
        }
    }

    /// The number of the session that `work` is lent, while `inside` runs.
    fn number(pool: &SessionPool, inside: impl FnOnce()) -> i64 {
        let lent = pool.with(|workspace| {
            workspace.run()?;
            inside();
            match workspace.outputs.as_slice() {
                [Tensor::I64(number)] => Ok::<_, EngineError>(number.sum()),
                outputs => panic!("{outputs:?}"),
            }
        });
        lent.unwrap()
    }

    #[test]
    fn a_session_is_used_again_and_never_by_two() {
        let pool = pool();
        assert_eq!(number(&pool, || ()), 0);
        let mut others = Vec::new();
        let first = number(&pool, || {
            let second = number(&pool, || others.push(number(&pool, || ())));
            others.push(second);
        });
        others.sort_unstable();
        assert_eq!((first, others), (0, vec![1, 2]));
        assert!(number(&pool, || ()) < 2);
    }

    #[test]
    fn whoever_had_another_place_takes_the_session_that_is_there() {
        let (elsewhere, pool) = (pool(), pool());
        number(&elsewhere, || assert_eq!(number(&elsewhere, || ()), 1));
        std::thread::scope(|scope| assert_eq!(scope.spawn(|| number(&pool, || ())).join().unwrap(), 0));
        assert_eq!(number(&pool, || ()), 0);
    }

    #[test]
    fn a_session_that_panicked_is_dropped() {
        let pool = pool();
        let panicked = pool.with(|_| -> Result<(), EngineError> { panic!("the model, says the canary") });
        assert!(matches!(panicked, Err(EngineError::Panicked(message)) if message.contains("canary")));
        assert_eq!(number(&pool, || ()), 1);
    }
}
