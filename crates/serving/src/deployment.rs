//! A version that is ready to serve.

use std::sync::Arc;

use ferrocast_pipeline::Pipeline;

use crate::WarmUp;

/// A version that is ready to serve: what the registry hands out.
#[derive(Debug)]
pub struct Deployment {
    model: Arc<str>,
    version: Arc<str>,
    pipeline: Pipeline,
    warm_up: Option<WarmUp>,
}

impl Deployment {
    pub(crate) fn new(model: Arc<str>, version: Arc<str>, pipeline: Pipeline) -> Deployment {
        Deployment { model, version, pipeline, warm_up: None }
    }

    pub(crate) fn warmed_up(self, warm_up: WarmUp) -> Deployment {
        Deployment { warm_up: Some(warm_up), ..self }
    }

    /// The model's name.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The version's canonical name.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The model itself.
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// What the first runs cost; `None` if the manifest wants no warm-up.
    pub fn warm_up(&self) -> Option<WarmUp> {
        self.warm_up
    }
}
