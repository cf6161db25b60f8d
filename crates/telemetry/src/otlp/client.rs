//! One request to a receiver of OTLP, in either protocol.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, TE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore, crypto};
use tokio::time::timeout;

use super::config::{OtlpConfig, OtlpError, OtlpProtocol, SignalKind};
use super::{grpc, http_answer};

/// Longest body of an answer.
const MAX_ANSWER: usize = 64 * 1024;

/// Sends messages of one kind. Must be used inside of a runtime of tokio.
pub(super) struct Client {
    connector: HttpsConnector<HttpConnector>,
    connections: Connections,
    protocol: OtlpProtocol,
    uri: Uri,
    headers: HeaderMap,
    timeout: Duration,
}

type Connections = legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// What a receiver answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) trailers: HeaderMap,
}

/// What a receiver did not want of what it accepted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rejected {
    pub(super) items: u64,
    pub(super) why: String,
}

/// Why a message has not arrived.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SendError {
    /// It may arrive when it is sent again, after this time if the receiver named one.
    Retry { after: Option<Duration>, why: String },
    /// It will never be accepted.
    Refused { why: String },
}

impl SendError {
    pub(super) fn retry(why: impl Into<String>) -> SendError {
        SendError::Retry { after: None, why: why.into() }
    }
}

impl Client {
    pub(super) fn new(config: &OtlpConfig, kind: SignalKind) -> Result<Client, OtlpError> {
        let uri = config.uri(kind)?;
        let mut headers = config.header_map()?;
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("ferrocast/", env!("CARGO_PKG_VERSION"))));
        let content = match config.protocol {
            OtlpProtocol::Grpc => "application/grpc",
            OtlpProtocol::Http => "application/x-protobuf",
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content));
        if config.protocol == OtlpProtocol::Grpc {
            headers.insert(TE, HeaderValue::from_static("trailers"));
        }
        let tls = tls(uri.scheme_str() == Some("https"))?;
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
        let connector = match config.protocol {
            OtlpProtocol::Grpc => connector.enable_http2().wrap_connector(tcp()),
            OtlpProtocol::Http => connector.enable_http1().wrap_connector(tcp()),
        };
        let connections = connections(&connector, config.protocol);
        Ok(Client { connector, connections, protocol: config.protocol, uri, headers, timeout: config.timeout })
    }

    /// Sends an encoded message, and says what of it was rejected.
    pub(super) async fn send(&mut self, message: Bytes) -> Result<Option<Rejected>, SendError> {
        let result = match timeout(self.timeout, self.exchange(message)).await {
            Ok(result) => result,
            Err(_) => Err(SendError::retry(format!("it does not answer within {:?}", self.timeout))),
        };
        if result.is_err() {
            // A connection that went silent would be used again.
            self.connections = connections(&self.connector, self.protocol);
        }
        result
    }

    async fn exchange(&self, message: Bytes) -> Result<Option<Rejected>, SendError> {
        let body = match self.protocol {
            OtlpProtocol::Grpc => grpc::framed(&message),
            OtlpProtocol::Http => message,
        };
        let mut request = Request::post(self.uri.clone())
            .body(Full::new(body))
            .map_err(|error| SendError::Refused { why: error.to_string() })?;
        request.headers_mut().clone_from(&self.headers);
        let response = self.connections.request(request).await.map_err(|error| SendError::retry(causes(&error)))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_ANSWER)
            .collect()
            .await
            .map_err(|error| SendError::retry(format!("its answer cannot be read: {error}")))?;
        let trailers = body.trailers().cloned().unwrap_or_default();
        let answer = Answer { status: head.status, headers: head.headers, body: body.to_bytes(), trailers };
        match self.protocol {
            OtlpProtocol::Grpc => grpc::outcome(&answer),
            OtlpProtocol::Http => http_answer::outcome(&answer),
        }
    }
}

fn tcp() -> HttpConnector {
    let mut connector = HttpConnector::new();
    // TLS is put on top where it is asked for.
    connector.enforce_http(false);
    // Head and body of a request are two packets, the second of which would wait for the first one's confirmation.
    connector.set_nodelay(true);
    connector
}

/// A client without connections.
fn connections(connector: &HttpsConnector<HttpConnector>, protocol: OtlpProtocol) -> Connections {
    // gRPC is HTTP/2 from the first byte on, also without TLS.
    let http2 = protocol == OtlpProtocol::Grpc;
    legacy::Client::builder(TokioExecutor::new()).http2_only(http2).build(connector.clone())
}

/// Whom an address of `https` is believed: the authorities of this system.
fn tls(https: bool) -> Result<ClientConfig, OtlpError> {
    let mut authorities = RootCertStore::empty();
    if https {
        authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if authorities.is_empty() {
            return Err(OtlpError::NoAuthorities);
        }
    }
    let provider = Arc::new(crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(authorities).with_no_client_auth())
}

/// An error and what led to it, in one line: the first alone says no more than that it could not connect.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
