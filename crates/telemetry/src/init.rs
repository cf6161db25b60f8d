//! Logs and traces of the whole process, set up by one call.

use std::io;
use std::time::{Duration, Instant};

use crate::log::{FilterError, LogConfig, Logging};
use crate::otlp::{OtlpConfig, OtlpError};
use crate::trace::Tracing;

/// How long the last lines may take to be written when the process ends.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Why logs and traces were not set up.
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
    /// Nothing can be sent to a receiver of OTLP.
    #[error(transparent)]
    Otlp(#[from] OtlpError),
}

/// Logs and traces of this process. Dropped, it waits for the last lines of the log, for one second at most: keep it until the
/// end of `main`.
#[derive(Debug)]
pub struct Telemetry {
    /// Lines on standard error.
    pub logging: Logging,
    /// Spans, and where they go.
    pub tracing: Tracing,
}

/// Sends the events of the whole process to standard error, panics among them; and spans and errors to a receiver of OTLP, if
/// one is given. Errors that the log's filter leaves out are not sent either.
///
/// # Errors
/// If something in the configuration is wrong, or logging has been set up before; nothing is changed then. Or if the system
/// gives no threads.
pub fn init(log: &LogConfig, otlp: Option<&OtlpConfig>) -> Result<Telemetry, InitError> {
    let tracing = otlp.map(Tracing::start).transpose()?.unwrap_or_default();
    let logging = Logging::start(log, tracing.error_records())?;
    Ok(Telemetry { logging, tracing })
}

impl Telemetry {
    /// Sends and writes what waits, for so long at most. Returns whether all of it has been. Nothing is sent to the receiver
    /// afterwards.
    pub fn shutdown(&self, within: Duration) -> bool {
        let begun = Instant::now();
        let sent = self.tracing.shutdown(within);
        self.logging.flush(within.saturating_sub(begun.elapsed())) && sent
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        self.logging.flush(LAST_LINES);
    }
}
