//! Models by name, rows to answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ferrocast_pipeline::Loaders;
use ferrocast_registry::{LoadTicket, ModelRef, Registry, RegistryConfig, Snapshot, StartError};
use ferrocast_schema::{Prediction, Rows};

use crate::{Deployment, PipelineDeployer, ServeError};

/// The product: every model that is ready, and predictions from it.
#[derive(Debug)]
pub struct Service {
    registry: Registry<Deployment>,
}

/// Predictions, with what they cost.
#[derive(Debug)]
pub struct Answer {
    /// One for each row, in order.
    pub predictions: Vec<Prediction>,
    /// The time for all rows: encode, infer and decode.
    pub inference: Duration,
}

impl Service {
    /// Starts the loader thread. Nothing serves before [`Service::load_all`].
    ///
    /// # Errors
    /// If the configuration holds an impossible name, or no thread can be had.
    pub fn start(config: RegistryConfig, loaders: Loaders) -> Result<Service, StartError> {
        Ok(Service { registry: Registry::start(config, Arc::new(PipelineDeployer::new(loaders)))? })
    }

    /// Loads every model of the folder on the loader thread; the ticket tells when all are ready or have failed.
    pub fn load_all(&self) -> LoadTicket {
        self.registry.load_all()
    }

    /// The version that a request means, ready to serve.
    ///
    /// # Errors
    /// [`ServeError::Resolve`].
    pub fn model(&self, wanted: ModelRef<'_>) -> Result<Arc<Deployment>, ServeError> {
        Ok(self.registry.resolve(wanted)?)
    }

    /// Every model and version with its state.
    pub fn snapshot(&self) -> Arc<Snapshot<Deployment>> {
        self.registry.snapshot()
    }

    /// Predicts on the calling thread, all rows in one run.
    ///
    /// # Errors
    /// [`ServeError::OutOfRange`] for a value that overflows once scaled; [`ServeError::Inference`] if the model fails or
    /// panics.
    pub fn predict(&self, deployment: &Deployment, rows: &Rows) -> Result<Answer, ServeError> {
        let start = Instant::now();
        let predictions =
            deployment.pipeline().predict(rows).map_err(|cause| ServeError::from_prediction(cause, deployment))?;
        Ok(Answer { predictions, inference: start.elapsed() })
    }
}
