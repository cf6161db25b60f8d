//! Where spans and errors are sent, and what is checked about that before anything is.

use std::fmt;
use std::time::Duration;

use http::header::InvalidHeaderValue;
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

/// A receiver of OTLP, and what it is told. Of the environment, only `OTEL_EXPORTER_OTLP_HEADERS` adds to it, and
/// `OTEL_EXPORTER_OTLP_COMPRESSION` must not ask for any; likewise those for one signal, such as `OTEL_EXPORTER_OTLP_TRACES_HEADERS`.
#[derive(Clone)]
pub struct OtlpConfig {
    /// `http://localhost:4317` or `https://…`. For [`OtlpProtocol::Http`] the paths `/v1/traces` and `/v1/logs` are appended;
    /// for [`OtlpProtocol::Grpc`] there is no path.
    pub endpoint: String,
    /// How it is spoken to.
    pub protocol: OtlpProtocol,
    /// Headers of every request, such as `authorization`. Their values are secret.
    pub headers: Vec<(String, String)>,
    /// The attribute `service.name`.
    pub service_name: String,
    /// More attributes of the resource, such as `deployment.environment.name`.
    pub resource: Vec<(String, String)>,
    /// The share of the traces that begin here that is recorded: from 0 to 1.
    pub sample_ratio: f64,
    /// How long the receiver may take to accept a message, which is sent again while it is away; what it has not accepted by then
    /// is lost. A single request may take as long.
    pub timeout: Duration,
}

/// The two forms of OTLP that receivers have to understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtlpProtocol {
    /// gRPC, usually on port 4317.
    Grpc,
    /// Binary protobuf over HTTP/1.1, usually on port 4318.
    Http,
}

/// Why nothing can be sent. No message holds a value of the configuration, which may be secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OtlpError {
    /// The endpoint is no address that can be used.
    #[error("the OTLP endpoint {why}; it must be http://host:port or https://host:port{path}", path = path_hint(*protocol))]
    Endpoint {
        /// What is wrong.
        why: &'static str,
        /// How it is spoken to.
        protocol: OtlpProtocol,
    },
    /// The name of a header is none.
    #[error("the OTLP header {name:?} has a name that HTTP does not allow")]
    HeaderName {
        /// The name.
        name: String,
    },
    /// A header's value is none.
    #[error("the value of the OTLP header {name:?} has characters that HTTP does not allow")]
    HeaderValue {
        /// The name.
        name: String,
        /// What HTTP says.
        source: InvalidHeaderValue,
    },
    /// The share is none.
    #[error("the OTLP sample ratio is {ratio}; it must be from 0 to 1")]
    Ratio {
        /// The value.
        ratio: f64,
    },
    /// No certificate can be checked.
    #[error("this system has no certificates of authorities, so the OTLP endpoint cannot be https")]
    NoAuthorities,
    /// TLS cannot be set up.
    #[error("TLS for OTLP cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The client for HTTP cannot be made.
    #[error("the client for OTLP cannot be made: {0}")]
    Client(#[from] reqwest::Error),
    /// The connection for gRPC cannot be made.
    #[error("the connection for OTLP cannot be made: {0}")]
    Connection(#[from] tonic::transport::Error),
    /// Something in the environment that the library reads itself, such as `OTEL_EXPORTER_OTLP_COMPRESSION`.
    #[error("the exporter for OTLP cannot be made: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// The system gives no thread.
    #[error("the thread for OTLP cannot be started: {0}")]
    Thread(#[from] std::io::Error),
}

fn path_hint(protocol: OtlpProtocol) -> &'static str {
    match protocol {
        OtlpProtocol::Grpc => "",
        OtlpProtocol::Http => ", with a path or without",
    }
}

/// What is sent to one address each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignalKind {
    Traces,
    Logs,
}

impl SignalKind {
    fn http_path(self) -> &'static str {
        match self {
            SignalKind::Traces => "/v1/traces",
            SignalKind::Logs => "/v1/logs",
        }
    }
}

