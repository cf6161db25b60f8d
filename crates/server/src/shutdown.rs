//! The end: a signal stops the intake, what is in flight finishes, a second signal does not wait for it.

use std::io;

use actix_web::dev::ServerHandle;
use actix_web::rt;
use tracing::{error, info};

/// Stops the server when the process gets SIGTERM or SIGINT (Ctrl-C).
pub(crate) fn on_signal(server: ServerHandle) {
    rt::spawn(async move {
        if let Err(cause) = signal().await {
            // The server is more useful without signals than not at all.
            error!(%cause, "cannot listen for signals; stop the process by force");
            return;
        }
        info!("stopping: finishing what is in flight; send the signal again to stop at once");
        let graceful = server.stop(true);
        rt::spawn(async move {
            if signal().await.is_ok() {
                server.stop(false).await;
            }
        });
        graceful.await;
    });
}

#[cfg(unix)]
async fn signal() -> io::Result<()> {
    use actix_web::rt::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn signal() -> io::Result<()> {
    actix_web::rt::signal::ctrl_c().await
}
