//! A server whose engines sleep, with models of known cost.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{self, Command},
    thread,
    time::{Duration, Instant},
};

use anyhow::ensure;

use crate::{
    connection::{address, post_json},
    http::Client,
    open_loop::{Load, Outcomes},
    served::Served,
};

/// How long the models may take to be ready.
const PATIENCE: Duration = Duration::from_secs(30);

/// As many requests may be under way: more than run, wait and are being refused.
const CONNECTIONS: usize = 96;

/// A body that every timed model takes.
pub(super) const BODY: &str = r#"{"x": 1.0}"#;

/// A model of the timed server.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimedModel {
    pub(super) name: &'static str,
    /// Of a run, whatever its rows.
    pub(super) milliseconds: u64,
    /// Lines of `[serving]`.
    pub(super) serving: &'static str,
}

/// The server, with its folder, which goes with it.
#[derive(Debug)]
pub(super) struct Timed {
    server: Served,
    folder: PathBuf,
}

impl Timed {
    /// Starts the program with these models, and waits until all are ready.
    pub(super) fn start(program: &Path, models: &[TimedModel]) -> anyhow::Result<Timed> {
        let folder = std::env::temp_dir().join(format!("ferrocast-bench-pool-{}", process::id()));
        for TimedModel { name, milliseconds, serving } in models {
            let version = folder.join(name).join("1");
            fs::create_dir_all(&version)?;
            fs::write(version.join("model.onnx"), milliseconds.to_string())?;
            let manifest = format!(
                "task = \"regression\"\n[model]\nengine = \"timed\"\n[[feature]]\nname = \"x\"\ntype = \"float\"\n\
                 [serving]\n{serving}\n"
            );
            fs::write(version.join("model.toml"), manifest)?;
        }
        let mut command = Command::new(program);
        command.arg(&folder);
        let timed = Timed { server: Served::start(command)?, folder };
        let (client, began) = (Client::new(), Instant::now());
        for model in models {
            while client.status(&timed.url(model.name), BODY)? != 200 {
                ensure!(began.elapsed() < PATIENCE, "{} does not become ready", model.name);
                thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(timed)
    }

    /// Where a model predicts.
    pub(super) fn url(&self, model: &str) -> String {
        format!("{}{}", self.server.url(), path(model))
    }

    /// Sends a model so many requests a second for so long.
    pub(super) fn offer(&self, model: &str, rate: f64, duration: Duration) -> anyhow::Result<Outcomes> {
        let (address, request) = (address(self.server.url())?, post_json(&path(model), BODY));
        Ok(Load { address, request: &request, rate, duration, connections: CONNECTIONS }.offer())
    }

    /// Where the server says that it lives.
    pub(super) fn health(&self) -> String {
        format!("{}/health", self.server.url())
    }
}

fn path(model: &str) -> String {
    format!("/models/{model}/predict")
}

impl Drop for Timed {
    fn drop(&mut self) {
        // A folder left in the temporary folder does no harm.
        drop(fs::remove_dir_all(&self.folder));
    }
}
