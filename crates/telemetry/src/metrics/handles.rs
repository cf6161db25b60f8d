//! What the server keeps to count with.

use std::sync::Arc;

use prometheus::{Registry, Result};

use super::cache::CacheMetrics;
use super::http::HttpMetrics;
use super::loads::LoadMetrics;
use super::machine::Machine;
use super::models::{ModelMetrics, Models};
use super::routes::{RouteMetrics, Routes};
use super::tasks::{CallbackMetrics, TaskMetrics};

/// What is counted, and under which names.
#[derive(Debug, Clone, Copy)]
pub struct MetricsConfig {
    /// Whether to show the metrics of Triton (`nv_*`) as well.
    pub triton: bool,
    /// The version of this program.
    pub version: &'static str,
}

/// Everything that is counted, shared by all threads. To count takes no lock; to ask for a handle does, so that whoever
/// counts for each request keeps it.
#[derive(Debug)]
pub struct Metrics {
    pub(super) config: MetricsConfig,
    /// What the library counts itself.
    pub(super) registry: Registry,
    pub(super) routes: Routes,
    pub(super) models: Models,
    pub(super) loads: LoadMetrics,
    pub(super) http: HttpMetrics,
    pub(super) tasks: TaskMetrics,
    pub(super) callbacks: CallbackMetrics,
    pub(super) cache: Arc<CacheMetrics>,
    pub(super) machine: Machine,
}

impl Metrics {
    /// Nothing counted yet.
    #[allow(clippy::expect_used, reason = "the library refuses bad names, and those of the table are constant")]
    pub fn new(config: MetricsConfig) -> Metrics {
        Metrics::registered(config).expect("every metric of the table has a valid name, and is registered once")
    }

    fn registered(config: MetricsConfig) -> Result<Metrics> {
        let registry = Registry::new();
        Ok(Metrics {
            config,
            routes: Routes::default(),
            models: Models::default(),
            loads: LoadMetrics::new()?,
            http: HttpMetrics::new(&registry)?,
            tasks: TaskMetrics::new(&registry)?,
            callbacks: CallbackMetrics::new(&registry)?,
            cache: Arc::new(CacheMetrics::new(&registry)?),
            machine: Machine::default(),
            registry,
        })
    }

    /// The answers of one method of one route: for the same pair the same. `endpoint` is the template of the route, such as
    /// `/models/{model}`. Methods that no route has count as `OTHER`, and what is beyond 256 routes as `other`.
    pub fn route(&self, method: &str, endpoint: &str) -> Arc<RouteMetrics> {
        self.routes.get(method, endpoint)
    }

    /// A handle to the counts of one version of a model. They are there, and in what is scraped, while a handle is.
    pub fn model(&self, model: &str, version: &str) -> ModelMetrics {
        self.models.get(model, version)
    }

    /// The loads of models.
    pub fn loads(&self) -> &LoadMetrics {
        &self.loads
    }

    /// What happens to requests whatever they ask for.
    pub fn http(&self) -> &HttpMetrics {
        &self.http
    }

    /// Tasks.
    pub fn tasks(&self) -> &TaskMetrics {
        &self.tasks
    }

    /// Callbacks of tasks.
    pub fn callbacks(&self) -> &CallbackMetrics {
        &self.callbacks
    }

    /// The remote tier of the cache: give it this as its observer.
    pub fn cache(&self) -> &Arc<CacheMetrics> {
        &self.cache
    }
}
