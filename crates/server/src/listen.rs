//! Sockets on which HTTP/1.1 is spoken, put together from the parts that `actix_web::HttpServer` is made of. That one offers HTTP/2
//! as soon as any crate of the build turns its feature on, inside TLS too.

mod stream;
mod turn;

use std::convert::Infallible;
use std::future::ready;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::time::Duration;
use std::{fmt, io};

use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive, Request};
use actix_server::GracefulShutdownSignal;
use actix_service::{
    IntoServiceFactory as _, ServiceFactory, ServiceFactoryExt as _, fn_factory, fn_service, map_config,
};
use actix_web::dev::{AppConfig, ServiceResponse};
use actix_web::web::Data;
use actix_web::{App, Error, HttpResponse};
use apistos::app::{BuildConfig, OpenApiWrapper as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::debug;

use self::stream::TimedStream;
use self::turn::Turns;
pub(crate) use self::turn::{Answering, Turn};
use crate::access::Listener;
use crate::app::RunError;
use crate::config::{Config, ServerConfig};
use crate::connections::Open;
use crate::extract::upload::parser_config;
use crate::middleware::answer::{Around, answer};
use crate::openapi::spec;
use crate::routes;
use crate::state::State;
use crate::tls::Tls;

/// How long a closing connection may take to go away.
const DISCONNECT: Duration = Duration::from_secs(1);

/// Most connections that the system has made and nobody has accepted.
const BACKLOG: u32 = 1024;

/// Most I/O threads that actix-server starts. Of a machine with more cores the others are left to the pool.
const MOST_WORKERS: usize = 512;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(3);

/// Where a socket is reached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    is_secured: bool,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.is_secured { "https" } else { "http" }, self.address)
    }
}

/// A socket to be listened on.
pub(crate) struct Listening {
    /// The section of the configuration that it comes from.
    section: &'static str,
    address: SocketAddr,
    workers: usize,
    listener: Listener,
}

impl Listening {
    pub(crate) fn at(section: &'static str, address: SocketAddr, workers: usize, listener: Listener) -> Listening {
        Listening { section, address, workers: workers.min(MOST_WORKERS), listener }
    }

    /// Starts its I/O threads; with `tls` all connections are secured. Must be called inside a runtime.
    ///
    /// # Errors
    /// If nobody can listen there.
    pub(crate) fn listen(
        &self,
        config: &Config,
        state: Data<State>,
        tls: Option<&Tls>,
    ) -> Result<(Endpoint, actix_server::Server), RunError> {
        self.try_listen(config, state, tls).map_err(|error| bind_error(config, self, &error))
    }

