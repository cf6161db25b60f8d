//! A server whose answers are written by the test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What it does with its connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    GoesOn,
    Closes,
}

/// A request that arrived whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// In lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Serves until the process ends.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    connections: Arc<Mutex<usize>>,
}

/// A whole answer with this status.
pub(crate) fn answer(status: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}")
}

impl Server {
    /// Answers the request of this number, counted from 0 over all connections.
    pub(crate) fn start(act: impl Fn(usize, &mut dyn Write) -> Then + Send + Sync + 'static) -> Server {
        Server::listen("127.0.0.1:0", None, act)
    }

    /// Answers everything likewise.
    pub(crate) fn saying(said: String) -> Server {
        Server::start(move |_, stream| say(stream, &said))
    }

    pub(crate) fn listen(
        address: &str,
        tls: Option<Arc<ServerConfig>>,
        act: impl Fn(usize, &mut dyn Write) -> Then + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind(address).expect("a port");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}/", listener.local_addr().expect("an address"));
        let server = Server { url, requests: Arc::default(), connections: Arc::default() };
        let (served, act) = (server.clone(), Arc::new(act));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                *served.connections.lock().unwrap() += 1;
                stream.set_nodelay(true).expect("it is connected");
                let (served, act, tls) = (served.clone(), Arc::clone(&act), tls.clone());
                thread::spawn(move || match tls {
                    None => served.serve(stream, &*act),
                    Some(tls) => {
                        served.serve(StreamOwned::new(ServerConnection::new(tls).expect("TLS"), stream), &*act)
                    }
                });
            }
        });
        server
    }

    fn serve(&self, stream: impl Read + Write, act: &dyn Fn(usize, &mut dyn Write) -> Then) {
        let mut stream = BufReader::new(stream);
        while let Some(request) = read(&mut stream) {
            let number = {
                let mut requests = self.requests.lock().unwrap();
                requests.push(request);
                requests.len() - 1
            };
            if act(number, stream.get_mut()) == Then::Closes {
                break;
            }
        }
    }

    /// What has arrived so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// How many requests have arrived so far.
    pub(crate) fn count(&self) -> u64 {
        self.requests.lock().unwrap().len() as u64
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

/// Says it, if there is still somebody to hear it.
pub(crate) fn say(stream: &mut dyn Write, said: &str) -> Then {
    match stream.write_all(said.as_bytes()).and_then(|()| stream.flush()) {
        Ok(()) => Then::GoesOn,
        Err(_) => Then::Closes,
    }
}

fn read(stream: &mut impl BufRead) -> Option<Request> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    head.make_ascii_lowercase();
    let length = head.split_once("content-length: ").map_or("0", |(_, rest)| rest.split("\r\n").next().unwrap());
    let mut body = vec![0; length.parse().expect("a length")];
    stream.read_exact(&mut body).ok()?;
    Some(Request { head, body: String::from_utf8(body).expect("text") })
}
