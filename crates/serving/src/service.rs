//! Models by name, rows to answers.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ferrocast_batch::{BatchObserver, Gate, Permit, Pool, PoolConfig};
use ferrocast_pipeline::{Encoded, ImageLimits, Loaders};
use ferrocast_registry::{
    AliasError, LoadTicket, ModelEntry, ModelRef, ModelState, Registry, RegistryConfig, Snapshot, StartError,
    VersionEntry,
};
use ferrocast_schema::Rows;

use crate::decode_slots::DecodeSlots;
use crate::deployer::LoadRules;
use crate::execute::{self, Answer, CallOptions, Outputs, Timing};
use crate::jobs::Jobs;
use crate::runner::Decoding;
use crate::{Deployment, PipelineDeployer, ServeError, ServiceObserver, Trial};

/// When to come back if it is not one model that is busy.
const FULL_RETRY: Duration = Duration::from_secs(1);

/// What a service is made from.
#[derive(Debug, Clone)]
pub struct ServiceConfig {
    /// Names and places of models.
    pub registry: RegistryConfig,
    /// Threads of the pool for what is too slow for the thread of a request.
    pub compute_threads: NonZeroUsize,
    /// Most requests that are under way at a time.
    pub max_in_flight: usize,
    /// What one picture may cost.
    pub images: ImageLimits,
    /// Pictures that are decoded at a time.
    pub image_decodes: NonZeroUsize,
    /// Where each model is loaded first, if anywhere.
    pub trial: Option<Arc<dyn Trial>>,
    /// Only models are loaded whose manifest pins the file.
    pub require_sha256: bool,
    /// Who hears what happens; `()` hears nothing.
    pub observer: Arc<dyn ServiceObserver>,
}

/// The product: every model that is ready, and predictions from it.
#[derive(Debug)]
pub struct Service {
    registry: Registry<Deployment>,
    pool: Arc<Pool>,
    gate: Gate,
    jobs: Jobs,
    /// The model without which the service is of no use.
    required: Option<String>,
    /// All that was there at the start has been loaded, or has failed.
    has_started: AtomicBool,
}

impl Service {
    /// Starts the loader thread and the pool. Nothing serves before [`Service::load_all`].
    ///
    /// # Errors
    /// If the configuration holds an impossible name, or no thread can be had.
    pub fn start(config: ServiceConfig, loaders: Loaders) -> Result<Service, StartError> {
        let pool = PoolConfig { threads: config.compute_threads, name: "compute".to_owned() };
        let pool = Arc::new(Pool::new(&pool).map_err(StartError::Thread)?);
        let decoding = Decoding { limits: config.images, slots: DecodeSlots::new(config.image_decodes.get()) };
        let rules = LoadRules { trial: config.trial, require_sha256: config.require_sha256 };
        let deployer = PipelineDeployer::new(loaders, Arc::clone(&pool), Arc::new(decoding), rules, config.observer);
        let required = config.registry.default_model.clone();
        let registry = Registry::start(config.registry, Arc::new(deployer))?;
        let jobs = Jobs::new(&pool);
        Ok(Service {
            registry,
            pool,
            gate: Gate::new(config.max_in_flight),
            jobs,
            required,
            has_started: AtomicBool::new(false),
        })
    }

    /// Loads every model of the folder on the loader thread; the ticket tells when all are ready or have failed.
    pub fn load_all(&self) -> LoadTicket {
        self.registry.load_all()
    }

    /// Loads a model anew from the folder: what is new in it, or has changed. The ticket tells when that is done.
    pub fn load(&self, model: &str) -> LoadTicket {
        self.registry.load(model, None)
    }

    /// Looks at the folder so often: what has changed is loaded, what has vanished is unloaded.
    ///
    /// # Errors
    /// If no thread can be had.
    pub fn watch(&self, every: Duration) -> Result<(), StartError> {
        self.registry.watch(every)
    }

    /// Takes a model out of service; requests that run on it finish.
    pub fn unload(&self, model: &str) -> LoadTicket {
        self.registry.unload(model, None)
    }

