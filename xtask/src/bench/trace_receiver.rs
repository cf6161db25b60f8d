//! A receiver of OTLP that takes everything and looks at nothing, so that to send costs what it costs.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// Listens until the process ends.
#[derive(Debug)]
pub(super) struct TraceReceiver {
    url: String,
    received: Arc<AtomicU64>,
}

impl TraceReceiver {
    /// On a free port.
    pub(super) fn start() -> anyhow::Result<TraceReceiver> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let received = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&received);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counted = Arc::clone(&counted);
                thread::spawn(move || take(stream, &counted));
            }
        });
        Ok(TraceReceiver { url, received })
    }

    /// What is configured as the endpoint.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Requests that were taken.
    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }
}

/// Until the connection ends.
fn take(stream: TcpStream, received: &AtomicU64) -> Option<()> {
    let mut answers = stream.try_clone().ok()?;
    let mut requests = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if requests.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(text) = line.strip_prefix("content-length:") {
                length = text.trim().parse().ok()?;
            }
        }
        requests.read_exact(&mut vec![0; length]).ok()?;
        answers
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n")
            .ok()?;
        received.fetch_add(1, Ordering::Relaxed);
    }
}
