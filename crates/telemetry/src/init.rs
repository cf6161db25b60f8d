//! The log of the whole process, set up by one call.

use std::io;
use std::time::Duration;

use crate::log::{FilterError, LogConfig, Logging};

/// How long the last lines may take to be written when the process ends.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Why logging was not set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// The log filter is wrong.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// The process has a subscriber already.
    #[error("logging has been set up already")]
    AlreadySet,
    /// The system gives no thread.
    #[error("the thread that writes the log cannot be started: {0}")]
    Thread(io::Error),
}

/// The log of this process. Dropped, it waits for the last lines, for one second at most: keep it until the end of `main`.
#[derive(Debug)]
pub struct Telemetry {
    /// Lines on standard error.
    pub logging: Logging,
}

/// Sends the events of the whole process to standard error, panics among them.
///
/// # Errors
/// If the filter is wrong, or logging has been set up before; nothing is changed then. Or if the system gives no thread.
pub fn init(log: &LogConfig) -> Result<Telemetry, InitError> {
    Ok(Telemetry { logging: Logging::start(log)? })
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        self.logging.flush(LAST_LINES);
    }
}
