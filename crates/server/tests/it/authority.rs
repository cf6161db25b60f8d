//! Certificates for tests, made by openssl.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;

/// Keys of this kind are made in no time.
const KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/// Somebody who certifies, for as long as the test lasts.
pub(crate) struct Authority(TempDir);

/// A certificate and its key.
pub(crate) struct Pair {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Authority {
    pub(crate) fn new() -> Authority {
        let folder = tempfile::tempdir().expect("a folder");
        let own = ["req", "-x509", "-subj", "/CN=authority", "-days", "2", "-keyout", "ca.key", "-out", "ca.pem"];
        openssl(folder.path(), &[&own[..], &KEY].concat());
        // A name of this machine, and no authority itself.
        fs::write(folder.path().join("extensions"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
            .expect("a file");
        Authority(folder)
    }

    /// Its own certificate.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.0.path().join("ca.pem")
    }

    /// A certificate for this machine, with a key of its own.
    pub(crate) fn issue(&self, name: &str) -> Pair {
        self.issue_for(name, "2")
    }

    /// One that was good until yesterday.
    pub(crate) fn issue_expired(&self, name: &str) -> Pair {
        self.issue_for(name, "-1")
    }

    fn issue_for(&self, name: &str, days: &str) -> Pair {
        let folder = self.0.path();
        let [certificate, key, request] = ["pem", "key", "request"].map(|ending| format!("{name}.{ending}"));
        let subject = format!("/CN={name}");
        openssl(folder, &[&["req", "-subj", &subject, "-keyout", &key, "-out", &request][..], &KEY].concat());
        let authority = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extensions"];
        let own = ["x509", "-req", "-in", &request, "-days", days, "-out", &certificate];
        openssl(folder, &[&own[..], &authority].concat());
        Pair { certificate: folder.join(certificate), key: folder.join(key) }
    }
}

impl Pair {
    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        certificates(&self.certificate)
    }

    pub(crate) fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_file(&self.key).expect("a key")
    }
}

pub(crate) fn certificates(file: &Path) -> Vec<CertificateDer<'static>> {
    let chain = CertificateDer::pem_file_iter(file).expect("a file");
    chain.collect::<Result<Vec<_>, _>>().expect("certificates")
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("cannot run openssl: {error}; install it: apt-get install openssl"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
