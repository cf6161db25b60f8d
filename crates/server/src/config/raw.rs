//! The settings as they were given: typed by serde, checked one by one by garde, not yet related to each other.

use std::collections::BTreeMap;

use garde::Validate;
use serde::Deserialize;

use super::Secret;

/// Every section. Defaults come from the table of settings, so only what has no default is optional.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct RawConfig {
    #[garde(dive)]
    pub(crate) server: RawServer,
    #[garde(dive)]
    pub(crate) auth: RawAuth,
    #[garde(dive)]
    #[serde(default)]
    pub(crate) rate: RawRate,
    #[garde(dive)]
    pub(crate) admin: RawAdmin,
    #[garde(dive)]
    #[serde(default)]
    pub(crate) tls: RawTls,
    #[garde(dive)]
    pub(crate) cors: RawCors,
    #[garde(dive)]
    pub(crate) models: RawModels,
    #[garde(dive)]
    #[serde(default)]
    pub(crate) onnxruntime: RawOnnxRuntime,
    #[garde(dive)]
    pub(crate) limits: RawLimits,
    #[garde(dive)]
    pub(crate) tasks: RawTasks,
    #[garde(dive)]
    pub(crate) callbacks: RawCallbacks,
    #[garde(dive)]
    pub(crate) cache: RawCache,
    #[garde(dive)]
    pub(crate) redis: RawRedis,
    #[garde(dive)]
    pub(crate) metrics: RawMetrics,
    #[garde(dive)]
    pub(crate) otlp: RawOtlp,
    #[garde(dive)]
    pub(crate) log: RawLog,
}

/// `[server]`.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct RawServer {
    #[garde(length(min = 1))]
    pub(crate) host: String,
    #[garde(range(max = 65_535))]
    pub(crate) port: u64,
    #[garde(range(min = 1, max = 512))]
    pub(crate) workers: Option<u64>,
    #[garde(range(min = 1, max = 1024))]
    pub(crate) compute_threads: Option<u64>,
    #[garde(range(min = 1, max = 3600))]
    pub(crate) request_timeout_s: u64,
    #[garde(range(max = 3600))]
    pub(crate) keep_alive_s: u64,
    #[garde(range(min = 1, max = 300))]
    pub(crate) head_timeout_s: u64,
    #[garde(range(min = 1, max = 300))]
    pub(crate) body_timeout_s: u64,
    #[garde(range(max = 3600))]
    pub(crate) drain_delay_s: u64,
    #[garde(range(max = 3600))]
    pub(crate) drain_s: u64,
    #[garde(length(chars, min = 1, max = 100))]
    pub(crate) app_name: String,
    #[garde(skip)]
    pub(crate) debug: bool,
    #[garde(skip)]
    pub(crate) trusted_proxies: Option<String>,
    #[garde(custom(one_of(&["x-forwarded-for", "forwarded"])))]
    pub(crate) proxy_header: String,
}

/// `[auth]`.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct RawAuth {
    #[garde(skip)]
    pub(crate) keys_file: Option<String>,
    #[garde(skip)]
    pub(crate) allow_anonymous: bool,
    #[garde(skip)]
    pub(crate) open: Option<String>,
}

/// `[rate]`.
#[derive(Debug, Default, Deserialize, Validate)]
pub(crate) struct RawRate {
    #[garde(range(min = 1, max = 1_000_000))]
    pub(crate) per_second: Option<u64>,
    #[garde(range(min = 1, max = 1_000_000))]
    pub(crate) burst: Option<u64>,
}

/// `[admin]`.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct RawAdmin {
    #[garde(length(min = 1))]
    pub(crate) host: String,
    #[garde(range(max = 65_535))]
    pub(crate) port: Option<u64>,
}

/// `[tls]`.
#[derive(Debug, Default, Deserialize, Validate)]
pub(crate) struct RawTls {
    #[garde(skip)]
    pub(crate) cert_file: Option<String>,
    #[garde(skip)]
    pub(crate) key_file: Option<String>,
    #[garde(skip)]
    pub(crate) client_ca_file: Option<String>,
}

/// `[cors]`.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct RawCors {
    #[garde(skip)]
    pub(crate) origins: Option<String>,
    #[garde(range(max = 86_400))]
    pub(crate) max_age_s: u64,
}

/// `[models]`.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct RawModels {
    #[garde(length(min = 1))]
    pub(crate) path: String,
    #[garde(length(min = 1))]
    pub(crate) default: Option<String>,
    #[garde(skip)]
    #[serde(default)]
    pub(crate) aliases: BTreeMap<String, BTreeMap<String, String>>,
    #[garde(custom(one_of(&["off", "explicit", "poll"])))]
    pub(crate) control: String,
    #[garde(range(min = 50, max = 3_600_000))]
    pub(crate) poll_ms: u64,
    #[garde(skip)]
    pub(crate) trial: bool,
    #[garde(range(min = 67_108_864, max = 1_099_511_627_776))]
    pub(crate) trial_memory: u64,
    #[garde(range(min = 1, max = 3600))]
    pub(crate) trial_seconds: u64,
    #[garde(skip)]
    pub(crate) require_sha256: bool,
}

/// `[onnxruntime]`.
#[derive(Debug, Default, Deserialize, Validate)]
pub(crate) struct RawOnnxRuntime {
    #[garde(skip)]
    pub(crate) library: Option<String>,
    #[garde(range(min = 1, max = 512))]
    pub(crate) threads: Option<u64>,
}

