//! A server that is told to end, and started again at the same address.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use xshell::Shell;

use super::DRAIN_DELAY;
use crate::{
    connection::{self, get},
    served::free_port,
    signal,
    workspace::root,
};

/// How long a server may take until it is ready, and until it has ended.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(5);

/// A server.
#[derive(Debug)]
pub(super) struct Backend {
    program: PathBuf,
    models: PathBuf,
    address: SocketAddr,
    running: Option<Child>,
}

/// How a server ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    pub(super) told: Instant,
    pub(super) status: ExitStatus,
    pub(super) took: Duration,
}

impl Backend {
    /// Starts it.
    pub(super) fn start(program: &Path, models: &Path) -> anyhow::Result<Backend> {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        let (program, models) = (program.to_owned(), models.to_owned());
        let mut backend = Backend { program, models, address, running: None };
        backend.start_again()?;
        Ok(backend)
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts it after it has ended, and waits until it is ready.
    pub(super) fn start_again(&mut self) -> anyhow::Result<()> {
        let mut command = Command::new(&self.program);
        command.current_dir(root()).arg("serve").arg("--models").arg(&self.models);
        command.args(["--host", "127.0.0.1", "--port", &self.address.port().to_string(), "--default-model", "quick"]);
        command.env("SERVER__DRAIN_DELAY_S", DRAIN_DELAY.as_secs().to_string()).env("LOG_LEVEL", "error");
        self.running = Some(command.stdin(Stdio::null()).spawn().context("cannot start the server")?);
        let began = Instant::now();
        while !is_ready(self.address) {
            ensure!(began.elapsed() < PATIENCE, "the server does not become ready");
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Sends it SIGTERM and waits until it has ended.
    pub(super) fn terminate(&mut self, sh: &Shell) -> anyhow::Result<Ended> {
        let running = self.running.as_mut().context("there is no server")?;
        let told = Instant::now();
        signal::send(sh, "TERM", running.id())?;
        loop {
            if let Some(status) = running.try_wait()? {
                return Ok(Ended { told, status, took: told.elapsed() });
            }
            ensure!(told.elapsed() < PATIENCE, "the server does not end");
            thread::sleep(PAUSE);
        }
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        if let Some(running) = &mut self.running {
            // Both fail only when it has ended already.
            drop(running.kill());
            drop(running.wait());
        }
    }
}

/// Whether the server there wants requests.
pub(super) fn is_ready(address: SocketAddr) -> bool {
    connection::ask(address, &get("/readyz")).is_ok_and(|answer| answer.status == 200)
}
