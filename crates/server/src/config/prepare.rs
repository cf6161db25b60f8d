//! From sources to a [`Config`]: merge, check types, check ranges, relate settings to each other and to the machine.

use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use figment::Figment;
use figment::error::{Actual, Kind};
use garde::Validate;

use super::problem::{ConfigError, Problem};
use super::raw::{RawConfig, RawModels, RawServer};
use super::settings::{self, SETTINGS};
use super::sources::{self, Layer, Sources};
use super::suggest::nearest;
use crate::trial::TrialLimits;

use super::{Config, Limits, LogConfig, ModelControl, ModelsConfig, Origins, ServerConfig};

/// Reads and checks everything; all problems come back together.
pub(super) fn prepare(sources: &Sources) -> Result<Config, ConfigError> {
    let mut problems = Vec::new();
    let layers = sources::layers(sources, &mut problems);
    let origins = Origins::of_layers(&layers);
    let figment = layers.into_iter().fold(Figment::new(), Figment::merge);
    let config =
        extract(figment, &origins, &mut problems).map(|raw| relate(raw, &sources.directory, origins, &mut problems));
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => {
            let place = |problem: &Problem| SETTINGS.iter().position(|setting| setting.key == problem.key);
            problems.sort_by_key(place);
            Err(ConfigError { problems })
        }
    }
}

/// Types and ranges. A value that fails is reported and replaced by its default, so that the next one is looked at.
/// `None` only if even the defaults do not fit, which a test rules out.
fn extract(mut figment: Figment, origins: &Origins, problems: &mut Vec<Problem>) -> Option<RawConfig> {
    // Each round mends one setting or section, so there are at most this many.
    let rounds = SETTINGS.len() + settings::sections().len() + 1;
    for _ in 0..rounds {
        let raw = match figment.extract::<RawConfig>() {
            Ok(raw) => raw,
            Err(error) => {
                let key = known_part(&error.path);
                // A table cannot be replaced by its default, only added to; what else is wrong shows once it is mended.
                if problems.iter().any(|problem| problem.key == key) {
                    return None;
                }
                problems.push(Problem {
                    source: origins.of(&key),
                    message: type_message(&key, &error.kind),
                    key: key.clone(),
                });
                figment = with_default(figment, &key);
                continue;
            }
        };
        let Err(report) = raw.validate() else { return Some(raw) };
        for (path, _) in report.iter() {
            let key = path.to_string();
            problems.push(Problem {
                source: origins.of(&key),
                message: range_message(&figment, &key),
                key: key.clone(),
            });
            figment = with_default(figment, &key);
        }
    }
    None
}

/// The setting that a path inside a value belongs to: `models.aliases.churn` is part of `models.aliases`.
fn known_part(path: &[String]) -> String {
    path.iter().take(2).map(String::as_str).collect::<Vec<_>>().join(".")
}

fn with_default(figment: Figment, key: &str) -> Figment {
    if key.contains('.') {
        return figment.merge(Layer::default_of(key));
    }
    let of_section = |setting: &&settings::Setting| setting.key.split('.').next() == Some(key);
    SETTINGS.iter().filter(of_section).fold(figment, |figment, setting| figment.merge(Layer::default_of(setting.key)))
}

/// What the setting accepts; what was found too, unless it is a secret.
fn type_message(key: &str, kind: &Kind) -> String {
    let Some(setting) = settings::find(key) else { return "must be a section".to_owned() };
    match kind {
        Kind::InvalidType(found, _) | Kind::InvalidValue(found, _) if !setting.secret => {
            format!("must be {}, not {}", setting.accepts, in_words(found))
        }
        _ => format!("must be {}", setting.accepts),
    }
}

fn range_message(figment: &Figment, key: &str) -> String {
    let Some(setting) = settings::find(key) else { return "is not accepted".to_owned() };
    match figment.find_value(key) {
        Ok(found) if !setting.secret => {
            format!("must be {}, not {}", setting.accepts, in_words(&found.to_actual()))
        }
        _ => format!("must be {}", setting.accepts),
    }
}

