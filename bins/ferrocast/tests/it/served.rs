//! A server as a process.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::program::{ferrocast, folder};

/// A server process and the lines it has logged until it listened.
pub(crate) struct Served {
    pub(crate) process: Child,
    pub(crate) address: String,
    pub(crate) lines: Vec<String>,
    _folder: tempfile::TempDir,
}

impl Served {
    /// A server on a port of its own; `arrange` says of what.
    pub(crate) fn start(arrange: impl FnOnce(&mut Command)) -> Served {
        let folder = folder();
        let mut command = ferrocast(folder.path());
        command.args(["--port", "0"]);
        arrange(&mut command);
        let mut process = command.stderr(Stdio::piped()).env("LOG__FORMAT", "text").spawn().expect("it starts");
        let log = BufReader::new(process.stderr.take().expect("its log"));
        let mut log = log.lines().map_while(Result::ok);
        let mut lines = Vec::new();
        let address = log.by_ref().find_map(|line| {
            let address = line.split_once("listening on http://").map(|(_, address)| address.to_owned());
            lines.push(line);
            address
        });
        // Whatever it says later must not fill the pipe.
        std::thread::spawn(move || log.for_each(drop));
        Served { process, address: address.expect("it listens"), lines, _folder: folder }
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
