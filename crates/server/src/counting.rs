//! What models and tasks do, counted: the observers of both over the metrics.

use std::sync::Arc;
use std::time::Duration;

use ferrocast_serving::{DeploymentObserver, ServeError, ServiceObserver, Timing};
use ferrocast_tasks::TaskObserver;
use ferrocast_telemetry::{Metrics, ModelMetrics, NotPredicted, Phases};

/// Counts loads, and hands out what counts the rest.
#[derive(Debug)]
pub(crate) struct CountingService(pub(crate) Arc<Metrics>);

/// Counts tasks and their callbacks.
pub(crate) struct CountingTasks(pub(crate) Arc<Metrics>);

/// Counts what one version does.
#[derive(Debug)]
struct CountingDeployment(ModelMetrics);

impl ServiceObserver for CountingService {
    fn deployed(&self, model: &str, version: &str) -> Arc<dyn DeploymentObserver> {
        Arc::new(CountingDeployment(self.0.model(model, version)))
    }

    fn loaded(&self, model: &str) {
        self.0.loads().loaded(model);
    }

    fn load_failed(&self, model: &str) {
        self.0.loads().failed(model);
    }
}

impl DeploymentObserver for CountingDeployment {
    fn parsed(&self, took: Duration) {
        self.0.parsed(took);
    }

    fn ran(&self, rows: usize) {
        self.0.ran(rows);
    }

    fn answered(&self, rows: usize, timing: &Timing, written: Duration) {
        let Timing { encode, queue, inference, decode, .. } = *timing;
        let phases = Phases { preprocess: encode, queue, inference, encode: decode + written };
        self.0.answered(rows, &phases);
    }

    fn failed(&self, why: &ServeError) {
        self.0.failed(match why {
            ServeError::QueueFull { .. } | ServeError::InFlightFull { .. } | ServeError::JobsFull { .. } => {
                NotPredicted::Rejected
            }
            ServeError::DeadlineExceeded => NotPredicted::Canceled,
            ServeError::Inference { .. } => NotPredicted::Backend,
            _ => NotPredicted::Other,
        });
    }

    fn reused(&self, took: Duration) {
        self.0.cache_hit(took);
    }

    fn kept(&self, took: Duration) {
        self.0.cache_miss(took);
    }
}

impl TaskObserver for CountingTasks {
    fn accepted(&self) {
        self.0.tasks().accepted();
    }

    fn done(&self, after: Duration) {
        self.0.tasks().completed(after);
    }

    fn failed(&self, after: Duration) {
        self.0.tasks().failed(after);
    }

    fn cancelled(&self) {
        self.0.tasks().cancelled();
    }

    fn callback_delivered(&self, took: Duration) {
        self.0.callbacks().delivered(took);
    }

    fn callback_put_off(&self, took: Duration) {
        self.0.callbacks().attempt_failed(took);
    }

    fn callback_given_up(&self, took: Duration) {
        self.0.callbacks().attempt_failed(took);
        self.0.callbacks().died();
    }
}
