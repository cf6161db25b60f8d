//! TLS, made from the files that `[tls]` names: versions 1.2 and 1.3, HTTP/1.1 and nothing else inside.

mod authorities;
mod certificate;
mod error;
mod file;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::NoServerSessionStorage;
use tokio_rustls::TlsAcceptor;
use tracing::{info, warn};

use self::certificate::Certificate;
use self::watch::Watch;
use crate::config::TlsConfig;

pub(crate) use self::error::TlsError;

/// Between two looks at the certificate and its key.
const LOOK: Duration = Duration::from_secs(2);

/// The one protocol that is agreed on with clients which name some (RFC 7301).
const ALPN: &[u8] = b"http/1.1";

/// What connections are secured with. The certificate is exchanged while this lives.
#[derive(Debug)]
pub(crate) struct Tls {
    server: Arc<ServerConfig>,
    _watch: Watch,
}

impl Tls {
    /// Reads the files, and looks at the certificate and its key again and again from then on.
    ///
    /// # Errors
    /// If there is something in the files that does not do, or the system gives no thread.
    pub(crate) fn open(config: &TlsConfig) -> Result<Tls, TlsError> {
        let certificate = Arc::new(Certificate::open(config)?);
        let server = Arc::new(server(config, Arc::clone(&certificate))?);
        let watch = Watch::start(certificate, LOOK, exchanged).map_err(TlsError::Thread)?;
        info!("connections are secured with the certificate in {}", config.cert_file.display());
        Ok(Tls { server, _watch: watch })
    }

    /// Takes connections in.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.server))
    }
}

/// What is wrong with the files, without listening.
pub(crate) fn problems(config: &TlsConfig) -> Vec<TlsError> {
    let certificate = Certificate::open(config).err();
    let authorities = config.client_ca_file.as_deref().and_then(|file| authorities::verifier(file, &provider()).err());
    certificate.into_iter().chain(authorities).collect()
}

/// Says in the log what came of a change of the files.
fn exchanged(exchanged: Result<(), TlsError>) {
    match exchanged {
        Ok(()) => info!("new connections are secured with the new certificate"),
        Err(error) => warn!("the certificate from before stays in use: {}: {error}", error.setting()),
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn server(config: &TlsConfig, certificate: Arc<Certificate>) -> Result<ServerConfig, TlsError> {
    let provider = provider();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Unsupported)?;
    let mut server = match &config.client_ca_file {
        None => builder.with_no_client_auth().with_cert_resolver(certificate),
        Some(file) => {
            let verifier = authorities::verifier(file, &provider)?;
            let mut server = builder.with_client_cert_verifier(verifier).with_cert_resolver(certificate);
            // A session that is taken up again is not verified again, but a certificate may have expired since.
            server.session_storage = Arc::new(NoServerSessionStorage {});
            server.send_tls13_tickets = 0;
            server
        }
    };
    server.alpn_protocols = vec![ALPN.to_vec()];
    Ok(server)
}
