//! Files of certificates and keys, and what they hold in PEM.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::error::TlsError;

/// Longest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// The whole of a file.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    // Opening a pipe would wait for a writer.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let message = format!("it is longer than {MAX_FILE_BYTES} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// The certificates in the text of the file that `setting` names: at least one.
pub(super) fn certificates(setting: &'static str, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    // What is wrong with the text is not said: it may be that of a key.
    certificates.ok().filter(|found| !found.is_empty()).ok_or(TlsError::NoCertificate { setting })
}
