//! A server as a child process: started on a free port, awaited, and ended with its owner.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{self, Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use xshell::{Shell, cmd};

use crate::{
    profile::Profile,
    signal,
    workspace::{Metadata, root},
};

/// How long a server may take to load its models and listen, and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at whether it has ended.
const PAUSE: Duration = Duration::from_millis(5);

/// How many of its last lines are kept for the error message.
const KEPT_LINES: usize = 40;

/// What a server prints when it is ready, before its address.
const READY: &str = "listening on http://";

/// A running server.
#[derive(Debug)]
pub(crate) struct Served {
    child: Child,
    url: String,
    ready_after: Duration,
}

impl Served {
    /// Starts `command` and waits until it prints `listening on http://…`.
    pub(crate) fn start(mut command: Command) -> anyhow::Result<Served> {
        let begin = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let last_lines = Arc::new(Mutex::new(VecDeque::new()));
        // Room for an address from either of its two outputs.
        let (found, address) = sync_channel(2);
        let outputs = [child.stdout.take().map(boxed), child.stderr.take().map(boxed)];
        for output in outputs.into_iter().flatten() {
            let (found, last_lines) = (found.clone(), Arc::clone(&last_lines));
            thread::spawn(move || follow(output, &found, &last_lines));
        }
        drop(found);
        // Fails too once both outputs have ended, which they do with the process.
        let Ok(address) = address.recv_timeout(PATIENCE) else {
            end(&mut child);
            let lines: Vec<String> = last_lines.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
            bail!("{command:?} did not come to listen; its last lines:\n{}", lines.join("\n"));
        };
        Ok(Served { child, url: format!("http://{address}"), ready_after: begin.elapsed() })
    }

    /// Scheme, host and port, without a slash at the end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// From the start of the process to the line that it listens.
    pub(crate) fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// The process, while it runs.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it SIGTERM and waits until it has ended.
    pub(crate) fn terminate(mut self, sh: &Shell) -> anyhow::Result<ExitStatus> {
        let told = Instant::now();
        signal::send(sh, "TERM", self.id())?;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            ensure!(told.elapsed() < PATIENCE, "the server does not end");
            thread::sleep(PAUSE);
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Builds the release server; returns the program.
pub(crate) fn build(sh: &Shell) -> anyhow::Result<PathBuf> {
    cmd!(sh, "cargo build --release --locked --package ferrocast").run()?;
    Ok(Metadata::load(sh)?.program(Profile::Release))
}

/// Makes `command`, which runs the server, serve a folder of models on a free port.
pub(crate) fn serving(mut command: Command, models: &Path) -> Command {
    command.current_dir(root()).arg("serve").arg("--models").arg(models);
    command.args(["--host", "127.0.0.1", "--port", "0"]);
    // Whoever starts it here does not wait for a proxy to notice that it goes.
    command.env("SERVER__DRAIN_DELAY_S", "0");
    // Its log is read by the same cores that it is measured on.
    command.env("LOG__REQUESTS_PER_SECOND", "0");
    command
}

/// Makes `command`, which runs the server, serve the sample models on a free port.
pub(crate) fn with_samples(command: Command) -> Command {
    serving(command, Path::new("models"))
}

/// The release server, built and serving the sample models.
pub(crate) fn start_with_samples(program: &Path) -> anyhow::Result<Served> {
    Served::start(with_samples(Command::new(program)))
}

/// A port that nothing listens on, below those that the system gives to clients: one of them would have it while the server
/// is down.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    const FIRST: u16 = 20_000;
    const PORTS: u16 = 10_000;
    let begin = u16::try_from(process::id() % u32::from(PORTS))?;
    (0..PORTS)
        .map(|step| FIRST + (begin + step) % PORTS)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .context("no port is free")
}

fn boxed(output: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(output)
}

fn end(child: &mut Child) {
    // Both fail only when it has ended already.
    drop(child.kill());
    drop(child.wait());
}

/// Reads until the output ends, so that the process never waits for a full pipe.
fn follow(output: Box<dyn Read + Send>, found: &SyncSender<String>, last_lines: &Mutex<VecDeque<String>>) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        if let Some(address) = address(&line) {
            // Nobody waits any more for a second one.
            drop(found.try_send(address.to_owned()));
        }
        let mut kept = last_lines.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back(line);
        if kept.len() > KEPT_LINES {
            kept.pop_front();
        }
    }
}

/// Host and port of a line that says where the server listens, whatever the log wraps around it.
fn address(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once(READY)?;
    let end = rest.find(|next: char| !(next.is_ascii_alphanumeric() || ".:[]-".contains(next))).unwrap_or(rest.len());
    Some(rest.split_at(end).0.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use xshell::Shell;

    use super::{Served, address};

    fn script(text: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", text]);
        command
    }

    #[test]
    fn addresses_are_read_from_any_log() {
        assert_eq!(address("INFO listening on http://127.0.0.1:8000"), Some("127.0.0.1:8000"));
        assert_eq!(address("listening on http://[::1]:80/ now"), Some("[::1]:80"));
        assert_eq!(address(r#"{"message":"listening on http://localhost:1"}"#), Some("localhost:1"));
        assert_eq!(address("\u{1b}[2mlistening on http://127.0.0.1:8000\u{1b}[0m"), Some("127.0.0.1:8000"));
        assert_eq!(address("not yet"), None);
    }

    #[test]
    fn a_server_is_awaited_and_ended() {
        let served =
            Served::start(script("echo loading; echo listening on http://127.0.0.1:1 >&2; exec sleep 60")).unwrap();
        assert_eq!(served.url(), "http://127.0.0.1:1");
        let process = format!("/proc/{}", served.id());
        drop(served);
        assert!(!std::path::Path::new(&process).exists());
    }

    #[test]
    fn a_server_that_is_told_to_end_says_how_it_ended() {
        let sh = Shell::new().unwrap();
        let served = |end: &str| {
            script(&format!("trap '{end}' TERM; echo listening on http://127.0.0.1:1; while :; do sleep 0.05; done"))
        };
        assert_eq!(Served::start(served("exit 0")).unwrap().terminate(&sh).unwrap().code(), Some(0));
        assert_eq!(Served::start(served("exit 3")).unwrap().terminate(&sh).unwrap().code(), Some(3));
    }

    #[test]
    fn a_failure_to_start_shows_what_it_said() {
        let error = Served::start(script("echo no such folder >&2; exit 1")).unwrap_err().to_string();
        assert!(error.contains("no such folder"), "{error}");
    }
}
