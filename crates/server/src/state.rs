//! What every route can reach: the service, the limits and the API description.

use std::sync::Arc;
use std::time::Duration;

use ferrocast_protocol::native;
use ferrocast_serving::Service;
use ferrocast_tasks::Tasks;
use ferrocast_tasks::callback::CallbackPolicy;
use ferrocast_telemetry::Metrics;

use crate::access::Access;
use crate::answers::Answers;
use crate::body_budget::BodyBudget;
use crate::config::{Config, ModelControl};
use crate::connections::Connections;
use crate::extract::upload::UploadLimits;
use crate::lifecycle::Lifecycle;
use crate::middleware::cors::Cors;
use crate::openapi::{ApiDocument, Published};
use crate::reporting::Reporting;

/// Shared by all workers.
#[derive(Debug)]
pub(crate) struct State {
    /// Where the server stands between its start and its end.
    pub(crate) lifecycle: Arc<Lifecycle>,
    /// Who may ask.
    pub(crate) access: Access,
    /// Pages of other origins that may ask, if any may.
    pub(crate) cors: Option<Cors>,
    /// Those of clients.
    pub(crate) connections: Connections,
    /// What is counted.
    pub(crate) metrics: Arc<Metrics>,
    /// The log and the traces of the process.
    pub(crate) reporting: Reporting,
    /// Whether requests and predictions are counted.
    pub(crate) counts: bool,
    /// Lines for requests in the log, of each I/O thread in each second.
    pub(crate) logged_per_second: u32,
    /// The product.
    pub(crate) service: Arc<Service>,
    /// Predictions that are made later.
    pub(crate) tasks: Arc<Tasks>,
    /// Where callbacks may go.
    pub(crate) callback_policy: CallbackPolicy,
    /// Whether they are sent at all.
    pub(crate) sends_callbacks: bool,
    /// Answers that are kept.
    pub(crate) answers: Answers,
    /// What bodies may take of memory, all together.
    pub(crate) bodies: Arc<BodyBudget>,
    /// Largest JSON body in bytes.
    pub(crate) json_bytes: usize,
    /// Largest body with tensors in bytes.
    pub(crate) tensor_bytes: usize,
    /// How long a client may take for a body.
    pub(crate) body_timeout: Duration,
    /// How long a prediction may take.
    pub(crate) request_timeout: Duration,
    /// What one request may ask of a model.
    pub(crate) limits: native::Limits,
    /// What forms with pictures may hold.
    pub(crate) uploads: UploadLimits,
    /// Whether requests may load and unload models.
    pub(crate) loads_on_request: bool,
    /// Whether clients see the causes of server faults.
    pub(crate) debug: bool,
    document: ApiDocument,
}

/// What is begun once for all workers.
pub(crate) struct Parts {
    pub(crate) lifecycle: Arc<Lifecycle>,
    pub(crate) access: Access,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) reporting: Reporting,
    pub(crate) service: Arc<Service>,
    pub(crate) answers: Answers,
    pub(crate) tasks: Arc<Tasks>,
    pub(crate) document: ApiDocument,
}

impl State {
    /// Everything from the configuration that outlives the start.
    pub(crate) fn new(config: &Config, parts: Parts) -> State {
        let Parts { lifecycle, access, metrics, reporting, service, answers, tasks, document } = parts;
        State {
            lifecycle,
            access,
            cors: Cors::new(&config.cors),
            connections: Connections::default(),
            metrics,
            reporting,
            counts: config.metrics.enabled,
            logged_per_second: per_thread(config.log.requests_per_second, config.server.workers.get()),
            service,
            tasks,
            callback_policy: config.callbacks.policy.clone(),
            sends_callbacks: config.callbacks.keys.is_some(),
            answers,
            bodies: BodyBudget::new(config.limits.in_flight_bytes),
            json_bytes: config.limits.json_bytes,
            tensor_bytes: config.limits.tensor_bytes,
            body_timeout: config.server.body_timeout,
            request_timeout: config.server.request_timeout,
            limits: config.limits.of_a_body(),
            uploads: UploadLimits {
                image_bytes: config.limits.image_bytes,
                batch_bytes: config.limits.image_batch_bytes,
                max_batch: config.limits.max_image_batch,
            },
            loads_on_request: config.models.control != ModelControl::Off,
            debug: config.server.debug,
            document,
        }
    }

    /// Whether requests should be sent here: not while the server starts, and not once it is stopping.
    pub(crate) fn is_ready(&self) -> bool {
        self.service.is_ready() && !self.lifecycle.is_draining()
    }

    /// The API description for the models that are loaded now.
    pub(crate) fn api_document(&self) -> Published {
        self.document.current(&self.service.snapshot(), self.limits.max_batch)
    }
}

/// What each I/O thread has of so many lines.
fn per_thread(lines: u64, threads: usize) -> u32 {
    u32::try_from(lines.div_ceil(threads as u64)).unwrap_or(u32::MAX)
}
