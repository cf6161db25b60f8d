//! A Redis of a check: it keeps what it is told, and dies, stands still and comes back when it is told to.

use std::{
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use xshell::Shell;

use crate::{served::free_port, signal};

/// How long it may take until it listens.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running Redis, or one that was killed.
#[derive(Debug)]
pub(super) struct Redis {
    folder: PathBuf,
    port: u16,
    process: Option<Process>,
}

impl Redis {
    /// Starts one that keeps its data in this folder.
    pub(super) fn start(folder: &Path) -> anyhow::Result<Redis> {
        let mut redis = Redis { folder: folder.to_owned(), port: free_port()?, process: None };
        redis.start_again()?;
        Ok(redis)
    }

    /// Starts it after it was killed, with what it kept.
    pub(super) fn start_again(&mut self) -> anyhow::Result<()> {
        let mut command = Command::new("redis-server");
        command.current_dir(&self.folder).args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"]);
        command.args(["--appendonly", "yes", "--save", ""]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        self.process = Some(Process(command.spawn().context("cannot start redis-server")?));
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            ensure!(begin.elapsed() < PATIENCE, "redis-server does not come to listen");
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// With SIGKILL.
    pub(super) fn kill(&mut self) {
        self.process = None;
    }

    /// Sends it a signal: after `STOP` it answers nothing until `CONT`.
    pub(super) fn signal(&self, sh: &Shell, signal: &str) -> anyhow::Result<()> {
        signal::send(sh, signal, self.process.as_ref().context("there is no redis-server")?.0.id())
    }

    /// Where it listens.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Where it listens, as a setting has it.
    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

/// Ends with its owner.
#[derive(Debug)]
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