    /// Points an alias of a model to one of its versions, at once.
    ///
    /// # Errors
    /// If the alias cannot be a name, or there is no such model or version.
    pub fn set_alias(&self, model: &str, alias: &str, version: &str) -> Result<(), AliasError> {
        self.registry.set_alias(model, alias, version)
    }

    /// Whether requests can be sent here: the folder has been looked through once, of each model a version served or none could,
    /// and the model that requests without a name mean serves, if the configuration names one.
    pub fn is_ready(&self) -> bool {
        let snapshot = self.snapshot();
        let has_default = match &self.required {
            Some(name) => snapshot.model(name).is_some_and(|model| model.latest().is_some()),
            None => true,
        };
        self.has_started() && has_default
    }

    /// Whether the folder has been looked through once, and of each model a version served or none could: what is not known
    /// now is not about to come.
    pub fn has_started(&self) -> bool {
        let snapshot = self.snapshot();
        let is_coming =
            |version: &VersionEntry<Deployment>| matches!(version.state(), ModelState::Loading | ModelState::Warming);
        let settled =
            |model: &ModelEntry<Deployment>| model.latest().is_some() || !model.versions().iter().any(is_coming);
        // Models that come later do not take it away again.
        let has_started = self.has_started.load(Ordering::Relaxed)
            || (snapshot.generation() > 0 && snapshot.models().iter().all(settled));
        self.has_started.fetch_or(has_started, Ordering::Relaxed);
        has_started
    }

    /// Grows by one whenever anything changes that a request could notice: which models there are, in which versions and
    /// states, and what their aliases point to.
    pub fn generation(&self) -> u64 {
        self.registry.generation()
    }

    /// The version that a request means, ready to serve.
    ///
    /// # Errors
    /// [`ServeError::Resolve`].
    pub fn model(&self, wanted: ModelRef<'_>) -> Result<Arc<Deployment>, ServeError> {
        Ok(self.registry.resolve(wanted)?)
    }

    /// The model that a picture is for if the request names none: the default model if that takes pictures, else the first
    /// that does, by name.
    pub fn image_model(&self) -> Option<Arc<Deployment>> {
        let snapshot = self.snapshot();
        let meant = |model: &ModelEntry<Deployment>| model.default_version().and_then(VersionEntry::deployed).cloned();
        let default = snapshot.default_model().and_then(meant);
        let all = snapshot.models().iter().filter_map(meant);
        default.into_iter().chain(all).find(|deployment| deployment.pipeline().takes_pictures())
    }

    /// Every model and version with its state.
    pub fn snapshot(&self) -> Arc<Snapshot<Deployment>> {
        self.registry.snapshot()
    }

