//! A `redis-server` of the machine, for one test each.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::PATIENCE;

/// A running server without anything in it; gone when it is dropped.
pub(crate) struct RedisServer {
    port: u16,
    options: Vec<String>,
    folder: TempDir,
    process: Child,
}

impl RedisServer {
    /// Starts one on a free port, with options like `--maxmemory 1mb`.
    pub(crate) fn start(options: &[&str]) -> RedisServer {
        let options: Vec<String> = options.iter().map(|&option| option.into()).collect();
        let folder = tempfile::tempdir().unwrap();
        // Somebody else may take the port between the two steps.
        for _ in 0..10 {
            let port = free_port();
            if let Some(process) = spawn(port, &options, &folder) {
                return RedisServer { port, options, folder, process };
            }
        }
        panic!("redis-server ends at once: {}", log(&folder));
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A connection of the test's own.
    pub(crate) fn connect(&self) -> redis::Connection {
        redis::Client::open(self.url()).unwrap().get_connection().unwrap()
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again on the same port, after [`kill`](RedisServer::kill).
    pub(crate) fn start_again(&mut self) {
        self.process = spawn(self.port, &self.options, &self.folder)
            .unwrap_or_else(|| panic!("redis-server does not start again: {}", log(&self.folder)));
    }

    /// Lets it hang: connections stay open, and nothing is answered.
    pub(crate) fn stop(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub(crate) fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let script = format!("kill -{name} {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A port that nobody listens on at present.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts a server and waits until it answers; `None` if it ends.
fn spawn(port: u16, options: &[String], folder: &TempDir) -> Option<Child> {
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
        if answers(port) {
            return Some(process);
        }
        assert!(began.elapsed() < PATIENCE, "redis-server does not answer: {}", log(folder));
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}

/// Whether it says anything at all: without a password it may refuse to say more.
fn answers(port: u16) -> bool {
    let connected = redis::Client::open(format!("redis://127.0.0.1:{port}")).unwrap().get_connection();
    connected
        .and_then(|mut connection| redis::cmd("PING").exec(&mut connection))
        .map_or_else(|error| error.code() == Some("NOAUTH"), |()| true)
}

fn log(folder: &TempDir) -> String {
    std::fs::read_to_string(folder.path().join("log")).unwrap_or_default()
}
