//! One run at a time: check, then take a turn with the model.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ferrocast_engine::{EngineError, EngineSession, Tensor};

use crate::engine::Model;

/// A caller's handle on the model's one session.
pub(crate) struct SharedSession(pub(crate) Arc<Model>);

impl EngineSession for SharedSession {
    fn run(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>, EngineError> {
        let rows = self.0.signature.check(inputs)?;
        // `ort` expects some answers of the library.
        catch_unwind(AssertUnwindSafe(|| self.0.run(rows, inputs)))
            .unwrap_or_else(|panic| Err(EngineError::from_panic(panic.as_ref())))
    }
}
