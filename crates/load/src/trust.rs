//! Whose certificates are good.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use crate::LoadError;

/// The one protocol that is spoken (RFC 7301).
const ALPN: &[u8] = b"http/1.1";

/// Authorities that may certify a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Those that the system trusts.
    System,
    /// Those in this PEM file, and nobody else.
    File(PathBuf),
}

impl Trust {
    /// Secures connections.
    pub(crate) fn connector(&self) -> Result<TlsConnector, LoadError> {
        let roots = match self {
            Trust::System => of_system()?,
            Trust::File(path) => of_file(path)?,
        };
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions()?;
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(TlsConnector::from(Arc::new(config)))
    }
}

fn of_system() -> Result<RootCertStore, LoadError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Some systems hold certificates that no library can read beside those that count.
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let reasons: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
        return Err(LoadError::NoAuthorities(if reasons.is_empty() {
            "none found".into()
        } else {
            reasons.join("; ")
        }));
    }
    Ok(roots)
}

fn of_file(path: &Path) -> Result<RootCertStore, LoadError> {
    let bad = |reason: String| LoadError::BadAuthorities { path: path.to_owned(), reason };
    let pem = std::fs::read(path).map_err(|error| bad(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| bad(error.to_string()))?;
        roots.add(certificate).map_err(|error| bad(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(bad("no certificate in it: it has to hold PEM, `-----BEGIN CERTIFICATE-----` and so on".into()));
    }
    Ok(roots)
}
