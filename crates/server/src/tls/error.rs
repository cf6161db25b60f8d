//! Why connections cannot be secured with what the files hold.

use std::io;

/// What is wrong with one of the files. Never holds anything of a key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// A file cannot be read.
    #[error("cannot be read: {source}")]
    Unreadable {
        /// The setting that names it.
        setting: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// A file that should hold certificates holds none.
    #[error("holds no certificate in PEM")]
    NoCertificate {
        /// The setting that names it.
        setting: &'static str,
    },
    /// A certificate is damaged, or none that TLS can use.
    #[error("holds a certificate that cannot be used: {source}")]
    BadCertificate {
        /// The setting that names its file.
        setting: &'static str,
        /// Why not.
        source: rustls::Error,
    },
    /// The file of the key holds none.
    #[error("holds no private key in PEM; it must be PKCS #8, SEC 1 or PKCS #1, and not encrypted")]
    NoKey,
    /// The key is damaged, or of a kind that is not known.
    #[error(
        "holds a private key that cannot be used; it must be RSA of 2048 bits or more, ECDSA P-256 or P-384, or Ed25519"
    )]
    BadKey,
    /// Key and certificate have nothing to do with each other.
    #[error("holds another key than that of the certificate in tls.cert_file")]
    OtherKey,
    /// The cryptography of this build does not do.
    #[error("cannot be used: {0}")]
    Unsupported(rustls::Error),
    /// The system refused something.
    #[error("cannot be watched: {0}")]
    Thread(io::Error),
}

impl TlsError {
    /// The setting that has to be mended, or whose file has to be.
    pub(crate) fn setting(&self) -> &'static str {
        match self {
            TlsError::Unreadable { setting, .. }
            | TlsError::NoCertificate { setting }
            | TlsError::BadCertificate { setting, .. } => setting,
            TlsError::NoKey | TlsError::BadKey | TlsError::OtherKey => KEY_FILE,
            TlsError::Unsupported(_) | TlsError::Thread(_) => CERT_FILE,
        }
    }
}

pub(super) const CERT_FILE: &str = "tls.cert_file";
pub(super) const KEY_FILE: &str = "tls.key_file";
pub(super) const CLIENT_CA_FILE: &str = "tls.client_ca_file";
