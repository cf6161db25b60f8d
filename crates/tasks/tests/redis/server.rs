//! A `redis-server` of a test's own.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ferrocast_tasks::RedisStoreConfig;
use tempfile::TempDir;

/// Ends with the value, and its files with it.
pub(crate) struct Server {
    process: Child,
    port: u16,
    options: Vec<String>,
    folder: TempDir,
}

impl Server {
    /// Keeps everything in memory.
    pub(crate) fn start() -> Server {
        Server::start_with(&["--appendonly", "no"])
    }

    pub(crate) fn start_with(options: &[&str]) -> Server {
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..10 {
            let port = free_port();
            if let Some(process) = launch(port, &options, &folder) {
                return Server { process, port, options, folder };
            }
        }
        panic!("redis-server found no free port in ten attempts");
    }

    pub(crate) fn config(&self) -> RedisStoreConfig {
        RedisStoreConfig { url: self.url(), ..RedisStoreConfig::default() }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn connect(&self) -> redis::Connection {
        redis::Client::open(self.url()).unwrap().get_connection().unwrap()
    }

    /// As by the power cut.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Once more, at the same place with the same files.
    pub(crate) fn restart(&mut self) {
        self.process = launch(self.port, &self.options, &self.folder).unwrap();
    }

    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill").arg(signal).arg(self.process.id().to_string()).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been ended by the test already.
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

/// Nobody has it now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// `None`: it did not start, as another process was given the port meanwhile.
fn launch(port: u16, options: &[String], folder: &TempDir) -> Option<Child> {
    let mut process = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
        .arg(folder.path())
        .args(options)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("these tests need redis-server (apt-get install redis-server): {error}"));
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}")).unwrap();
    let end = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end {
        if process.try_wait().unwrap().is_some() {
            return None;
        }
        let answer = client.get_connection().and_then(|mut connection| {
            let info: redis::InfoDict = redis::cmd("INFO").arg("server").query(&mut connection)?;
            Ok(info.get::<u32>("process_id"))
        });
        if answer.is_ok_and(|id| id == Some(process.id())) {
            return Some(process);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    panic!("redis-server does not answer");
}
