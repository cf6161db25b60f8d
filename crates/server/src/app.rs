//! The composition root: configuration to a running server.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use actix_web::web::Data;
use ferrocast_cache::redis::{RedisConfig, RedisTier};
use ferrocast_cache::{CacheObserver, RemoteTier};
use ferrocast_pipeline::Loaders;
use ferrocast_serving::{Alias, ImageLimits, RegistryConfig, Service, ServiceConfig, StartError, Trial};
use ferrocast_tasks::Tasks;
use ferrocast_telemetry::{Metrics, MetricsConfig};
use tokio::sync::oneshot;
use tracing::warn;

use crate::access::{Access, Listener};
use crate::answers::Answers;
use crate::config::{Config, ConfigError, ModelControl, ServerConfig};
use crate::counting::{CountingService, CountingTasks};
use crate::lifecycle::Lifecycle;
use crate::listen::{Endpoint, Listening};
use crate::openapi::{ApiDocument, CaptureError, capture};
use crate::reporting::{self, Reporting};
use crate::state::{Parts, State};
use crate::tasks;
use crate::tls::Tls;
use crate::trial::ChildTrial;
use crate::{engines, greeting, shutdown};

/// How long whoever reads the log and takes traces may take for the last of them.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Between two times that clients are forgotten which keep within their limits.
const SWEEP: Duration = Duration::from_secs(60);

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Sets log and traces up and serves until the process is told to stop (SIGTERM or SIGINT); what is in flight then finishes.
///
/// # Errors
/// If the server cannot start; [`RunError::Config`] if mending the configuration helps.
pub fn run(config: Config) -> Result<(), RunError> {
    let (telemetry, reporting) = reporting::begin(&config)?;
    config.notes.iter().for_each(|note| warn!("{note}"));
    let served = System::new().block_on(async {
        let loaders = engines::configured(&config.onnxruntime);
        let server = Server::start_reporting(config, loaders, reporting).await?;
        Ok(shutdown::serve_until_signal(server).await?)
    });
    // Whether all was taken is of no use any more: there is nobody left to tell.
    telemetry.map(|telemetry| telemetry.shutdown(LAST_WORDS));
    served
}

/// A server that accepts connections. Models load in the background; `/health` tells when they are ready.
pub struct Server {
    endpoint: Endpoint,
    running: actix_web::dev::Server,
    admin: Option<(Endpoint, actix_web::dev::Server)>,
    /// Watches its files.
    _tls: Option<Tls>,
    lifecycle: Arc<Lifecycle>,
    service: Arc<Service>,
    tasks: Arc<Tasks>,
    drain_delay: Duration,
    drain: Duration,
}

impl Server {
    /// Binds the address, starts the workers and begins to load all models with these engines. Must be called inside
    /// an actix system, such as [`run`] makes.
    ///
    /// # Errors
    /// If the address is taken, a configured name is impossible, or the system gives no threads.
    pub async fn start(config: Config, loaders: Loaders) -> Result<Server, RunError> {
        Server::start_reporting(config, loaders, Reporting::default()).await
    }

    /// The same with the log and the traces of the process.
    async fn start_reporting(config: Config, loaders: Loaders, reporting: Reporting) -> Result<Server, RunError> {
        let state = Data::new(State::new(&config, parts(&config, loaders, reporting).await?));
        let (service, tasks, lifecycle) = (&state.service, &state.tasks, &state.lifecycle);
        let (service, tasks, lifecycle) = (Arc::clone(service), Arc::clone(tasks), Arc::clone(lifecycle));
        let main = Listening::at("server", config.server.address, config.server.workers.get(), Listener::Main);
        let tls = config.tls.as_ref().map(Tls::open).transpose();
        let tls = tls.map_err(|error| config.problem(error.setting(), error.to_string()))?;
        let (endpoint, running) = main.listen(&config, state.clone(), tls.as_ref())?;
        let admin = config.admin.address.map(|address| {
            // What does not leave the machine needs no TLS.
            let tls = tls.as_ref().filter(|_| !address.ip().is_loopback());
            Listening::at("admin", address, 1, Listener::Admin).listen(&config, state.clone(), tls)
        });
        let admin = admin.transpose()?;
        sweep_now_and_then(state);
        greeting::after_loading(Arc::clone(&service), endpoint, admin.as_ref().map(|(endpoint, _)| *endpoint));
        if let ModelControl::Poll(every) = config.models.control {
            service.watch(every).map_err(|error| start_error(&config, error))?;
        }
        let ServerConfig { drain_delay, drain, .. } = config.server;
        Ok(Server { endpoint, running, admin, _tls: tls, lifecycle, service, tasks, drain_delay, drain })
    }

