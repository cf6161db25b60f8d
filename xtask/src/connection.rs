//! HTTP/1.1 over a socket, for what client libraries hide: whether any of an answer had arrived when a connection broke, and
//! whether the server wants no more requests on it.

use std::{
    fmt,
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::Context;

/// How long a connection may take to be made, and a server to say something.
const PATIENCE: Duration = Duration::from_secs(30);

/// Between the head of a message and its body.
const HEAD_END: &[u8] = b"\r\n\r\n";

/// An answer that arrived whole.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Seconds, if it has a `Retry-After` of such.
    pub(crate) retry_after: Option<u64>,
    /// Whether it is the last on its connection.
    pub(crate) closes: bool,
    pub(crate) body: Vec<u8>,
}

/// How a request got no answer.
#[derive(Debug)]
pub(crate) enum Lost {
    /// There was no connection.
    Refused(io::Error),
    /// The connection broke before any of the answer had arrived.
    Unanswered(io::Error),
    /// A part of the answer arrived, and the rest did not.
    Cut(io::Error),
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lost::Refused(error) => write!(f, "no connection: {error}"),
            Lost::Unanswered(error) => write!(f, "no answer: {error}"),
            Lost::Cut(error) => write!(f, "a part of an answer: {error}"),
        }
    }
}

impl std::error::Error for Lost {}

/// A connection for one request at a time.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
}

impl Connection {
    /// Connects.
    pub(crate) fn open(address: SocketAddr) -> Result<Connection, Lost> {
        let open = || {
            let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            Ok(Connection { stream })
        };
        open().map_err(Lost::Refused)
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> Result<Answer, Lost> {
        // A server that refuses a request need not read all of it, and may have answered already.
        let sent = self.stream.write_all(request);
        match (sent, self.answer()) {
            (Err(error), Err(Lost::Unanswered(_))) => Err(Lost::Unanswered(error)),
            (_, answer) => answer,
        }
    }

    fn answer(&mut self) -> Result<Answer, Lost> {
        let mut received = Vec::new();
        let lost =
            |received: &[u8], error| if received.is_empty() { Lost::Unanswered(error) } else { Lost::Cut(error) };
        loop {
            if let Some(answer) = read(&received).map_err(|error| lost(&received, error))? {
                return Ok(answer);
            }
            let mut more = [0; 1 << 14];
            match self.stream.read(&mut more) {
                Ok(0) => return Err(lost(&received, ErrorKind::UnexpectedEof.into())),
                Ok(count) => received.extend_from_slice(more.split_at(count).0),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(lost(&received, error)),
            }
        }
    }
}

/// The answer in these bytes, if they are all of it.
fn read(received: &[u8]) -> io::Result<Option<Answer>> {
    let Some(end) = received.windows(HEAD_END.len()).position(|bytes| bytes == HEAD_END) else { return Ok(None) };
    let (head, rest) = received.split_at(end);
    let body = rest.split_at(HEAD_END.len()).1;
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let header = |name: &str| {
        let headers = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        headers.map(|(name, value)| (name, value.trim())).find(|(found, _)| *found == name).map(|(_, value)| value)
    };
    let strange = || io::Error::new(ErrorKind::InvalidData, format!("not understood: {head}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(strange)?;
    let length: usize = header("content-length").and_then(|length| length.parse().ok()).ok_or_else(strange)?;
    Ok((body.len() >= length).then(|| Answer {
        status,
        retry_after: header("retry-after").and_then(|seconds| seconds.parse().ok()),
        closes: header("connection") == Some("close"),
        body: body.split_at(length).0.to_vec(),
    }))
}

/// A client that keeps its connection for as long as the server lets it.
#[derive(Debug)]
pub(crate) struct KeepAlive {
    address: SocketAddr,
    kept: Option<Connection>,
}

impl KeepAlive {
    pub(crate) fn to(address: SocketAddr) -> KeepAlive {
        KeepAlive { address, kept: None }
    }

    /// Sends a request on the connection that there is, or else on a new one.
    pub(crate) fn ask(&mut self, request: &[u8]) -> Result<Answer, Lost> {
        let mut connection = match self.kept.take() {
            Some(connection) => connection,
            None => Connection::open(self.address)?,
        };
        let answer = connection.exchange(request)?;
        self.kept = (!answer.closes).then_some(connection);
        Ok(answer)
    }
}

/// Sends one request on a connection of its own.
pub(crate) fn ask(address: SocketAddr, request: &[u8]) -> Result<Answer, Lost> {
    Connection::open(address)?.exchange(request)
}

/// A request for this path.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: xtask\r\n\r\n").into_bytes()
}

/// A request that posts this, with further headers, each of which ends with a line break.
pub(crate) fn post(path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("POST {path} HTTP/1.1\r\nhost: xtask\r\n{headers}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// A request that posts this JSON.
pub(crate) fn post_json(path: &str, body: &str) -> Vec<u8> {
    post(path, "content-type: application/json\r\n", body.as_bytes())
}

/// The same for one that is to be the last on its connection.
pub(crate) fn post_json_and_close(path: &str, body: &str) -> Vec<u8> {
    post(path, "content-type: application/json\r\nconnection: close\r\n", body.as_bytes())
}

/// Where a server listens that has this URL.
pub(crate) fn address(url: &str) -> anyhow::Result<SocketAddr> {
    url.trim_start_matches("http://").parse().with_context(|| format!("no address: {url}"))
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
        thread,
    };

    use super::{Lost, ask, get, read};

    const ANSWER: &str =
        "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\nRetry-After: 3\r\nConnection: close\r\n\r\n{}";

    #[test]
    fn answers_are_read_when_they_are_whole() {
        let answer = read(ANSWER.as_bytes()).unwrap().unwrap();
        assert_eq!((answer.status, answer.retry_after, answer.closes), (429, Some(3), true));
        assert_eq!(answer.body, b"{}");
        for end in 0..ANSWER.len() {
            assert!(read(&ANSWER.as_bytes()[..end]).unwrap().is_none());
        }
        assert!(read(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }

    /// Asks a server that says so much and closes the connection.
    fn told(said: &'static str) -> Result<u16, Lost> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
            stream.write_all(said.as_bytes()).unwrap();
        });
        let answer = ask(address, &get("/")).map(|answer| answer.status);
        server.join().unwrap();
        answer
    }

    #[test]
    fn what_is_lost_is_told_apart() {
        assert_eq!(told(ANSWER).unwrap(), 429);
        assert!(matches!(told(""), Err(Lost::Unanswered(_))));
        assert!(matches!(told("HTTP/1.1 200 OK\r\ncont"), Err(Lost::Cut(_))));
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(matches!(ask(free, &get("/")), Err(Lost::Refused(_))));
    }
}
