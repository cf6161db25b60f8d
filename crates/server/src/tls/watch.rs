//! Looking at the files of the certificate again and again.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tracing::error;

use super::certificate::Certificate;
use super::error::TlsError;

/// A thread that looks at the files. It ends when this is dropped, which waits for it.
#[derive(Debug)]
pub(super) struct Watch {
    /// Never sends; the thread ends when it is gone.
    stop: Option<SyncSender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Begins. What has changed is taken once two looks have seen the same, so that files that are being written are left alone.
    /// `report` learns what came of every change, and nothing else: files that do not do are told of once, until they are others.
    pub(super) fn start(
        certificate: Arc<Certificate>,
        every: Duration,
        report: impl FnMut(Result<(), TlsError>) + Send + 'static,
    ) -> io::Result<Watch> {
        let (stop, stopped) = sync_channel(0);
        let thread =
            thread::Builder::new().name("tls".to_owned()).spawn(move || run(&certificate, every, &stopped, report))?;
        Ok(Watch { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            error!("the thread that watches the certificate has panicked");
        }
    }
}

fn run(
    certificate: &Certificate,
    every: Duration,
    stopped: &Receiver<Infallible>,
    mut report: impl FnMut(Result<(), TlsError>),
) {
    let (mut taken, mut before) = (certificate.opened(), certificate.opened());
    while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(every) {
        let look = certificate.look();
        let mark = look.mark();
        if mark == before && mark != taken {
            taken = mark;
            report(certificate.exchange(look));
        }
        before = mark;
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::Command;
    use std::sync::Arc;
    use std::sync::mpsc::sync_channel;
    use std::time::Duration;

    use super::Watch;
    use crate::config::TlsConfig;
    use crate::tls::certificate::Certificate;

    const SOON: Duration = Duration::from_secs(20);

    /// Puts a new pair in place.
    fn renew(folder: &Path) {
        let mut openssl = Command::new("openssl");
        openssl.current_dir(folder).args(["req", "-x509", "-subj", "/CN=a", "-days", "2", "-nodes", "-newkey", "ec"]);
        openssl.args(["-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", "key.pem", "-out", "cert.pem"]);
        let output =
            openssl.output().unwrap_or_else(|error| panic!("cannot run openssl: {error}; apt-get install openssl"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    #[test]
    fn each_change_is_told_of_once() {
        let folder = tempfile::tempdir().unwrap();
        renew(folder.path());
        let path = |name| folder.path().join(name);
        let config = TlsConfig { cert_file: path("cert.pem"), key_file: path("key.pem"), client_ca_file: None };
        let certificate = Arc::new(Certificate::open(&config).unwrap());
        let (send, told) = sync_channel(100);
        let report = move |exchanged| send.send(exchanged).unwrap();
        let watch = Watch::start(Arc::clone(&certificate), Duration::from_millis(10), report).unwrap();
        let first = certificate.current();

        fs::remove_file(&config.key_file).unwrap();
        let problem = told.recv_timeout(SOON).unwrap().unwrap_err();
        assert_eq!(problem.setting(), "tls.key_file");
        assert!(problem.to_string().starts_with("cannot be read"), "{problem}");
        fs::write(path("aside"), "no key").unwrap();
        fs::rename(path("aside"), &config.key_file).unwrap();
        let problem = told.recv_timeout(SOON).unwrap().unwrap_err();
        assert!(problem.to_string().starts_with("holds no private key"), "{problem}");
        // Many looks later.
        assert!(told.recv_timeout(Duration::from_millis(300)).is_err());
        assert!(Arc::ptr_eq(&first, &certificate.current()));

        renew(folder.path());
        // The two files are not written at once.
        while told.recv_timeout(SOON).unwrap().is_err() {}
        assert_ne!(first.cert, certificate.current().cert);
        drop(watch);
    }
}
