//! `[tls]`: what connections are secured with.

use std::path::{Path, PathBuf};

use super::raw::RawTls;
use crate::tls;

/// What the server shows of itself, and asks of clients.
#[derive(Debug, Clone)]
pub struct TlsConfig {
    /// The server's certificate in PEM, and those between it and its authority.
    pub cert_file: PathBuf,
    /// Its private key in PEM.
    pub key_file: PathBuf,
    /// Certificates of authorities in PEM; clients then need a certificate of one of them.
    pub client_ca_file: Option<PathBuf>,
}

/// `None` without files: the server then speaks plain HTTP.
pub(super) fn tls(raw: &RawTls, directory: &Path, report: &mut impl FnMut(&str, String)) -> Option<TlsConfig> {
    let path = |text: &Option<String>| text.as_ref().filter(|text| !text.is_empty()).map(|text| directory.join(text));
    let (cert_file, key_file, client_ca_file) = (path(&raw.cert_file), path(&raw.key_file), path(&raw.client_ca_file));
    let files = [("tls.cert_file", &cert_file), ("tls.key_file", &key_file)];
    let others = [("tls.client_ca_file", &client_ca_file)];
    if let Some((given, _)) = files.iter().chain(&others).find(|(_, file)| file.is_some()) {
        files
            .iter()
            .filter(|(_, file)| file.is_none())
            .for_each(|(key, _)| report(key, format!("must be given where {given} is")));
    }
    let config = TlsConfig { cert_file: cert_file?, key_file: key_file?, client_ca_file };
    tls::problems(&config).iter().for_each(|problem| report(problem.setting(), problem.to_string()));
    Some(config)
}
