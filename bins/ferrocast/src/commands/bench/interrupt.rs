//! Ctrl-C, which ends a load test early.

use std::io;
use std::thread;

use ferrocast_load::Stopper;
use tokio::runtime::Builder;
use tokio::signal::ctrl_c;

/// Stops the load test at the first Ctrl-C. It then ends at once, so there is nothing left for a second one.
pub(super) fn stop_on_ctrl_c(stopper: Stopper) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    thread::Builder::new().name("interrupt".to_owned()).spawn(move || {
        if runtime.block_on(ctrl_c()).is_ok() {
            stopper.stop();
        }
    })?;
    Ok(())
}
