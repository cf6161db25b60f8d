//! A `redis-server` of the machine, for one test each.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::scripted::{SOON, eventually};

/// A running server without anything in it; gone when it is dropped.
pub(crate) struct RedisServer {
    port: u16,
    folder: TempDir,
    process: Child,
}

impl RedisServer {
    /// Starts one on a free port.
    pub(crate) fn start() -> RedisServer {
        let folder = tempfile::tempdir().expect("a folder");
        // Somebody else may take the port between the two steps.
        for _ in 0..10 {
            let port = free_port();
            if let Some(process) = spawn(port, &folder) {
                return RedisServer { port, folder, process };
            }
        }
        panic!("redis-server ends at once");
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// What it says to a command: nothing, one text, or several.
    pub(crate) fn ask(&self, command: &[&[u8]]) -> Vec<Vec<u8>> {
        ask(self.port, command).expect("redis-server answers")
    }

    /// The names of all keys that begin so.
    pub(crate) fn keys(&self, prefix: &str) -> Vec<Vec<u8>> {
        self.ask(&[b"KEYS", format!("{prefix}*").as_bytes()])
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }

    /// Starts it again on the same port, with nothing in it.
    pub(crate) fn start_again(&mut self) {
        self.process = spawn(self.port, &self.folder).expect("redis-server starts again");
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
        assert!(Command::new("sh").args(["-c", &script]).status().expect("a shell").success());
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
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// Starts a server and waits until it answers; `None` if it ends.
fn spawn(port: u16, folder: &TempDir) -> Option<Child> {
    let mut process = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(["--logfile", "log", "--dir"])
        .arg(folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run redis-server: {error}; install it: apt-get install redis-server"));
    let is_up = eventually("redis-server", || {
        let has_ended = process.try_wait().expect("a process").is_some();
        (has_ended || ask(port, &[b"PING"]).is_some()).then_some(!has_ended)
    });
    is_up.then_some(process)
}

fn ask(port: u16, command: &[&[u8]]) -> Option<Vec<Vec<u8>>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(SOON)).ok()?;
    let mut bytes = format!("*{}\r\n", command.len()).into_bytes();
    for word in command {
        bytes.extend([format!("${}\r\n", word.len()).as_bytes(), word, b"\r\n"].concat());
    }
    stream.write_all(&bytes).ok()?;
    read(&mut BufReader::new(stream))
}

/// Of the protocol as much as the tests need: lines, texts, and flat lists of texts.
fn read(stream: &mut impl BufRead) -> Option<Vec<Vec<u8>>> {
    let mut line = String::new();
    stream.read_line(&mut line).ok()?;
    let (kind, rest) = line.trim_end().split_at_checked(1)?;
    match kind {
        "$" => {
            let Ok(length) = rest.parse::<usize>() else { return Some(Vec::new()) };
            let mut text = vec![0; length + 2];
            stream.read_exact(&mut text).ok()?;
            text.truncate(length);
            Some(vec![text])
        }
        "*" => {
            let lists = (0..rest.parse().ok()?).map(|_| read(stream)).collect::<Option<Vec<_>>>()?;
            Some(lists.concat())
        }
        "+" | ":" => Some(vec![rest.as_bytes().to_vec()]),
        _ => panic!("redis-server says {line:?}"),
    }
}
