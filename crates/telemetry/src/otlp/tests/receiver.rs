//! A receiver of OTLP on this machine that answers as a test says.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::super::OtlpProtocol;

/// What was received.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// How the next request is answered. After the last of them: with an acceptance.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    /// With this status of HTTP.
    Status(u16),
    /// With this message of the protocol.
    Message(Vec<u8>),
    /// Never.
    Silence,
}

#[derive(Debug, Default)]
struct Shared {
    replies: Mutex<VecDeque<Reply>>,
    received: Mutex<Vec<Received>>,
    arrived: Condvar,
}

#[derive(Debug)]
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    end: Arc<Notify>,
}

impl Receiver {
    pub(super) fn start(protocol: OtlpProtocol, replies: impl IntoIterator<Item = Reply>) -> Receiver {
        let shared = Arc::new(Shared { replies: Mutex::new(replies.into_iter().collect()), ..Shared::default() });
        let (end, listener) = (Arc::<Notify>::default(), std::net::TcpListener::bind("127.0.0.1:0").unwrap());
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let (serving, ending) = (Arc::clone(&shared), Arc::clone(&end));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = serve(TcpListener::from_std(listener).unwrap(), protocol, serving) => {}
                    () = ending.notified() => {}
                }
            });
        });
        Receiver { address, shared, end }
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests so far.
    pub(super) fn received(&self) -> Vec<Received> {
        self.wait_for(0)
    }

    /// The same, when there are so many.
    pub(super) fn wait_for(&self, count: usize) -> Vec<Received> {
        let received = self.shared.received.lock().unwrap();
        self.shared.arrived.wait_while(received, |received| received.len() < count).unwrap().clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.end.notify_one();
    }
}

async fn serve(listener: TcpListener, protocol: OtlpProtocol, shared: Arc<Shared>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (io, shared) = (TokioIo::new(stream), Arc::clone(&shared));
        let service = service_fn(move |request| answer(request, protocol, Arc::clone(&shared)));
        tokio::spawn(async move {
            match protocol {
                OtlpProtocol::Http => http1::Builder::new().serve_connection(io, service).await.ok(),
                OtlpProtocol::Grpc => {
                    http2::Builder::new(TokioExecutor::new()).serve_connection(io, service).await.ok()
                }
            }
        });
    }
}

type Body = http_body_util::combinators::BoxBody<Bytes, Infallible>;

async fn answer(
    request: Request<Incoming>,
    protocol: OtlpProtocol,
    shared: Arc<Shared>,
) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let reply = shared.replies.lock().unwrap().pop_front();
    shared.received.lock().unwrap().push(Received { path: head.uri.path().to_owned(), headers: head.headers, body });
    shared.arrived.notify_all();
    let message = match reply {
        Some(Reply::Silence) => std::future::pending().await,
        Some(Reply::Status(status)) => {
            return Ok(Response::builder().status(status).body(Full::default().boxed()).unwrap());
        }
        Some(Reply::Message(message)) => message,
        None => Vec::new(),
    };
    Ok(Response::new(match protocol {
        OtlpProtocol::Http => Full::from(message).boxed(),
        OtlpProtocol::Grpc => {
            let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), "0".parse().unwrap())]);
            Full::new(framed(&message)).with_trailers(async { Some(Ok(trailers)) }).boxed()
        }
    }))
}

/// A message as the body of an answer of gRPC: whether it is compressed, its length, itself.
fn framed(message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    Bytes::from([&[0], length.as_slice(), message].concat())
}
