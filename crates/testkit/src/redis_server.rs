//! A `redis-server` of the machine, for one test each.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long it may take until it answers.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server without anything in it; gone, with its files, when it is dropped. It keeps everything in memory unless
/// its options say otherwise.
#[derive(Debug)]
pub struct RedisServer {
    port: u16,
    options: Vec<String>,
    folder: TempDir,
    process: Child,
}

impl RedisServer {
    /// Starts one on a free port, with options like `--maxmemory 1mb`.
    ///
    /// # Panics
    /// If the machine has no `redis-server`, or it does not come to answer.
    pub fn start(options: &[&str]) -> RedisServer {
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        let folder = tempfile::tempdir().unwrap();
        // Somebody else may take the port between the two steps.
        for _ in 0..10 {
            let port = free_port();
            if let Some(process) = launch(port, &options, &folder) {
                return RedisServer { port, options, folder, process };
            }
        }
        panic!("redis-server ends at once: {}", log(&folder));
    }

    /// Where it listens, as a client takes it.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The same as host and port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Ends it as a power cut would.
    ///
    /// # Panics
    /// If it has ended already.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again on the same port with the same files, after [`kill`](RedisServer::kill).
    ///
    /// # Panics
    /// If it does not come to answer.
    pub fn start_again(&mut self) {
        self.process = launch(self.port, &self.options, &self.folder)
            .unwrap_or_else(|| panic!("redis-server does not start again: {}", log(&self.folder)));
    }

    /// Lets it hang: connections stay open, and nothing is answered.
    ///
    /// # Panics
    /// If it has ended.
    pub fn stop(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    ///
    /// # Panics
    /// If it has ended.
    pub fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(name).arg(self.process.id().to_string()).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A port that nobody listens on at present.
///
/// # Panics
/// If the system has none.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts a server and waits until it answers; `None` if it ends.
fn launch(port: u16, options: &[String], folder: &TempDir) -> Option<Child> {
    let mut process = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(["--logfile", "log", "--dir"])
        .arg(folder.path())
        .args(options)
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run redis-server: {error}; install it: apt-get install redis-server"));
    let began = Instant::now();
    while process.try_wait().unwrap().is_none() {
        if answers(port, process.id()) {
            return Some(process);
        }
        assert!(began.elapsed() < PATIENCE, "redis-server does not answer: {}", log(folder));
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}

/// Whether this process says anything at all: without a password it may refuse to say more.
fn answers(port: u16, process: u32) -> bool {
    let said = said(port).unwrap_or_default();
    said.starts_with("-NOAUTH") || said.lines().any(|line| line == format!("process_id:{process}"))
}

/// What it says of itself.
fn said(port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"INFO server\r\nQUIT\r\n")?;
    let mut said = String::new();
    stream.read_to_string(&mut said)?;
    Ok(said)
}

fn log(folder: &TempDir) -> String {
    std::fs::read_to_string(folder.path().join("log")).unwrap_or_default()
}
