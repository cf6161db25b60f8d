//! A session with the tensors of its last run.

use std::fmt;

use crate::{EngineError, EngineSession, Tensor};

/// A session with the tensors of its last run, whose memory the next one uses again: of a small model that takes as much time
/// to make and to free as the run itself.
pub struct Workspace {
    session: Box<dyn EngineSession>,
    /// To be filled before a run, in signature order.
    pub inputs: Vec<Tensor>,
    /// What the last run gave, in signature order.
    pub outputs: Vec<Tensor>,
}

impl Workspace {
    /// Around a session that has not run.
    pub fn new(session: Box<dyn EngineSession>) -> Workspace {
        Workspace { session, inputs: Vec::new(), outputs: Vec::new() }
    }

    /// The session alone, to run tensors from elsewhere.
    pub fn session(&mut self) -> &mut dyn EngineSession {
        self.session.as_mut()
    }

    /// Runs the model on its inputs.
    ///
    /// # Errors
    /// As [`EngineSession::run`]; the outputs are then worth nothing.
    pub fn run(&mut self) -> Result<(), EngineError> {
        self.session.run_into(&self.inputs, &mut self.outputs)
    }
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace")
            .field("inputs", &self.inputs)
            .field("outputs", &self.outputs)
            .finish_non_exhaustive()
    }
}
