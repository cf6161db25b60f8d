//! The thread on which connections to the receiver live.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::thread;

use opentelemetry::Context;
use tokio::runtime::{Builder, Handle};
use tokio::sync::mpsc;

/// A runtime of tokio with a thread of its own, which ends with the last clone.
#[derive(Clone, Debug)]
pub(super) struct Runtime {
    handle: Handle,
    _alive: mpsc::Sender<Infallible>,
}

impl Runtime {
    pub(super) fn start() -> io::Result<Runtime> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (alive, mut ended) = mpsc::channel(1);
        let run = move || {
            // What goes wrong here is not sent to the receiver.
            let _suppressed = Context::enter_telemetry_suppressed_scope();
            runtime.block_on(ended.recv());
            // A lookup of a name may hang for longer than anybody waits.
            runtime.shutdown_background();
        };
        thread::Builder::new().name("otlp".to_owned()).spawn(run)?;
        Ok(Runtime { handle, _alive: alive })
    }

    /// Makes something that belongs to the runtime.
    pub(super) fn within<T>(&self, make: impl FnOnce() -> T) -> T {
        let _entered = self.handle.enter();
        make()
    }

    /// Works on a future, on whichever thread awaits it, whose timers and connections are the runtime's.
    pub(super) async fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| self.within(|| future.as_mut().poll(context))).await
    }
}
