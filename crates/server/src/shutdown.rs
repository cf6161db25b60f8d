//! The end: a signal stops the intake, what is in flight finishes, a second signal does not wait for it.

use std::io;

use tracing::{info, warn};

use crate::app::Server;

/// Serves until the server ends by itself, or the process gets SIGTERM or SIGINT (Ctrl-C).
///
/// # Errors
/// If accepting connections failed for good, or signals cannot be listened for.
pub(crate) async fn serve_until_signal(server: Server) -> io::Result<()> {
    let mut signals = Signals::listen()?;
    let (handle, stop_tasks) = (server.handle(), server.stop_tasks());
    let mut finished = std::pin::pin!(server.finished());
    tokio::select! {
        done = &mut finished => return done,
        () = signals.next() => {}
    }
    info!("stopping: what is in flight finishes; a second signal does not wait for it");
    stop_tasks();
    // The call itself gives the order; `finished` tells when it has been carried out.
    drop(handle.stop(true));
    tokio::select! {
        done = &mut finished => done,
        () = signals.next() => {
            warn!("stopping at once");
            Ok(())
        }
    }
}

/// The two signals that ask a process to end.
#[cfg(unix)]
struct Signals {
    terminate: actix_web::rt::signal::unix::Signal,
    interrupt: actix_web::rt::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Signals> {
        use actix_web::rt::signal::unix::{SignalKind, signal};
        Ok(Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Ctrl-C, where there are no Unix signals.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Signals> {
        Ok(Signals)
    }

    async fn next(&mut self) {
        if actix_web::rt::signal::ctrl_c().await.is_err() {
            // Without signals the server is still of use.
            std::future::pending().await
        }
    }
}