    /// Where it listens: the port that was picked if port 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.endpoint.address
    }

    /// Where it is administered, if that is elsewhere.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(|(endpoint, _)| endpoint.address)
    }

    /// Its tasks, for whoever stops it.
    pub(crate) fn tasks(&self) -> Arc<Tasks> {
        Arc::clone(&self.tasks)
    }

    /// Where it stands, for whoever stops it.
    pub(crate) fn lifecycle(&self) -> Arc<Lifecycle> {
        Arc::clone(&self.lifecycle)
    }

    /// How long it goes on accepting connections once it has been told to stop.
    pub(crate) fn drain_delay(&self) -> Duration {
        self.drain_delay
    }

    /// How long what is in flight may take to finish.
    pub(crate) fn drain(&self) -> Duration {
        self.drain
    }

    /// Stops the server from elsewhere.
    pub fn handle(&self) -> ServerHandle {
        self.running.handle()
    }

    /// Waits until it has stopped.
    ///
    /// # Errors
    /// If accepting connections failed for good.
    pub async fn finished(self) -> io::Result<()> {
        let tasks = self.tasks();
        let admin = self.admin.map(|(_, admin)| (admin.handle(), actix_web::rt::spawn(admin)));
        let stopped = self.running.await;
        if let Some((handle, admin)) = admin {
            // Until here it has told how the rest goes down.
            handle.stop(false).await;
            drop(admin.await);
        }
        // On another thread, for this one has signals to notice.
        let (end, ended) = oneshot::channel::<()>();
        let join = move || {
            tasks.join();
            drop(end);
        };
        match thread::Builder::new().name("tasks-end".to_owned()).spawn(join) {
            // There is no other answer than that it has ended.
            Ok(_) => drop(ended.await),
            Err(_) => self.tasks.join(),
        }
        // Whoever could still be answered has been: what waits now belongs to connections that were cut off.
        match self.service.shutdown(Instant::now()) {
            0 => {}
            refused => warn!(refused, "stopped before these predictions ran"),
        }
        stopped
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The configuration does not work on this machine.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The system refused something.
    #[error("the server cannot run: {0}")]
    Io(#[from] io::Error),
    /// A fault of ours.
    #[error(transparent)]
    Document(#[from] CaptureError),
}

/// What is begun before anybody can ask for anything.
pub(crate) async fn parts(config: &Config, loaders: Loaders, reporting: Reporting) -> Result<Parts, RunError> {
    let document = ApiDocument::new(capture(&config.server.app_name).await?);
    let access = Access::open(config)?;
    let metrics = Arc::new(Metrics::new(MetricsConfig { triton: config.metrics.triton, version: VERSION }));
    let mut service = service_config(config);
    if config.metrics.enabled {
        service.observer = Arc::new(CountingService(Arc::clone(&metrics)));
    }
    let service = Arc::new(Service::start(service, loaders).map_err(|error| start_error(config, error))?);
    let answers = answers(config, &metrics)?;
    let tasks =
        tasks::begin(config, Arc::clone(&service), Arc::new(CountingTasks(Arc::clone(&metrics))), &reporting.tracing)
            .await?;
    Ok(Parts {
        lifecycle: Arc::new(Lifecycle::begin()),
        access,
        metrics,
        reporting,
        service,
        answers,
        tasks: Arc::new(tasks),
        document,
    })
}

/// Keeps what is remembered of clients small.
fn sweep_now_and_then(state: Data<State>) {
    actix_web::rt::spawn(async move {
        loop {
            tokio::time::sleep(SWEEP).await;
            state.access.sweep();
        }
    });
}

/// The part of the configuration that is not about HTTP.
pub(crate) fn service_config(config: &Config) -> ServiceConfig {
    ServiceConfig {
        registry: registry_config(config),
        compute_threads: config.server.compute_threads,
        max_in_flight: config.limits.max_in_flight,
        images: ImageLimits {
            side: config.limits.image_side,
            pixels: config.limits.image_pixels,
            memory: config.limits.image_memory,
        },
        image_decodes: config.limits.image_decodes,
        trial: trial(config),
        require_sha256: config.models.require_sha256,
        observer: Arc::new(()),
    }
}

/// What keeps answers: memory, and behind it Redis if there is one.
fn answers(config: &Config, metrics: &Metrics) -> Result<Answers, RunError> {
    let shared = config.redis.url.as_ref().map(|url| {
        let redis = RedisConfig {
            prefix: format!("{}:cache", config.redis.prefix),
            timeout: config.cache.redis_timeout,
            ..RedisConfig::new(url.reveal())
        };
        RedisTier::new(redis, Arc::clone(metrics.cache()) as Arc<dyn CacheObserver>)
            .map_err(|error| config.problem("redis.url", error.to_string()))
    });
    let shared = shared.transpose()?.map(|tier| Arc::new(tier) as Arc<dyn RemoteTier>);
    Ok(Answers::new(config.cache.memory_bytes, config.cache.ttl, shared))
}

/// Where models are tried before they are loaded, if they are.
fn trial(config: &Config) -> Option<Arc<dyn Trial>> {
    let program = config.models.trial_program.clone()?;
    let limits = config.models.trial?;
    Some(Arc::new(ChildTrial { program, limits, onnxruntime: config.onnxruntime.library.clone() }))
}

/// Names and places of models, as the registry takes them.
fn registry_config(config: &Config) -> RegistryConfig {
    let aliases = config.models.aliases.iter().flat_map(|(model, aliases)| {
        aliases.iter().map(move |(alias, version)| Alias {
            model: model.clone(),
            alias: alias.clone(),
            version: version.clone(),
        })
    });
    RegistryConfig {
        root: config.models.path.clone(),
        default_model: config.models.default.clone(),
        aliases: aliases.collect(),
    }
}

fn start_error(config: &Config, error: StartError) -> RunError {
    match error {
        StartError::Alias(cause) => config.problem("models.aliases", cause.to_string()).into(),
        error => io::Error::other(error).into(),
    }
}