impl OtlpConfig {
    /// The endpoint, if it is one.
    pub(super) fn address(&self) -> Result<Uri, OtlpError> {
        let wrong = |why| OtlpError::Endpoint { why, protocol: self.protocol };
        let endpoint: Uri = self.endpoint.parse().map_err(|_| wrong("cannot be read"))?;
        if !matches!(endpoint.scheme(), Some(scheme) if *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS) {
            return Err(wrong("has no scheme that is known"));
        }
        if endpoint.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(wrong("holds a user's name, which belongs in a header"));
        }
        if endpoint.query().is_some() {
            return Err(wrong("has a query"));
        }
        if self.protocol == OtlpProtocol::Grpc && endpoint.path() != "/" {
            return Err(wrong("has a path, which gRPC has not"));
        }
        Ok(endpoint)
    }

    /// Where requests of this kind go over HTTP.
    pub(super) fn http_uri(&self, kind: SignalKind) -> Result<Uri, OtlpError> {
        let wrong = |why| OtlpError::Endpoint { why, protocol: self.protocol };
        let endpoint = self.address()?;
        let path = endpoint.path().trim_end_matches('/').to_owned() + kind.http_path();
        let mut parts = endpoint.into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(path).map_err(|_| wrong("has no usable path"))?);
        Uri::from_parts(parts).map_err(|_| wrong("cannot be read"))
    }

    /// Whether the receiver has to show a certificate.
    pub(super) fn is_https(&self) -> Result<bool, OtlpError> {
        Ok(self.address()?.scheme() == Some(&Scheme::HTTPS))
    }

    /// The headers that are asked for.
    pub(super) fn header_map(&self) -> Result<HeaderMap, OtlpError> {
        let mut map = HeaderMap::new();
        for (name, value) in &self.headers {
            let key = HeaderName::try_from(name).map_err(|_| OtlpError::HeaderName { name: name.clone() })?;
            let mut value =
                HeaderValue::try_from(value).map_err(|source| OtlpError::HeaderValue { name: name.clone(), source })?;
            value.set_sensitive(true);
            map.append(key, value);
        }
        Ok(map)
    }

    /// The share of the traces that is recorded.
    pub(crate) fn checked_ratio(&self) -> Result<f64, OtlpError> {
        if (0.0..=1.0).contains(&self.sample_ratio) {
            Ok(self.sample_ratio)
        } else {
            Err(OtlpError::Ratio { ratio: self.sample_ratio })
        }
    }
}

impl fmt::Debug for OtlpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("OtlpConfig")
            .field("endpoint", &self.endpoint)
            .field("protocol", &self.protocol)
            .field("headers", &names)
            .field("service_name", &self.service_name)
            .field("resource", &self.resource)
            .field("sample_ratio", &self.sample_ratio)
            .field("timeout", &self.timeout)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{OtlpConfig, OtlpError, OtlpProtocol, SignalKind};

    fn config(endpoint: &str, protocol: OtlpProtocol) -> OtlpConfig {
        OtlpConfig {
            endpoint: endpoint.to_owned(),
            protocol,
            headers: Vec::new(),
            service_name: "test".to_owned(),
            resource: Vec::new(),
            sample_ratio: 1.0,
            timeout: Duration::from_secs(10),
        }
    }

    #[test]
    fn paths_are_appended() {
        let check = |endpoint, kind, expected: &str| {
            assert_eq!(config(endpoint, OtlpProtocol::Http).http_uri(kind).unwrap().to_string(), expected);
        };
        check("http://h:4318", SignalKind::Traces, "http://h:4318/v1/traces");
        check("https://h/otlp/", SignalKind::Logs, "https://h/otlp/v1/logs");
        check("http://[::1]:1", SignalKind::Logs, "http://[::1]:1/v1/logs");
    }

    #[test]
    fn certificates_are_for_https() {
        for (endpoint, https) in [("http://h:4317/", false), ("https://h", true), ("HTTPS://h", true)] {
            assert_eq!(config(endpoint, OtlpProtocol::Grpc).is_https().unwrap(), https, "{endpoint}");
        }
    }

    #[test]
    fn endpoints_that_cannot_be_used_are_not_repeated() {
        let table =
            ["", "h:4317", "ftp://h", "http://", "http://canary:secret@h", "http://h/?canary=secret", "http://h h"];
        for endpoint in table {
            for protocol in [OtlpProtocol::Grpc, OtlpProtocol::Http] {
                let error = config(endpoint, protocol).address().unwrap_err();
                assert!(matches!(error, OtlpError::Endpoint { .. }), "{endpoint}");
                assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
            }
        }
        let error = config("http://h/path", OtlpProtocol::Grpc).address().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the OTLP endpoint has a path, which gRPC has not; it must be http://host:port or https://host:port"
        );
    }

    #[test]
    fn values_of_headers_are_never_shown() {
        let mut config = config("http://h", OtlpProtocol::Http);
        config.headers = vec![("authorization".to_owned(), "canary\n".to_owned())];
        let error = config.header_map().unwrap_err();
        let shown = format!("{config:?} {error} {error:?}");
        assert!(shown.contains("authorization") && !shown.contains("canary"), "{shown}");
        config.headers = vec![("authorization".to_owned(), "canary".to_owned())];
        assert!(!format!("{:?}", config.header_map().unwrap()).contains("canary"));
        config.headers = vec![("not a name".to_owned(), "canary".to_owned())];
        assert!(matches!(config.header_map(), Err(OtlpError::HeaderName { name }) if name == "not a name"));
    }

    #[test]
    fn shares() {
        for (ratio, valid) in [(0.0, true), (0.1, true), (1.0, true), (-0.1, false), (1.1, false), (f64::NAN, false)] {
            let config = OtlpConfig { sample_ratio: ratio, ..config("http://h", OtlpProtocol::Http) };
            assert_eq!(config.checked_ratio().is_ok(), valid, "{ratio}");
        }
    }
}
