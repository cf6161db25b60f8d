//! Certificates of the test authority, as rustls wants them.

use std::path::Path;

use ferrocast_testkit::Pair;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

pub(crate) fn chain(pair: &Pair) -> Vec<CertificateDer<'static>> {
    certificates(&pair.certificate)
}

pub(crate) fn private_key(pair: &Pair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_file(&pair.key).expect("a key")
}

pub(crate) fn certificates(file: &Path) -> Vec<CertificateDer<'static>> {
    let chain = CertificateDer::pem_file_iter(file).expect("a file");
    chain.collect::<Result<Vec<_>, _>>().expect("certificates")
}
