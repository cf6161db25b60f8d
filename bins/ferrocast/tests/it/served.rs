//! A server as a process.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::program::{ferrocast, folder};

/// A server process and the lines it has logged until it listened.
pub(crate) struct Served {
    pub(crate) process: Child,
    pub(crate) address: String,
    pub(crate) lines: Vec<String>,
    later: Arc<Mutex<Vec<String>>>,
    reading: Option<JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Served {
    /// A server on a port of its own; `arrange` says of what.
    pub(crate) fn start(arrange: impl FnOnce(&mut Command)) -> Served {
        let folder = folder();
        let mut command = ferrocast(folder.path());
        command.args(["--port", "0"]);
        arrange(&mut command);
        if !command.get_envs().any(|(name, _)| name == "LOG__FORMAT") {
            command.env("LOG__FORMAT", "text");
        }
        let mut process = command.stderr(Stdio::piped()).spawn().expect("it starts");
        let log = BufReader::new(process.stderr.take().expect("its log"));
        let mut log = log.lines().map_while(Result::ok);
        let mut lines = Vec::new();
        let address = log.by_ref().find_map(|line| {
            let address = line.split_once("listening on http://").map(|(_, rest)| {
                let end = rest.find(|next: char| !(next.is_ascii_digit() || ".:".contains(next)));
                rest[..end.unwrap_or(rest.len())].to_owned()
            });
            lines.push(line);
            address
        });
        let later = Arc::<Mutex<Vec<String>>>::default();
        let kept = Arc::clone(&later);
        // Also so that it does not fill the pipe.
        let reading = std::thread::spawn(move || log.for_each(|line| kept.lock().unwrap().push(line)));
        let address = address.expect("it listens");
        Served { process, address, lines, later, reading: Some(reading), _folder: folder }
    }

    /// The first line that it logs after it listened of which that is true.
    pub(crate) fn wait_for_line(&self, is_it: impl Fn(&str) -> bool) -> String {
        for _ in 0..2000 {
            if let Some(line) = self.later.lock().unwrap().iter().find(|line| is_it(line)) {
                return line.clone();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("it did not come: {:#?}", self.later.lock().unwrap())
    }

    /// Whether a line since then holds that.
    pub(crate) fn has_logged(&self, text: &str) -> bool {
        self.later.lock().unwrap().iter().any(|line| line.contains(text))
    }

    /// Stops it, and gives all that it has logged.
    pub(crate) fn end(mut self) -> Vec<String> {
        self.signal("-TERM");
        assert_eq!(self.process.wait().expect("it ends").code(), Some(0));
        self.reading.take().map(JoinHandle::join).expect("it is read").expect("no panic");
        let later = self.later.lock().unwrap().clone();
        [self.lines.as_slice(), &later].concat()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("it accepts");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        stream
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.process.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
