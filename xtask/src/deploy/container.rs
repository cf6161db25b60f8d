//! The server in a container, whoever starts it: what its image and whoever runs it say together.

use std::{collections::BTreeMap, path::PathBuf};

/// One way to run the server.
#[derive(Debug)]
pub(super) struct Container {
    /// Where it is written, for messages.
    pub(super) origin: String,
    /// What it sees, that of the image included.
    pub(super) environment: BTreeMap<String, String>,
    pub(super) ports: Vec<u64>,
    pub(super) probes: Vec<Probe>,
    /// What its image or whoever runs it starts to see whether it is healthy: arguments of the program.
    pub(super) health_check: Vec<String>,
    /// Every user and group that is named for it.
    pub(super) users: Vec<String>,
    /// Between SIGTERM and SIGKILL.
    pub(super) grace_seconds: u64,
    pub(super) mounts: Vec<Mount>,
}

/// A request that has to be answered with 200.
#[derive(Debug)]
pub(super) struct Probe {
    /// `startup`, `liveness` or `readiness`.
    pub(super) name: &'static str,
    pub(super) path: String,
    pub(super) port: Option<u64>,
    /// Until a failure is acted upon.
    pub(super) notices_after_seconds: u64,
}

/// What is found at a path in the container.
#[derive(Debug)]
pub(super) struct Mount {
    pub(super) path: String,
    pub(super) source: Source,
}

/// Where it comes from.
#[derive(Debug)]
pub(super) enum Source {
    /// Files and folders of the checkout.
    Checkout(PathBuf),
    /// Text by name of file.
    Files(BTreeMap<String, String>),
    /// A folder that may be written to.
    Empty,
}

impl Container {
    /// The value of a setting, by the first of its names that is set.
    pub(super) fn setting(&self, names: &[String]) -> Option<&str> {
        names.iter().find_map(|name| self.environment.get(name)).map(String::as_str)
    }
}