    /// Lets a request in, or turns it away before anything is spent on it. The permit is held until it is answered.
    ///
    /// # Errors
    /// [`ServeError::InFlightFull`]; [`ServeError::QueueFull`] if the request would not run on its own thread.
    pub fn admit(&self, deployment: &Deployment) -> Result<Permit<'_>, ServeError> {
        self.try_admit(deployment).inspect_err(|error| deployment.observer().failed(error))
    }

    fn try_admit(&self, deployment: &Deployment) -> Result<Permit<'_>, ServeError> {
        let Some(permit) = self.gate.try_enter() else {
            return Err(ServeError::InFlightFull { limit: self.gate.limit(), retry_after: FULL_RETRY });
        };
        let placement = deployment.placement();
        let is_inline = placement.is_inline(1) && !deployment.pipeline().takes_pictures();
        if !is_inline && deployment.load().rows >= placement.queue_rows {
            deployment.tally().rejected();
            return Err(ServeError::queue_full(deployment));
        }
        Ok(permit)
    }

    /// Predicts all rows: on the calling thread if a run of so many is cheap, or if nothing else of the model runs or
    /// waits and it is not slow; else on the pool, maybe in one run with rows of other requests. Dropping the future
    /// takes the rows out of the queue.
    ///
    /// Needs a tokio runtime with its timer.
    ///
    /// # Errors
    /// [`ServeError::OutOfRange`] for a value that overflows once scaled; [`ServeError::Inference`] if the model fails or
    /// panics; [`ServeError::QueueFull`] at once if too many rows wait; [`ServeError::DeadlineExceeded`] when the time is up;
    /// [`ServeError::ShuttingDown`].
    pub async fn predict(
        &self,
        deployment: &Deployment,
        rows: &Rows,
        options: CallOptions,
    ) -> Result<Answer, ServeError> {
        let began = Instant::now();
        let answer = execute::predict(deployment, rows, options, began).await;
        count(deployment, rows.len(), began, answer.as_ref().map(|answer| &answer.timing));
        answer
    }

    /// The same on the calling thread, whatever it costs, and without a future: for rows of which
    /// [`Placement::is_inline`](crate::Placement::is_inline) says that they stay there.
    ///
    /// # Errors
    /// As [`Service::predict`], but for those of the queue.
    pub fn predict_inline(
        &self,
        deployment: &Deployment,
        rows: &Rows,
        options: CallOptions,
    ) -> Result<Answer, ServeError> {
        let began = Instant::now();
        let answer = execute::predict_inline(deployment, rows, options, began);
        count(deployment, rows.len(), began, answer.as_ref().map(|answer| &answer.timing));
        answer
    }

    /// Predicts a picture, given as the bytes of its file, on the pool: decoding it is no work for a thread that reads
    /// requests. Dropping the future takes it out of the queue.
    ///
    /// # Errors
    /// [`ServeError::Image`] for what is no picture, or one beyond the limits; else as [`Service::predict`].
    pub async fn predict_image(
        &self,
        deployment: &Deployment,
        picture: Bytes,
        options: CallOptions,
    ) -> Result<Answer, ServeError> {
        let began = Instant::now();
        let answer = execute::predict_image(deployment, picture, options, began).await;
        count(deployment, 1, began, answer.as_ref().map(|answer| &answer.timing));
        answer
    }

    /// Runs the model on tensors that fit its wire signature, one for each input in its order, and gives its outputs as they
    /// are; where [`Service::predict`] would run rows, and joined with them.
    ///
    /// # Errors
    /// As [`Service::predict`].
    pub async fn infer(
        &self,
        deployment: &Deployment,
        tensors: Encoded,
        options: CallOptions,
    ) -> Result<Outputs, ServeError> {
        let (began, rows) = (Instant::now(), tensors.rows);
        let outputs = execute::infer(deployment, tensors, options, began).await;
        count(deployment, rows, began, outputs.as_ref().map(|outputs| &outputs.timing));
        outputs
    }

    /// Whether a picture, given as the bytes of its file, is one that the model can be given: decoded on the pool, for nothing
    /// but to know that.
    ///
    /// # Errors
    /// As [`Service::predict_image`], but for the model's own failures.
    pub async fn check_image(
        &self,
        deployment: &Arc<Deployment>,
        picture: Bytes,
        options: CallOptions,
    ) -> Result<(), ServeError> {
        let (deployment, bytes) = (Arc::clone(deployment), picture.len());
        self.on_pool(bytes, options, move || deployment.check_image(&picture)).await?
    }

    /// Does on the pool what is no prediction and too much for a thread that reads requests, such as unpacking a large body.
    /// `bytes` is the memory that it holds while it waits.
    ///
    /// # Errors
    /// [`ServeError::JobsFull`] at once if too much waits; [`ServeError::DeadlineExceeded`]; [`ServeError::ShuttingDown`];
    /// [`ServeError::Job`] if it panics.
    pub async fn on_pool<T: Send + 'static>(
        &self,
        bytes: usize,
        options: CallOptions,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ServeError> {
        self.jobs.run(bytes, options.deadline, work).await
    }

    /// Ends the pool: what waits runs until the deadline, and is then refused. How much was refused.
    pub fn shutdown(&self, deadline: Instant) -> usize {
        self.pool.shutdown(deadline)
    }
}

/// Counts a request of so many rows, whether it was answered or not.
fn count(deployment: &Deployment, rows: usize, began: Instant, answered: Result<&Timing, &ServeError>) {
    match answered {
        Ok(timing) => deployment.statistics().answered(rows, timing.ended.saturating_duration_since(began), timing),
        Err(error) => {
            deployment.statistics().failed(began.elapsed());
            deployment.observer().failed(error);
        }
    }
}
