//! Certificates for tests, made by openssl.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Keys of this kind are made in no time.
const KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/// Somebody who certifies, for as long as the test lasts.
#[derive(Debug)]
pub struct Authority(TempDir);

/// A certificate and its key, as PEM files.
#[derive(Debug)]
pub struct Pair {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    /// If the machine has no `openssl`.
    #[expect(clippy::new_without_default, reason = "it runs a program")]
    #[must_use]
    pub fn new() -> Authority {
        let folder = tempfile::tempdir().expect("a folder");
        let own = ["req", "-x509", "-subj", "/CN=authority", "-days", "2", "-keyout", "ca.key", "-out", "ca.pem"];
        openssl(folder.path(), &[&own[..], &KEY].concat());
        // A name of this machine, and no authority itself.
        fs::write(folder.path().join("extensions"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
            .expect("a file");
        Authority(folder)
    }

    /// Its own certificate.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.0.path().join("ca.pem")
    }

    /// A certificate for this machine, with a key of its own.
    #[must_use]
    pub fn issue(&self, name: &str) -> Pair {
        self.issue_for(name, "2")
    }

    /// One that was good until yesterday.
    #[must_use]
    pub fn issue_expired(&self, name: &str) -> Pair {
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

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("cannot run openssl: {error}; install it: apt-get install openssl"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
