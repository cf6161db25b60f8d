//! A server that is killed and started again, and keeps its address.

use std::{
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::ensure;
use xshell::{Shell, cmd};

use crate::{
    http::Client,
    served::{Served, free_port},
    workspace::root,
};

/// A setting's environment variable and its value.
pub(super) type Setting = (&'static str, String);

/// How long a server may take until it is ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that serves one model of penguins.
#[derive(Debug)]
pub(super) struct Server {
    program: PathBuf,
    models: PathBuf,
    port: u16,
    settings: Vec<Setting>,
    running: Option<Served>,
}

impl Server {
    /// Starts it, with its models in this folder.
    pub(super) fn start(program: &Path, folder: &Path, settings: Vec<Setting>) -> anyhow::Result<Server> {
        let (program, models) = (program.to_owned(), folder.join("models"));
        let mut server = Server { program, models, port: free_port()?, settings, running: None };
        server.start_again()?;
        Ok(server)
    }

    /// Starts it after it was killed. How long that took until it was ready to predict.
    pub(super) fn start_again(&mut self) -> anyhow::Result<Duration> {
        let begin = Instant::now();
        let mut command = Command::new(&self.program);
        command.current_dir(root()).arg("serve").arg("--models").arg(&self.models);
        command.args(["--host", "127.0.0.1", "--port", &self.port.to_string()]);
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        self.running = Some(Served::start(command)?);
        let (client, url) = (Client::new(), format!("{}/health", self.url()));
        while !client.get(&url).is_ok_and(|health| health.get("status").is_some_and(|status| status == "healthy")) {
            ensure!(begin.elapsed() < PATIENCE, "the server does not become ready");
            thread::sleep(Duration::from_millis(5));
        }
        Ok(begin.elapsed())
    }

    /// The process, while it runs.
    pub(super) fn id(&self) -> Option<u32> {
        self.running.as_ref().map(Served::id)
    }

    /// With SIGKILL.
    pub(super) fn kill(&mut self) {
        self.running = None;
    }

    /// Without a slash at the end.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// An empty folder for a check, but for the models that a [`Server`] serves.
pub(super) fn folder(sh: &Shell, target: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let folder = target.join("soak").join(name);
    sh.remove_path(&folder)?;
    let models = sh.create_dir(folder.join("models"))?;
    let penguins = root().join("models/penguins");
    cmd!(sh, "cp -r {penguins} {models}").quiet().run()?;
    Ok(folder)
}