    fn try_listen(
        &self,
        config: &Config,
        state: Data<State>,
        tls: Option<&Tls>,
    ) -> io::Result<(Endpoint, actix_server::Server)> {
        let socket = bind(self.address)?;
        let endpoint = Endpoint { address: socket.local_addr()?, is_secured: tls.is_some() };
        let builder = actix_server::Server::build()
            .workers(self.workers)
            .max_concurrent_connections(config.limits.max_connections.div_ceil(self.workers))
            .shutdown_timeout(config.server.drain.as_secs())
            .disable_signals();
        let ending = builder.graceful_shutdown_signal();
        let http = Http { state, config: config.server.clone(), listener: self.listener, ending };
        let builder = match tls.map(Tls::acceptor) {
            None => builder.listen(self.section, socket, move || fn_service(accept).and_then(http.service())),
            Some(acceptor) => builder.listen(self.section, socket, move || {
                let acceptor = acceptor.clone();
                fn_service(move |stream| secure(acceptor.clone(), stream)).and_then(http.service())
            }),
        };
        Ok((endpoint, builder?.run()))
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // What is left of connections of a server that ran here does not keep the next one away. (Elsewhere than on Unix the option
    // lets two servers share a port.)
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// A connection, as the protocol takes it.
async fn accept(stream: TcpStream) -> Result<(TcpStream, Option<SocketAddr>), DispatchError> {
    // Answers are written whole: there is nothing to wait for.
    stream.set_nodelay(true).map_err(DispatchError::Io)?;
    let peer = stream.peer_addr().ok();
    Ok((stream, peer))
}

/// The same after a handshake.
async fn secure(
    acceptor: TlsAcceptor,
    stream: TcpStream,
) -> Result<(TlsStream<TcpStream>, Option<SocketAddr>), DispatchError> {
    let (stream, peer) = accept(stream).await?;
    let handshake = timeout(HANDSHAKE, acceptor.accept(stream)).await;
    let stream = handshake.unwrap_or_else(|late| Err(late.into())).map_err(DispatchError::Io);
    Ok((stream.inspect_err(|error| debug!(%error, ?peer, "a handshake failed"))?, peer))
}

/// What requests of one connection have in common.
#[derive(Debug)]
pub(crate) struct Connection {
    _open: Open,
    /// Whose turn it is.
    pub(crate) turn: Rc<Turn>,
}

/// What speaks HTTP on each connection of a socket.
#[derive(Clone)]
struct Http {
    state: Data<State>,
    config: ServerConfig,
    listener: Listener,
    /// Comes when the server begins to stop; connections that wait for a next request are closed then.
    ending: GracefulShutdownSignal,
}

impl Http {
    /// HTTP/1.1 over streams of one kind. Called once on each I/O thread.
    fn service<T>(
        &self,
    ) -> impl ServiceFactory<(T, Option<SocketAddr>), Config = (), Response = (), Error = DispatchError, InitError = ()>
    + use<T>
    where
        T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + 'static,
    {
        self.state.lifecycle.watch_this_thread();
        let ServerConfig { keep_alive, head_timeout, app_name, .. } = &self.config;
        let around = Around::new(self.state.clone(), self.listener);
        let (connections, ending) = (self.state.connections.clone(), self.ending.clone());
        let turns = Turns::new(*head_timeout, *keep_alive);
        actix_web::rt::spawn(Rc::clone(&turns).watch());
        let http = HttpService::build()
            .keep_alive(if keep_alive.is_zero() { KeepAlive::Disabled } else { (*keep_alive).into() })
            .client_request_timeout(*head_timeout)
            .client_disconnect_timeout(DISCONNECT)
            // A client that has gone must not keep its request running.
            .h1_allow_half_closed(false)
            .graceful_shutdown_signal(move || {
                let ending = ending.clone();
                async move { ending.notified().await }
            })
            .on_connect_ext(move |stream: &TimedStream<T>, extensions| {
                extensions.insert(Connection { _open: connections.open(), turn: Rc::clone(stream.turn()) });
            })
            .h1(answering(around, application(&self.state, app_name)));
        let timed = move |(stream, peer)| {
            let stream = TimedStream::new(stream, turns.begin());
            ready(Ok((stream, peer)))
        };
        fn_service(timed).and_then(http)
    }
}

/// All routes.
pub(crate) fn application(
    state: &Data<State>,
    app_name: &str,
) -> impl ServiceFactory<Request, Config = (), Response = ServiceResponse, Error = Error, InitError = ()> + use<> {
    let app = App::new()
        .app_data(state.clone())
        .app_data(parser_config())
        .document(spec(app_name))
        .configure(routes::api)
        // The description is our own route: this part of it plus the models.
        .build_with("", BuildConfig::default().disable_openapi_route())
        .configure(routes::pages);
    map_config(app.into_factory(), |()| AppConfig::default())
}

/// The outermost layer, with the application below it. It is no layer of the application's own, since what it answers by itself
/// needs nothing of what that makes of a request.
pub(crate) fn answering(
    around: Rc<Around>,
    app: impl ServiceFactory<Request, Config = (), Response = ServiceResponse, Error = Error, InitError = ()>,
) -> impl ServiceFactory<Request, Config = (), Response = HttpResponse, Error = Infallible, InitError = ()> {
    fn_factory(move || {
        let (around, routes) = (Rc::clone(&around), app.new_service(()));
        async move {
            let routes = Rc::new(routes.await?);
            Ok(fn_service(move |request| answer(Rc::clone(&around), request, Rc::clone(&routes))))
        }
    })
}

fn bind_error(config: &Config, listening: &Listening, error: &io::Error) -> RunError {
    let Listening { section, address, .. } = listening;
    let (name, message) = match error.kind() {
        io::ErrorKind::AddrInUse => {
            ("port", format!("{address} is in use by another program; choose another port, or 0"))
        }
        io::ErrorKind::PermissionDenied => ("port", format!("{address} needs more rights than this process has")),
        _ => ("host", format!("cannot listen on {address}: {error}")),
    };
    config.problem(&format!("{section}.{name}"), message).into()
}
