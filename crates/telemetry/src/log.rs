//! Events of the whole process as lines on standard error: which ones, in which form, and never waiting for a reader.
//!
//! Standard output stays free for what a command answers.

use std::env;
use std::fmt;
use std::io::{self, IsTerminal};
use std::panic::{self, PanicHookInfo};
use std::sync::Arc;
use std::time::Duration;

use tracing::Subscriber;
use tracing::subscriber::set_global_default;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layered, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer, Registry, reload};

use self::json::JsonLines;
use self::line_queue::LineQueue;
use crate::init::InitError;

mod escape;
mod filter;
mod json;
mod line_queue;
mod text;

pub use self::filter::FilterError;

/// What to log, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// A level (`error`, `warn`, `info`, `debug`, `trace`, `off`), or several with targets: `info,ferrocast_registry=debug`.
    pub filter: String,
    /// The form of a line.
    pub format: LogFormat,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Text if standard error is a terminal, JSON if not.
    #[default]
    Auto,
    /// For people: time, level, message, fields; in colour on a terminal, unless `NO_COLOR` is set.
    Text,
    /// For programs, one object per line: `timestamp` (RFC 3339, UTC, microseconds), `level`, `target`, `message`, then the
    /// fields of the event.
    Json,
}

/// What is below any layer beside the filter.
type Filtered = Layered<FilterLayer, Registry>;
type FilterLayer = reload::Layer<EnvFilter, Registry>;

/// The log of this process. Clones are the same log.
#[derive(Clone)]
pub struct Logging {
    filter: reload::Handle<EnvFilter, Registry>,
    lines: Arc<LineQueue>,
}

impl Logging {
    /// Sends the events of the whole process to standard error, panics among them, and to `beside`.
    pub(crate) fn start<L>(config: &LogConfig, beside: Option<L>) -> Result<Logging, InitError>
    where
        L: Layer<Layered<Box<dyn Layer<Filtered> + Send + Sync>, Filtered>> + Send + Sync,
    {
        let (filter, handle) = reload::Layer::new(filter::parse(&config.filter)?);
        let lines = Arc::<LineQueue>::default();
        let form = Form::of_stderr(config.format);
        let subscriber = Registry::default().with(filter).with(form.layer(Arc::clone(&lines))).with(beside);
        set_global_default(subscriber).map_err(|_| InitError::AlreadySet)?;
        Arc::clone(&lines).write_to(io::stderr()).map_err(InitError::Thread)?;
        panic::set_hook(Box::new(log_panic));
        Ok(Logging { filter: handle, lines })
    }

    /// The filter in force.
    pub fn level(&self) -> String {
        // It is gone only with the subscriber, which stays as long as the process.
        self.filter.with_current(ToString::to_string).unwrap_or_default()
    }

    /// Replaces the filter, for every thread at once. The syntax is that of [`LogConfig::filter`].
    ///
    /// # Errors
    /// If the filter is wrong; the old one stays in force then.
    pub fn set_level(&self, filter: &str) -> Result<(), FilterError> {
        let filter = filter::parse(filter)?;
        // As above.
        self.filter.reload(filter).ok();
        Ok(())
    }

    /// Lines that were lost since the start, because standard error took none for too long.
    pub fn dropped_lines(&self) -> u64 {
        self.lines.dropped()
    }

    /// Waits until every line is written, for so long at most. Returns whether they are.
    pub fn flush(&self, within: Duration) -> bool {
        self.lines.flush(within)
    }
}

impl fmt::Debug for Logging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logging").field("level", &self.level()).finish_non_exhaustive()
    }
}

/// The form that was decided on.
#[derive(Clone, Copy)]
enum Form {
    Text { colours: bool },
    Json,
}

impl Form {
    fn of_stderr(format: LogFormat) -> Form {
        let terminal = io::stderr().is_terminal();
        match format {
            LogFormat::Json => Form::Json,
            LogFormat::Auto if !terminal => Form::Json,
            LogFormat::Auto | LogFormat::Text => {
                let colours = terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
                Form::Text { colours }
            }
        }
    }

    fn layer<S, W>(self, out: W) -> Box<dyn Layer<S> + Send + Sync>
    where
        S: Subscriber + for<'l> LookupSpan<'l>,
        W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
    {
        let layer = tracing_subscriber::fmt::layer().with_writer(out);
        match self {
            Form::Text { colours } => layer.with_ansi(colours).with_target(false).fmt_fields(text::fields()).boxed(),
            Form::Json => layer.with_ansi(false).event_format(JsonLines).boxed(),
        }
    }
}

/// In the place of the standard library's hook, which would put several lines of plain text between the log's.
fn log_panic(info: &PanicHookInfo<'_>) {
    let panic = info.payload_as_str().unwrap_or("(no text)");
    let at = info.location().map(tracing::field::display);
    tracing::error!(panic, at, thread = std::thread::current().name(), "panicked");
}

#[cfg(test)]
mod tests;
