//! A loaded model.

use std::fmt;
use std::sync::Arc;

use ferrocast_engine::{EngineError, EngineSession, InferenceEngine, ModelHints, Signature};

use crate::plans::{Plan, Plans};
use crate::session::Session;

/// A model compiled by tract: immutable, shared by all of its sessions.
pub(crate) struct TractEngine {
    name: Box<str>,
    plans: Arc<Plans>,
    hints: ModelHints,
}

impl TractEngine {
    pub(crate) fn new(name: &str, plans: Plans, hints: ModelHints) -> TractEngine {
        TractEngine { name: name.into(), plans: Arc::new(plans), hints }
    }
}

impl fmt::Debug for TractEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: Vec<_> = self.plans.all().iter().map(Plan::rows).collect();
        f.debug_struct("TractEngine").field("name", &self.name).field("plans", &sizes).finish_non_exhaustive()
    }
}

impl InferenceEngine for TractEngine {
    fn signature(&self) -> &Signature {
        &self.plans.signature
    }

    fn session(&self) -> Result<Box<dyn EngineSession>, EngineError> {
        Ok(Box::new(Session::new(self.plans.clone())))
    }

    fn hints(&self) -> &ModelHints {
        &self.hints
    }
}
