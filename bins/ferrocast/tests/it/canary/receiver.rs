//! Somebody whom the server sends something: traces or callbacks.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// It answers whatever comes, without looking at it.
pub(super) struct Receiver(u16);

impl Receiver {
    /// With this status.
    pub(super) fn start(status: &'static str) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || answer(stream, status));
            }
        });
        Receiver(port)
    }

    pub(super) fn port(&self) -> u16 {
        self.0
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.0)
    }
}

/// One answer to whatever comes together.
fn answer(mut stream: TcpStream, status: &str) {
    stream.set_read_timeout(Some(Duration::from_millis(200))).ok();
    let mut piece = [0; 16 << 10];
    while stream.read(&mut piece).is_ok_and(|read| read > 0) {
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        if piece.starts_with(b"POST") && stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
