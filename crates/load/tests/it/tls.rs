//! Servers with certificates.

use std::sync::Arc;

use ferrocast_load::{FailureKind, LoadError, Plan, Trust, run};
use ferrocast_testkit::{Authority, Pair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::server::{Server, answer, say};
use crate::{plan, plan_of};

fn server(pair: &Pair) -> Server {
    let chain = CertificateDer::pem_file_iter(&pair.certificate).unwrap().collect::<Result<_, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(&pair.key).unwrap();
    let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .unwrap();
    Server::listen("127.0.0.1:0", Some(Arc::new(tls)), |_, stream| say(stream, &answer("200 OK")))
}

#[test]
fn a_certificate_of_the_named_authority_is_good() {
    let authority = Authority::new();
    let server = server(&authority.issue("good"));
    let report = run(Plan { trust: Trust::File(authority.certificate()), ..plan(&server.url) }).unwrap();
    assert_eq!((report.requests, report.answers), (server.count(), server.count()));
    assert!(report.is_good() && report.url.starts_with("https://"), "{report:?}");
}

#[test]
fn certificates_of_others_are_not() {
    let (authority, other) = (Authority::new(), Authority::new());
    for pair in [other.issue("other"), authority.issue_expired("expired")] {
        let server = server(&pair);
        let trust = Trust::File(authority.certificate());
        let report = run(Plan { trust, ..plan_of(&server.url, 2) }).unwrap();
        assert_eq!((report.answers, server.count()), (0, 0));
        assert_eq!(report.failures.keys().collect::<Vec<_>>(), [&FailureKind::Tls], "{report:?}");
    }
}

#[test]
fn a_file_without_authorities_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, "no certificate").unwrap();
    for path in [file, folder.path().join("none.pem")] {
        let failed = run(Plan { trust: Trust::File(path.clone()), ..plan("https://127.0.0.1:1") }).unwrap_err();
        assert!(matches!(failed, LoadError::BadAuthorities { .. }), "{failed}");
        assert!(failed.to_string().contains(&path.display().to_string()), "{failed}");
    }
}
