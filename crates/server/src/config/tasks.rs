//! `[tasks]` and `[callbacks]`: what is promised now and done later, and who is told of it.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use ferrocast_tasks::callback::{CallbackPolicy, Schedule, SigningKeys};

use super::raw::{RawCallbacks, RawTasks};
use super::text::{listed, parsed, readable_file};

/// Where tasks are kept and how they are done.
#[derive(Debug, Clone)]
pub struct TasksConfig {
    /// Where they are kept.
    pub store: TaskStoreKind,
    /// The file in which they are kept, if that is where.
    pub path: PathBuf,
    /// Most that run at a time.
    pub workers: usize,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// A task that fails so often has failed.
    pub max_attempts: u32,
    /// Most that are kept.
    pub max_tasks: u64,
    /// Most bytes of requests and results that are kept.
    pub max_bytes: u64,
    /// How long they are kept after they have ended.
    pub keep: Duration,
}

/// Where tasks are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskStoreKind {
    /// In a file of this server.
    Sqlite,
    /// In Redis.
    Redis,
}

/// How the ends of tasks are told.
#[derive(Debug, Clone)]
pub struct CallbacksConfig {
    /// What signs them. Without it none is accepted.
    pub keys: Option<SigningKeys>,
    /// Where they may go.
    pub policy: CallbackPolicy,
    /// When each is tried.
    pub schedule: Schedule,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// A file of certificates of authorities beside those that the system trusts.
    pub ca_file: Option<PathBuf>,
}

pub(super) fn tasks(
    raw: &RawTasks,
    directory: &Path,
    has_redis: bool,
    report: &mut impl FnMut(&str, String),
) -> TasksConfig {
    let store = match raw.store.to_ascii_lowercase().as_str() {
        "redis" => TaskStoreKind::Redis,
        "auto" if has_redis => TaskStoreKind::Redis,
        _ => TaskStoreKind::Sqlite,
    };
    if store == TaskStoreKind::Redis && !has_redis {
        report("tasks.store", "is redis, but redis.url is not given".to_owned());
    }
    TasksConfig {
        store,
        path: directory.join(&raw.path),
        workers: super::prepare::count(raw.workers),
        timeout: Duration::from_secs(raw.timeout_s),
        max_attempts: u32::try_from(raw.max_attempts).unwrap_or(u32::MAX),
        max_tasks: raw.max_tasks,
        max_bytes: raw.max_bytes,
        keep: Duration::from_secs(raw.keep_s),
    }
}

pub(super) fn callbacks(
    raw: &RawCallbacks,
    directory: &Path,
    report: &mut impl FnMut(&str, String),
) -> CallbacksConfig {
    let secret = raw.secret.as_ref().map(|secret| secret.reveal()).filter(|secret| !secret.trim().is_empty());
    let hosts = listed("callbacks.hosts", raw.hosts.as_deref(), report);
    let ca_file = readable_file("callbacks.ca_file", raw.ca_file.as_deref(), directory, report);
    CallbacksConfig {
        keys: secret.and_then(|secret| parsed("callbacks.secret", secret, report)),
        policy: CallbackPolicy {
            allow_http: raw.allow_http,
            ports: listed("callbacks.ports", Some(&raw.ports), report).into_iter().map(|Port(port)| port).collect(),
            allowed_networks: listed("callbacks.allow_networks", raw.allow_networks.as_deref(), report),
            denied_networks: listed("callbacks.deny_networks", raw.deny_networks.as_deref(), report),
            hosts: Some(hosts).filter(|hosts| !hosts.is_empty()),
        },
        schedule: schedule(&raw.retries_s, report),
        timeout: Duration::from_millis(raw.timeout_ms),
        ca_file,
    }
}

fn schedule(text: &str, report: &mut impl FnMut(&str, String)) -> Schedule {
    let schedule: Schedule = parsed("callbacks.retries_s", text, report).unwrap_or_default();
    if schedule.delay_before(1) != Some(Duration::ZERO) {
        report("callbacks.retries_s", "must begin with 0: the first attempt is when the task ends".to_owned());
    }
    schedule
}

/// A port that can be connected to.
struct Port(u16);

impl FromStr for Port {
    type Err = String;

    fn from_str(text: &str) -> Result<Port, String> {
        text.parse()
            .ok()
            .filter(|&port| port != 0)
            .map(Port)
            .ok_or_else(|| format!("`{text}` is no port from 1 to 65535"))
    }
}
