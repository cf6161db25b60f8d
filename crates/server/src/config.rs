//! Configuration: defaults, models directory, file, `.env`, environment and flags become one checked [`Config`].
//!
//! Every source is read and every setting checked before anything is said, so a user mends all problems at once.

mod access;
mod cache;
mod dotenv;
mod onnxruntime;
mod prepare;
mod problem;
mod raw;
mod reference;
mod secret;
mod settings;
mod sources;
mod suggest;
mod tasks;
mod telemetry;
mod text;
mod tls;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use ferrocast_protocol::native;
use ferrocast_schema::JsonLimits;
use ferrocast_telemetry::OtlpConfig;

use self::sources::Layer;
use crate::trial::TrialLimits;

pub use self::access::{AdminConfig, AllowedOrigin, AuthConfig, CorsConfig, RateConfig};
pub use self::cache::{CacheConfig, RedisConfig};
pub use self::onnxruntime::OnnxRuntimeConfig;
pub use self::problem::{ConfigError, Problem};
pub(crate) use self::reference::reference;
pub use self::secret::Secret;
pub use self::sources::Sources;
pub use self::tasks::{CallbacksConfig, TaskStoreKind, TasksConfig};
pub use self::telemetry::MetricsConfig;
pub use self::tls::TlsConfig;

/// The command line's part of the configuration, as text: it is checked together with all other sources.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config FILE`; it must exist. Without it `ferrocast.toml` is read if it is there.
    pub config: Option<PathBuf>,
    /// `--models DIR`.
    pub models: Option<String>,
    /// `--host ADDR`.
    pub host: Option<String>,
    /// `--port N`.
    pub port: Option<String>,
    /// `--default-model NAME`.
    pub default_model: Option<String>,
}

/// A complete, consistent configuration: what a running server is made from.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[server]`.
    pub server: ServerConfig,
    /// `[auth]`.
    pub auth: AuthConfig,
    /// `[rate]`, and whose word counts about addresses.
    pub rate: RateConfig,
    /// `[admin]`.
    pub admin: AdminConfig,
    /// `[tls]`, if connections are secured.
    pub tls: Option<TlsConfig>,
    /// `[cors]`.
    pub cors: CorsConfig,
    /// `[models]`.
    pub models: ModelsConfig,
    /// `[onnxruntime]`.
    pub onnxruntime: OnnxRuntimeConfig,
    /// `[limits]`.
    pub limits: Limits,
    /// `[tasks]`.
    pub tasks: TasksConfig,
    /// `[callbacks]`.
    pub callbacks: CallbacksConfig,
    /// `[cache]`.
    pub cache: CacheConfig,
    /// `[redis]`.
    pub redis: RedisConfig,
    /// `[metrics]`.
    pub metrics: MetricsConfig,
    /// `[otlp]`, if there is a receiver.
    pub otlp: Option<OtlpConfig>,
    /// `[log]`.
    pub log: LogConfig,
    /// Settings that were given and have no effect, one sentence each, for the log.
    pub notes: Vec<String>,
    origins: Origins,
}

impl Config {
    /// Reads the working directory, the environment and the given flags.
    ///
    /// # Errors
    /// Every problem found, each naming its key and source.
    pub fn load(flags: Flags) -> Result<Config, ConfigError> {
        Config::from_sources(&Sources::of_process(flags))
    }

    /// Reads the given sources.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn from_sources(sources: &Sources) -> Result<Config, ConfigError> {
        prepare::prepare(sources)
    }

    /// A problem with the value of `key`, naming where that value came from.
    pub(crate) fn problem(&self, key: &str, message: String) -> ConfigError {
        ConfigError::of(key, self.origins.of(key), message)
    }
}

/// Where to listen and how patient to be.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Address and port; port 0 picks one.
    pub address: SocketAddr,
    /// I/O threads.
    pub workers: NonZeroUsize,
    /// Threads of the pool for slow models.
    pub compute_threads: NonZeroUsize,
    /// How long a prediction may take, from its head to its answer.
    pub request_timeout: Duration,
    /// How long an idle connection is kept; zero closes it after each answer.
    pub keep_alive: Duration,
    /// How long a client may take for the request head.
    pub head_timeout: Duration,
    /// How long a client may take for the body, before the allowance for what has arrived.
    pub body_timeout: Duration,
    /// How long it goes on answering, without being ready, when the server is told to stop.
    pub drain_delay: Duration,
    /// How long requests in flight may take to finish when the server is told to stop.
    pub drain: Duration,
    /// Title of the API documentation.
    pub app_name: String,
    /// Show causes of server faults to clients; only true on a loopback address.
    pub debug: bool,
}

