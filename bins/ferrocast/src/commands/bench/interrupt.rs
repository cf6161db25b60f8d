//! Ctrl-C, which ends a load test early.

use std::io;
use std::thread;

use ferrocast_load::Stopper;
use tokio::runtime::{Builder, Runtime};
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlC as Signal, ctrl_c};

/// Ctrl-C, which ends nothing by itself while this lives.
#[derive(Debug)]
pub(super) struct Interrupt {
    runtime: Runtime,
    signal: Signal,
}

impl Interrupt {
    pub(super) fn listen() -> io::Result<Interrupt> {
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let signal = runtime.block_on(async { listen() })?;
        Ok(Interrupt { runtime, signal })
    }

    /// Stops the load test at the first one. It then ends at once, so there is nothing left for a second.
    pub(super) fn stops(self, stopper: Stopper) -> io::Result<()> {
        let Interrupt { runtime, mut signal } = self;
        thread::Builder::new().name("interrupt".to_owned()).spawn(move || {
            if runtime.block_on(signal.recv()).is_some() {
                stopper.stop();
            }
        })?;
        Ok(())
    }
}

#[cfg(unix)]
fn listen() -> io::Result<Signal> {
    signal(SignalKind::interrupt())
}

#[cfg(windows)]
fn listen() -> io::Result<Signal> {
    ctrl_c()
}
