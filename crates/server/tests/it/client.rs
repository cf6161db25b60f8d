//! A small HTTP/1.1 client that hides nothing: what is sent is what the test wrote.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Longer than any answer may take, shorter than a test's patience.
const TIMEOUT: Duration = Duration::from_secs(20);

/// One connection, kept alive.
pub(crate) struct Client<S = TcpStream> {
    stream: BufReader<S>,
    host: SocketAddr,
}

/// An answer as it came.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case, in order.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).expect("the server accepts");
        stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
        stream.set_nodelay(true).expect("no delay");
        Client::over(stream, address)
    }

    /// Leaves without a farewell: the system sends a reset where something has arrived that nobody has read.
    pub(crate) fn reset(self) {
        self.stream.get_ref().peek(&mut [0]).expect("something to leave unread");
        drop(self);
    }

    pub(crate) fn close_writing(&mut self) {
        self.stream.get_mut().shutdown(std::net::Shutdown::Write).expect("half closed");
    }
}

impl<S: Read + Write> Client<S> {
    /// Over a connection to `host` that is there.
    pub(crate) fn over(stream: S, host: SocketAddr) -> Client<S> {
        Client { stream: BufReader::new(stream), host }
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.request("GET", path, &[], b"")
    }

    pub(crate) fn post(&mut self, path: &str, body: &[u8]) -> Answer {
        self.request("POST", path, &[("content-type", "application/json")], body)
    }

    pub(crate) fn request(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.host);
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() || method == "POST" {
            head += &format!("content-length: {}\r\n", body.len());
        }
        head += "\r\n";
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        self.send(&bytes);
        self.answer(method == "HEAD")
    }

    /// Bytes as they are. A server that has had enough may have closed already; its answer tells.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        drop(self.stream.get_mut().write_all(bytes));
    }

    pub(crate) fn answer(&mut self, to_head: bool) -> Answer {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("a status line");
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status in {line:?}"));
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("a header");
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer { status, headers, body: Vec::new() };
        let length = answer.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        if !to_head && status != 304 {
            answer.body = vec![0; length];
            self.stream.read_exact(&mut answer.body).expect("the whole body");
        }
        answer
    }

    /// Whether the server has closed the connection; waits for it.
    pub(crate) fn is_closed(&mut self) -> bool {
        matches!(self.stream.read(&mut [0]), Ok(0) | Err(_))
    }

    /// All that still comes, up to the end of the connection; waits for it.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("the connection goes on: {error}"),
            _ => rest,
        }
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("text")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The code of an error answer.
    pub(crate) fn code(&self) -> String {
        self.json()["error_code"].as_str().unwrap_or_default().to_owned()
    }
}