/// What to serve.
#[derive(Debug, Clone)]
pub struct ModelsConfig {
    /// Directory of models; it exists and can be listed.
    pub path: PathBuf,
    /// Model behind the flat routes, if one was named.
    pub default: Option<String>,
    /// Model name → alias → version.
    pub aliases: BTreeMap<String, BTreeMap<String, String>>,
    /// When models are loaded after the start.
    pub control: ModelControl,
    /// What it may cost to try a model, if each is tried before it is loaded.
    pub trial: Option<TrialLimits>,
    /// The program that tries models: one that has the command `try-model`, as `ferrocast` does. Without it none is tried.
    pub trial_program: Option<PathBuf>,
    /// Only models are loaded whose manifest pins the file.
    pub require_sha256: bool,
}

/// When models are loaded after the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelControl {
    /// Never.
    Off,
    /// When a request asks for it.
    Explicit,
    /// Also when the directory has changed, which is looked at so often.
    Poll(Duration),
}

/// What one request may cost.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest JSON body in bytes.
    pub json_bytes: usize,
    /// Largest body with tensors in bytes, as it is when it is not compressed.
    pub tensor_bytes: usize,
    /// Deepest JSON nesting.
    pub json_depth: usize,
    /// Most numbers in one JSON body.
    pub json_numbers: usize,
    /// Most instances in one batch.
    pub max_batch_size: usize,
    /// Most open connections.
    pub max_connections: usize,
    /// Most predictions under way.
    pub max_in_flight: usize,
    /// Most bytes of bodies in memory, of all requests together.
    pub in_flight_bytes: usize,
    /// Largest picture in bytes, as it is sent.
    pub image_bytes: usize,
    /// Largest form with several pictures in bytes.
    pub image_batch_bytes: usize,
    /// Most pictures in one form.
    pub max_image_batch: usize,
    /// Most pixels of a picture's side.
    pub image_side: usize,
    /// Most pixels of a picture.
    pub image_pixels: usize,
    /// Most memory that decoding a picture takes, in bytes.
    pub image_memory: usize,
    /// Pictures that are decoded at a time.
    pub image_decodes: NonZeroUsize,
}

impl Limits {
    /// What one body may ask of a model.
    pub(crate) fn of_a_body(&self) -> native::Limits {
        let json = JsonLimits { depth: self.json_depth, numbers: self.json_numbers, ..JsonLimits::default() };
        native::Limits { max_batch: self.max_batch_size, json }
    }
}

/// How to log.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// `off`, `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    /// Most lines a second for requests.
    pub requests_per_second: u64,
    /// `auto`, `text` or `json`.
    pub format: String,
}

/// Where each setting, or a section that is none, got its value: how strong the source is, and where to look.
#[derive(Debug, Clone, Default)]
struct Origins(BTreeMap<&'static str, (usize, String)>);

impl Origins {
    /// `layers` from the weakest to the strongest.
    fn of_layers(layers: &[Layer]) -> Origins {
        let strongest = |key: &'static str| {
            let (rank, layer) = layers.iter().enumerate().rfind(|(_, layer)| layer.gives(key))?;
            Some((key, (rank, layer.place(key))))
        };
        let keys = settings::SETTINGS.iter().map(|setting| setting.key);
        Origins(keys.chain(settings::sections()).filter_map(strongest).collect())
    }

    fn of(&self, key: &str) -> String {
        self.0.get(key).map_or_else(|| "default".to_owned(), |(_, place)| place.clone())
    }

    /// Whether `key` was set by a weaker source than `other`.
    fn is_weaker(&self, key: &str, other: &str) -> bool {
        let rank = |key| self.0.get(key).map_or(0, |(rank, _)| *rank);
        rank(key) < rank(other)
    }
}

#[cfg(test)]
mod tests;