/// A value as one would write it.
fn in_words(found: &Actual) -> String {
    match found {
        Actual::Bool(value) => value.to_string(),
        Actual::Unsigned(value) => value.to_string(),
        Actual::Signed(value) => value.to_string(),
        Actual::Float(value) => value.to_string(),
        Actual::Str(text) => format!("{text:?}"),
        Actual::Map => "a table".to_owned(),
        Actual::Seq => "a list".to_owned(),
        _ => "that".to_owned(),
    }
}

/// Checks that need more than one setting, or the machine.
fn relate(raw: RawConfig, directory: &Path, origins: Origins, problems: &mut Vec<Problem>) -> Config {
    let mut notes = Vec::new();
    let mut report = |key: &str, message: String| {
        problems.push(Problem { key: key.to_owned(), source: origins.of(key), message });
    };
    let server = server(&raw.server, &mut report);
    let auth = super::access::auth(&raw.auth, directory, &mut report);
    let rate = super::access::rate(&raw.rate, &raw.server, &mut notes, &mut report);
    let admin = super::access::admin(&raw.admin, &mut report);
    let tls = super::tls::tls(&raw.tls, directory, &mut report);
    let cors = super::access::cors(&raw.cors, &mut report);
    let addresses = [("server.host", Some(server.address)), ("admin.host", admin.address)];
    super::access::check_reach(&raw, addresses, &mut report);
    let redis = super::cache::redis(raw.redis);
    let tasks = super::tasks::tasks(&raw.tasks, directory, redis.url.is_some(), &mut report);
    let callbacks = super::tasks::callbacks(&raw.callbacks, directory, &mut report);
    let models = models(raw.models, directory, &origins, &mut notes, &mut report);
    let onnxruntime = super::onnxruntime::onnxruntime(&raw.onnxruntime, directory, &mut notes);
    Config {
        server,
        auth,
        rate,
        admin,
        tls,
        cors,
        models,
        onnxruntime,
        limits: Limits {
            json_bytes: count(raw.limits.json_bytes),
            tensor_bytes: count(raw.limits.tensor_bytes),
            json_depth: count(raw.limits.json_depth),
            json_numbers: count(raw.limits.json_numbers),
            max_batch_size: count(raw.limits.max_batch_size),
            max_connections: count(raw.limits.max_connections),
            max_in_flight: count(raw.limits.max_in_flight),
            in_flight_bytes: count(raw.limits.in_flight_bytes),
            image_bytes: count(raw.limits.image_bytes),
            image_batch_bytes: count(raw.limits.image_batch_bytes),
            max_image_batch: count(raw.limits.max_image_batch),
            image_side: count(raw.limits.image_side),
            image_pixels: count(raw.limits.image_pixels),
            image_memory: count(raw.limits.image_memory),
            image_decodes: raw.limits.image_decodes.map(count).and_then(NonZeroUsize::new).unwrap_or_else(cores),
        },
        tasks,
        callbacks,
        cache: super::cache::cache(&raw.cache),
        redis,
        metrics: super::telemetry::metrics(&raw.metrics, &mut report),
        otlp: super::telemetry::otlp(&raw.otlp, &mut report),
        log: LogConfig {
            level: level(&raw.log.level),
            requests_per_second: raw.log.requests_per_second,
            format: raw.log.format.to_ascii_lowercase(),
        },
        notes,
        origins,
    }
}

