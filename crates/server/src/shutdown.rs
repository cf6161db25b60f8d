//! The end: a signal makes the server unready, then stops the intake; what is in flight finishes. A second signal waits for nothing.

use std::io;
use std::time::Instant;

use ferrocast_tasks::Tasks;
use tracing::{info, warn};

use crate::app::Server;
use crate::systemd;

/// Serves until the server ends by itself, or the process gets SIGTERM or SIGINT (Ctrl-C).
///
/// # Errors
/// If accepting connections failed for good, or signals cannot be listened for.
pub(crate) async fn serve_until_signal(server: Server) -> io::Result<()> {
    let mut signals = Signals::listen()?;
    let (handle, tasks, lifecycle) = (server.handle(), server.tasks(), server.lifecycle());
    let (delay, drain) = (server.drain_delay(), server.drain());
    let mut finished = std::pin::pin!(server.finished());
    tokio::select! {
        done = &mut finished => return done,
        () = signals.next() => {}
    }
    // Whoever sends requests here learns from the probes, or from `Connection: close`, to send them elsewhere; until then they are
    // answered, where a closed port would fail them.
    lifecycle.drain();
    systemd::stopping();
    info!("not ready any more; stops accepting in {} s; a second signal stops at once", delay.as_secs());
    tokio::select! {
        done = &mut finished => return done,
        () = tokio::time::sleep(delay) => {}
        () = signals.next() => return stop_at_once(&tasks),
    }
    info!("stopping: what is in flight finishes");
    tasks.shutdown(Instant::now() + drain);
    // The call itself gives the order; `finished` tells when it has been carried out.
    drop(handle.stop(true));
    tokio::select! {
        done = &mut finished => done,
        () = signals.next() => stop_at_once(&tasks),
    }
}

/// Leaves requests in flight where they are. Tasks that run are given back, which tells them from those that crash a process.
fn stop_at_once(tasks: &Tasks) -> io::Result<()> {
    warn!("stopping at once");
    tasks.shutdown(Instant::now());
    tasks.join();
    Ok(())
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

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpStream};
    use std::path::Path;
    use std::process::Command;
    use std::sync::{Arc, Mutex, mpsc};
    use std::thread;
    use std::time::{Duration, Instant};

    use actix_web::rt::System;
    use ferrocast_engine::{Dim, Dtype, Signature, Tensor, TensorSpec};
    use ferrocast_pipeline::Loaders;
    use ferrocast_tasks::{SqliteStore, SqliteStoreConfig, State, SteadyClock, StoreConfig, TaskStore};
    use ferrocast_testkit::{FakeEngine, FakeLoader};

    use super::serve_until_signal;
    use crate::app::Server;
    use crate::config::{Config, Sources};

    const SOON: Duration = Duration::from_secs(20);

    const MANIFEST: &str = "task = \"regression\"\n[model]\nengine = \"fake\"\n[[feature]]\nname = \"x\"\ntype = \"float\"\nexample = 1.0\n[serving]\nmode = \"pooled\"\n";

    /// A model that does not answer minus seven until the test sends something.
    fn engine(began: mpsc::SyncSender<()>, go: mpsc::Receiver<()>) -> FakeEngine {
        let tensor = |name| TensorSpec::new(name, Dtype::F32, vec![Dim::Batch, Dim::Fixed(1)]);
        let (began, go) = (Mutex::new(began), Mutex::new(go));
        FakeEngine::new(Signature::new(vec![tensor("x")], vec![tensor("y")]), move |inputs: &[Tensor]| {
            if inputs[0].as_slice::<f32>().unwrap().contains(&-7.0) {
                began.lock().unwrap().send(()).unwrap();
                go.lock().unwrap().recv_timeout(SOON).ok();
            }
            Ok(inputs.to_vec())
        })
    }

    fn config(folder: &Path) -> Config {
        let version = folder.join("models/m/1");
        std::fs::create_dir_all(&version).unwrap();
        std::fs::write(version.join("model.onnx"), "whatever").unwrap();
        std::fs::write(version.join("model.toml"), MANIFEST).unwrap();
        let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let settings = [
            ("SERVER__PORT", "0".to_owned()),
            ("SERVER__WORKERS", "1".to_owned()),
            ("SERVER__DRAIN_DELAY_S", "0".to_owned()),
            ("SERVER__DRAIN_S", "3600".to_owned()),
            ("MODEL_PATH", path("models")),
            ("TASKS__PATH", path("tasks.db")),
        ];
        let environment = settings.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
        Config::from_sources(&Sources { environment, ..Sources::default() }).unwrap()
    }

    fn answer(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn wait_until(mut holds: impl FnMut() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(began.elapsed() < SOON, "in vain");
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn terminate() {
        let script = format!("kill -TERM {}", std::process::id());
        assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
    }

    #[test]
    fn a_second_signal_does_not_wait_for_tasks() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let (begin, began) = mpsc::sync_channel(1);
        let (go, gate) = mpsc::sync_channel(1);
        let loaders = Loaders::new().with(FakeLoader(engine(begin, gate)));
        let (send, started) = mpsc::sync_channel(1);
        let (end, ended) = mpsc::sync_channel(1);
        let server = thread::spawn(move || {
            System::new().block_on(async move {
                let server = Server::start(config, loaders).await.unwrap();
                send.send(server.address()).unwrap();
                serve_until_signal(server).await.unwrap();
            });
            end.send(()).unwrap();
        });
        let address = started.recv_timeout(SOON).unwrap();
        let health = "GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        wait_until(|| answer(address, health).starts_with("HTTP/1.1 200"));
        let submit =
            "POST /predict_async HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 9\r\n\r\n{\"x\": -7}";
        let accepted = answer(address, submit);
        let id = accepted.split('"').nth(3).unwrap().parse().unwrap();
        began.recv_timeout(SOON).unwrap();

        terminate();
        wait_until(|| TcpStream::connect(address).is_err());
        // The rest of the HTTP server takes a moment to end; then only the task is waited for.
        assert!(ended.recv_timeout(Duration::from_millis(300)).is_err(), "the task was not waited for");
        terminate();
        ended.recv_timeout(SOON).unwrap();
        server.join().unwrap();
        go.send(()).ok();

        let (bounds, clock) = (StoreConfig::default(), Arc::new(SteadyClock::start()));
        let store = SqliteStore::new(SqliteStoreConfig { path: folder.path().join("tasks.db"), bounds, clock });
        let record = System::new().block_on(store.record(id)).unwrap().unwrap();
        assert_eq!((record.state, record.attempts), (State::Queued, 0));
    }
}