/// `[limits]`.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct RawLimits {
    #[garde(range(min = 1024, max = 1_073_741_824))]
    pub(crate) json_bytes: u64,
    #[garde(range(min = 1024, max = 1_073_741_824))]
    pub(crate) tensor_bytes: u64,
    #[garde(range(min = 2, max = 120))]
    pub(crate) json_depth: u64,
    #[garde(range(min = 1, max = 100_000_000))]
    pub(crate) json_numbers: u64,
    #[garde(range(min = 1, max = 100_000))]
    pub(crate) max_batch_size: u64,
    #[garde(range(min = 1, max = 1_000_000))]
    pub(crate) max_connections: u64,
    #[garde(range(min = 1, max = 1_000_000))]
    pub(crate) max_in_flight: u64,
    #[garde(range(min = 1_048_576, max = 1_099_511_627_776))]
    pub(crate) in_flight_bytes: u64,
    #[garde(range(min = 1024, max = 1_073_741_824))]
    pub(crate) image_bytes: u64,
    #[garde(range(min = 1024, max = 1_073_741_824))]
    pub(crate) image_batch_bytes: u64,
    #[garde(range(min = 1, max = 1000))]
    pub(crate) max_image_batch: u64,
    #[garde(range(min = 2, max = 65_535))]
    pub(crate) image_side: u64,
    #[garde(range(min = 4, max = 4_294_967_296))]
    pub(crate) image_pixels: u64,
    #[garde(range(min = 1_048_576, max = 68_719_476_736))]
    pub(crate) image_memory: u64,
    #[garde(range(min = 1, max = 1024))]
    pub(crate) image_decodes: Option<u64>,
}

/// `[tasks]`.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct RawTasks {
    #[garde(custom(one_of(&["auto", "sqlite", "redis"])))]
    pub(crate) store: String,
    #[garde(length(min = 1))]
    pub(crate) path: String,
    #[garde(range(min = 1, max = 1024))]
    pub(crate) workers: u64,
    #[garde(range(min = 1, max = 86_400))]
    pub(crate) timeout_s: u64,
    #[garde(range(min = 1, max = 100))]
    pub(crate) max_attempts: u64,
    #[garde(range(min = 1, max = 100_000_000))]
    pub(crate) max_tasks: u64,
    #[garde(range(min = 1_048_576, max = 1_099_511_627_776))]
    pub(crate) max_bytes: u64,
    #[garde(range(min = 1, max = 31_536_000))]
    pub(crate) keep_s: u64,
}

/// `[callbacks]`. What is text here is read where it can be said what is wrong with it.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct RawCallbacks {
    #[garde(skip)]
    pub(crate) secret: Option<Secret>,
    #[garde(skip)]
    pub(crate) allow_http: bool,
    #[garde(skip)]
    pub(crate) ports: String,
    #[garde(skip)]
    pub(crate) allow_networks: Option<String>,
    #[garde(skip)]
    pub(crate) deny_networks: Option<String>,
    #[garde(skip)]
    pub(crate) hosts: Option<String>,
    #[garde(skip)]
    pub(crate) retries_s: String,
    #[garde(range(min = 10, max = 300_000))]
    pub(crate) timeout_ms: u64,
    #[garde(skip)]
    pub(crate) ca_file: Option<String>,
}

/// `[cache]`.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct RawCache {
    #[garde(range(min = 1, max = 31_536_000))]
    pub(crate) ttl_s: u64,
    #[garde(range(min = 1024, max = 1_099_511_627_776))]
    pub(crate) memory_bytes: u64,
    #[garde(range(min = 1, max = 10_000))]
    pub(crate) redis_timeout_ms: u64,
}

/// `[redis]`.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct RawRedis {
    #[garde(skip)]
    pub(crate) url: Option<Secret>,
    #[garde(length(chars, min = 1, max = 100))]
    pub(crate) prefix: String,
}

/// `[metrics]`.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct RawMetrics {
    #[garde(skip)]
    pub(crate) enabled: bool,
    #[garde(skip)]
    pub(crate) compat: Option<String>,
}

/// `[otlp]`. What is text here is read where it can be said what is wrong with it.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct RawOtlp {
    #[garde(skip)]
    pub(crate) endpoint: Option<String>,
    #[garde(custom(one_of(&["grpc", "http/protobuf", "http"])))]
    pub(crate) protocol: String,
    #[garde(skip)]
    pub(crate) headers: Option<Secret>,
    #[garde(length(chars, min = 1, max = 100))]
    pub(crate) service_name: String,
    #[garde(skip)]
    pub(crate) resource: Option<String>,
    #[garde(skip)]
    pub(crate) sample_ratio: String,
    #[garde(range(min = 100, max = 60_000))]
    pub(crate) timeout_ms: u64,
}

/// `[log]`.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct RawLog {
    #[garde(custom(one_of(&["off", "critical", "error", "warning", "warn", "info", "debug", "trace"])))]
    pub(crate) level: String,
    #[garde(range(max = 1_000_000))]
    pub(crate) requests_per_second: u64,
    #[garde(custom(one_of(&["auto", "text", "json"])))]
    pub(crate) format: String,
}

/// Accepts the given words in any case.
fn one_of(words: &'static [&'static str]) -> impl FnOnce(&str, &()) -> garde::Result {
    |value, ()| match words.iter().any(|word| word.eq_ignore_ascii_case(value)) {
        true => Ok(()),
        false => Err(garde::Error::new("not one of the accepted words")),
    }
}
