//! An engine whose answers are written in the test.

use std::fmt;
use std::sync::Arc;

use ferrocast_engine::{
    BoxError, EngineError, EngineLoader, EngineSession, InferenceEngine, Inspection, LoadError, LoadOptions,
    ModelHints, ModelSource, Signature, Tensor,
};

type Script = dyn Fn(&[Tensor]) -> Result<Vec<Tensor>, BoxError> + Send + Sync;

/// An engine that answers what a closure says. The closure may panic: that is what some tests are about.
#[derive(Clone)]
pub struct FakeEngine {
    signature: Signature,
    hints: ModelHints,
    script: Arc<Script>,
}

impl FakeEngine {
    /// An engine with this signature; `script` gets the inputs of each run.
    pub fn new(
        signature: Signature,
        script: impl Fn(&[Tensor]) -> Result<Vec<Tensor>, BoxError> + Send + Sync + 'static,
    ) -> FakeEngine {
        FakeEngine { signature, hints: ModelHints::default(), script: Arc::new(script) }
    }

    /// The same engine with these hints.
    pub fn with_hints(self, hints: ModelHints) -> FakeEngine {
        FakeEngine { hints, ..self }
    }
}

impl fmt::Debug for FakeEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeEngine").field("signature", &self.signature).finish_non_exhaustive()
    }
}

impl InferenceEngine for FakeEngine {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn session(&self) -> Result<Box<dyn EngineSession>, EngineError> {
        Ok(Box::new(FakeSession(self.clone())))
    }

    fn hints(&self) -> &ModelHints {
        &self.hints
    }
}

struct FakeSession(FakeEngine);

impl EngineSession for FakeSession {
    fn run(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>, EngineError> {
        self.0.signature.check(inputs)?;
        (self.0.script)(inputs).map_err(EngineError::Backend)
    }
}

/// A loader that gives the same fake engine for whatever bytes, under the engine name `fake`.
#[derive(Debug, Clone)]
pub struct FakeLoader(pub FakeEngine);

impl EngineLoader for FakeLoader {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn load(&self, _: ModelSource<'_>, _: &LoadOptions) -> Result<Arc<dyn InferenceEngine>, LoadError> {
        Ok(Arc::new(self.0.clone()))
    }

    fn inspect(&self, _: ModelSource<'_>) -> Result<Inspection, LoadError> {
        let signature = self.0.signature();
        Ok(Inspection {
            inputs: signature.inputs().to_vec(),
            outputs: signature.outputs().iter().map(|spec| spec.name.clone()).collect(),
            operators: Default::default(),
            unsupported: Vec::new(),
            hints: self.0.hints.clone(),
        })
    }
}
