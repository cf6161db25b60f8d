//! The server's certificate and its key, exchanged when their files change.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::InconsistentKeys;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::error::{CERT_FILE, KEY_FILE, TlsError};
use super::file;
use crate::config::TlsConfig;

/// What clients are shown. Handshakes never wait; who watches the files exchanges certificate and key at once.
#[derive(Debug)]
pub(super) struct Certificate {
    files: Files,
    current: ArcSwap<CertifiedKey>,
    /// Of the files as they were when it was made.
    opened: Mark,
}

impl Certificate {
    /// Reads both files.
    ///
    /// # Errors
    /// If there is no certificate in them, or not its key.
    pub(super) fn open(config: &TlsConfig) -> Result<Certificate, TlsError> {
        let files = Files { certificate: config.cert_file.clone(), key: config.key_file.clone() };
        let look = files.look();
        let opened = look.mark();
        Ok(Certificate { files, current: ArcSwap::from_pointee(look.certified()?), opened })
    }

    /// What is shown now.
    pub(super) fn current(&self) -> Arc<CertifiedKey> {
        self.current.load_full()
    }

    /// What the files hold now.
    pub(super) fn look(&self) -> Look {
        self.files.look()
    }

    /// What they held at first.
    pub(super) fn opened(&self) -> Mark {
        self.opened
    }

    /// Shows clients from now on what has been seen.
    ///
    /// # Errors
    /// If that does not do; nothing has changed then.
    pub(super) fn exchange(&self, look: Look) -> Result<(), TlsError> {
        self.current.store(Arc::new(look.certified()?));
        Ok(())
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    fn look(&self) -> Look {
        Look { certificate: file::read(&self.certificate), key: file::read(&self.key) }
    }
}

/// What was in the files, or why they could not be read.
pub(super) struct Look {
    certificate: io::Result<Vec<u8>>,
    key: io::Result<Vec<u8>>,
}

/// Tells two looks apart. By content: names, times and sizes of files stay the same in some changes, and change in others that
/// change nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark(u64);

impl Look {
    pub(super) fn mark(&self) -> Mark {
        let mut hasher = DefaultHasher::new();
        for content in [&self.certificate, &self.key] {
            content.as_ref().map_err(io::Error::kind).hash(&mut hasher);
        }
        Mark(hasher.finish())
    }

    fn certified(self) -> Result<CertifiedKey, TlsError> {
        let unreadable = |setting| move |source| TlsError::Unreadable { setting, source };
        let chain = file::certificates(CERT_FILE, &self.certificate.map_err(unreadable(CERT_FILE))?)?;
        let key = self.key.map_err(unreadable(KEY_FILE))?;
        let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| TlsError::NoKey)?;
        let certified = CertifiedKey::new(chain, any_supported_type(&key).map_err(|_| TlsError::BadKey)?);
        match certified.keys_match() {
            // Of a kind of key whose other half cannot be told.
            Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
            Err(rustls::Error::InconsistentKeys(_)) => Err(TlsError::OtherKey),
            Err(source) => Err(TlsError::BadCertificate { setting: CERT_FILE, source }),
        }
    }
}
