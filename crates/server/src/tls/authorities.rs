//! Whose certificates clients may come with.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

use super::error::{CLIENT_CA_FILE, TlsError};
use super::file;

/// Lets those in who have a certificate of an authority in the file, and nobody else.
///
/// # Errors
/// If there is no such authority.
pub(super) fn verifier(path: &Path, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let setting = CLIENT_CA_FILE;
    let text = file::read(path).map_err(|source| TlsError::Unreadable { setting, source })?;
    let mut roots = RootCertStore::empty();
    for certificate in file::certificates(setting, &text)? {
        roots.add(certificate).map_err(|source| TlsError::BadCertificate { setting, source })?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
    // Without revocation lists there is nothing that it could find wrong with certificates that are there.
    verifier.map_err(|_| TlsError::NoCertificate { setting })
}
