//! One connection after the other to the same server, each kept for as long as the server lets it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use crate::failure::{Failure, FailureKind};
use crate::{LoadError, Target, Trust};

/// How a server is reached.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    addresses: Vec<SocketAddr>,
    tls: Option<Tls>,
}

#[derive(Clone)]
struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Route {
    pub(crate) fn to(target: &Target, trust: &Trust) -> Result<Route, LoadError> {
        let tls = || Ok::<_, LoadError>(Tls { connector: trust.connector()?, name: target.server_name()? });
        Ok(Route { addresses: target.resolve()?, tls: target.is_https().then(tls).transpose()? })
    }

    async fn connect(&self) -> Result<Link, Failure> {
        let refused = |error: std::io::Error| Failure::new(FailureKind::Connect, &error);
        let stream = TcpStream::connect(self.addresses.as_slice()).await.map_err(refused)?;
        stream.set_nodelay(true).map_err(refused)?;
        match &self.tls {
            None => Link::over(stream).await,
            Some(Tls { connector, name }) => {
                let secured = connector.connect(name.clone(), stream).await;
                Link::over(secured.map_err(|error| Failure::new(FailureKind::Tls, &error))?).await
            }
        }
    }
}

/// A connection, and what moves its bytes.
#[derive(Debug)]
struct Link {
    sender: SendRequest<Full<Bytes>>,
    mover: JoinHandle<()>,
}

impl Link {
    async fn over(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Result<Link, Failure> {
        let (sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| Failure::of_exchange(&error))?;
        // What goes wrong is told to the request that it happens to.
        let mover = tokio::spawn(async { drop(connection.await) });
        Ok(Link { sender, mover })
    }

    /// Whether another request may be sent. The answer before has to be read.
    async fn is_open(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }
}

impl Drop for Link {
    /// Closes the connection, whatever is under way on it.
    fn drop(&mut self) {
        self.mover.abort();
    }
}

/// A whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    /// Of its body.
    pub(crate) bytes: u64,
}

/// A client that keeps its connection for as long as the server lets it.
#[derive(Debug)]
pub(crate) struct Client<'r> {
    route: &'r Route,
    timeout: Duration,
    kept: Option<Link>,
}

impl<'r> Client<'r> {
    pub(crate) fn new(route: &'r Route, timeout: Duration) -> Client<'r> {
        Client { route, timeout, kept: None }
    }

    /// Sends a request and takes in its answer, whose body goes to `take` in pieces. After a failure the connection is gone.
    pub(crate) async fn ask(
        &mut self,
        request: Request<Full<Bytes>>,
        take: impl FnMut(&Bytes),
    ) -> Result<Answered, Failure> {
        let timeout = self.timeout;
        match tokio::time::timeout(timeout, self.exchange(request, take)).await {
            Ok(answered) => answered,
            Err(_) => Err(Failure::timeout(timeout)),
        }
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>, take: impl FnMut(&Bytes)) -> Result<Answered, Failure> {
        let (link, response) = self.send(request).await?;
        let status = response.status().as_u16();
        let bytes = read(response.into_body(), take).await.map_err(|error| Failure::of_exchange(&error))?;
        self.kept = Some(link);
        Ok(Answered { status, bytes })
    }

    /// Sends on the connection that there is. If the server has closed it before it took anything of the request, as servers may
    /// at any time between requests, that is no failure, and it is sent on another.
    async fn send(&mut self, mut request: Request<Full<Bytes>>) -> Result<(Link, Response<Incoming>), Failure> {
        if let Some(mut link) = self.kept.take()
            && link.is_open().await
        {
            match link.sender.try_send_request(request).await {
                Ok(response) => return Ok((link, response)),
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(Failure::of_exchange(error.error())),
                },
            }
        }
        let mut link = self.route.connect().await?;
        let response = link.sender.send_request(request).await.map_err(|error| Failure::of_exchange(&error))?;
        Ok((link, response))
    }
}

async fn read(mut body: Incoming, mut take: impl FnMut(&Bytes)) -> Result<u64, hyper::Error> {
    let mut bytes = 0;
    while !body.is_end_stream() {
        let Some(frame) = body.frame().await else { break };
        if let Some(piece) = frame?.data_ref() {
            bytes += piece.len() as u64;
            take(piece);
        }
    }
    Ok(bytes)
}