fn server(raw: &RawServer, report: &mut impl FnMut(&str, String)) -> ServerConfig {
    // The range check has passed: a port fits.
    let port = u16::try_from(raw.port).unwrap_or(0);
    let address = (raw.host.as_str(), port).to_socket_addrs().ok().and_then(|mut it| it.next());
    let address = address.unwrap_or_else(|| {
        let accepts = settings::find("server.host").map_or("", |setting| setting.accepts);
        report("server.host", format!("must be {accepts}, not {:?}", raw.host));
        SocketAddr::from(([127, 0, 0, 1], port))
    });
    if raw.debug && !address.ip().is_loopback() {
        let host = &raw.host;
        report(
            "server.debug",
            format!("must be false when server.host is {host}: it shows clients the causes of server faults"),
        );
    }
    ServerConfig {
        address,
        workers: raw.workers.map(count).and_then(NonZeroUsize::new).unwrap_or_else(cores),
        compute_threads: raw
            .compute_threads
            .map(count)
            .and_then(NonZeroUsize::new)
            .unwrap_or(cores().saturating_add(1)),
        request_timeout: Duration::from_secs(raw.request_timeout_s),
        keep_alive: Duration::from_secs(raw.keep_alive_s),
        head_timeout: Duration::from_secs(raw.head_timeout_s),
        body_timeout: Duration::from_secs(raw.body_timeout_s),
        drain_delay: Duration::from_secs(raw.drain_delay_s),
        drain: Duration::from_secs(raw.drain_s),
        app_name: raw.app_name.clone(),
        debug: raw.debug,
    }
}

/// Cores this process may use, as far as the system tells.
pub(super) fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

fn models(
    mut raw: RawModels,
    directory: &Path,
    origins: &Origins,
    notes: &mut Vec<String>,
    report: &mut impl FnMut(&str, String),
) -> ModelsConfig {
    let path = directory.join(&raw.path);
    match model_names(&path) {
        Ok(names) => {
            let absent = |name: &String| !names.contains(name);
            let unknown = |name: &str| match nearest(name, names.iter().map(String::as_str)) {
                Some(meant) => format!("no model {name:?} in {}; did you mean {meant:?}?", raw.path),
                None => format!("no model {name:?} in {} (there: {})", raw.path, listed(&names)),
            };
            // A file that speaks of one directory, and a command line that names another: the file's words about
            // models are beside the point, not wrong.
            let aside = |key: &str| origins.is_weaker(key, "models.path");
            if let Some(name) = raw.default.take_if(|name| absent(name)) {
                let message = unknown(&name);
                if aside("models.default") {
                    notes.push(format!("models.default [{}] has no effect: {message}", origins.of("models.default")));
                } else {
                    report("models.default", message);
                }
            }
            if !aside("models.aliases") {
                raw.aliases.keys().filter(|name| absent(name)).for_each(|name| {
                    report("models.aliases", unknown(name));
                });
            }
        }
        Err(error) => report("models.path", format!("cannot read directory {}: {error}", raw.path)),
    }
    let control = match raw.control.to_ascii_lowercase().as_str() {
        "explicit" => ModelControl::Explicit,
        "poll" => ModelControl::Poll(Duration::from_millis(raw.poll_ms)),
        _ => ModelControl::Off,
    };
    let limits = TrialLimits { memory: raw.trial_memory, time: Duration::from_secs(raw.trial_seconds) };
    ModelsConfig {
        path,
        default: raw.default,
        aliases: raw.aliases,
        control,
        trial: raw.trial.then_some(limits),
        trial_program: None,
        require_sha256: raw.require_sha256,
    }
}

/// What may be a model's name in the directory: of a folder, or of a single model file.
fn model_names(path: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        let is_file_of_model = path.extension().is_some_and(|extension| extension == "onnx");
        let name = match path.is_dir() {
            true => path.file_name(),
            false => path.file_stem().filter(|_| is_file_of_model),
        };
        names.extend(name.map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// The level in our words; services in Python have names of their own for two of them.
fn level(text: &str) -> String {
    match text.to_ascii_lowercase().as_str() {
        "warning" => "warn".to_owned(),
        "critical" => "error".to_owned(),
        level => level.to_owned(),
    }
}

/// A count as a size of this machine; the ranges keep it far below the limit.
pub(super) fn count(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
