//! One subscriber for the process: chosen events, as text or as JSON, on standard error.
//!
//! Standard output stays free for what a command answers.

use std::env;
use std::io::{self, IsTerminal};
use std::panic::{self, PanicHookInfo};

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::set_global_default;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;

use crate::plain;

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
    /// For programs: one object per line.
    Json,
}

/// Why logging was not set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// A word of the filter is no level. (A target needs a level: `target=debug`.)
    #[error("the log filter holds {word:?}, which is not a level (error, warn, info, debug, trace, off)")]
    Level {
        /// The word.
        word: String,
    },
    /// The filter cannot be read.
    #[error("the log filter {filter:?} cannot be read")]
    Filter {
        /// The whole filter.
        filter: String,
        /// What is wrong with it.
        source: ParseError,
    },
    /// The process has a subscriber already.
    #[error("logging has been set up already")]
    AlreadySet,
}

/// Sends the events of the whole process to standard error, panics among them.
///
/// # Errors
/// If the filter is wrong, or logging has been set up before; nothing is changed then.
pub fn init(config: &LogConfig) -> Result<(), InitError> {
    let terminal = io::stderr().is_terminal();
    let colours = terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let json = match config.format {
        LogFormat::Auto => !terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let filter = parse_filter(&config.filter)?;
    let set = if json {
        set_global_default(json_lines(filter, io::stderr))
    } else {
        set_global_default(text_lines(filter, colours, io::stderr))
    };
    set.map_err(|_| InitError::AlreadySet)?;
    panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn parse_filter(filter: &str) -> Result<EnvFilter, InitError> {
    // A bare word is a target to `EnvFilter`, so that a misspelt level would switch off everything without a word.
    let mut directives = filter.split(',');
    let is_level = |word: &str| word.contains(['=', '[']) || word.parse::<LevelFilter>().is_ok();
    if let Some(word) = directives.find(|word| !is_level(word)) {
        return Err(InitError::Level { word: word.to_owned() });
    }
    EnvFilter::builder()
        .with_regex(false)
        .parse(filter)
        .map_err(|source| InitError::Filter { filter: filter.to_owned(), source })
}

fn text_lines<W>(filter: EnvFilter, colours: bool, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(colours)
        .with_target(false)
        .fmt_fields(plain::fields())
        .finish()
}

fn json_lines<W>(filter: EnvFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .finish()
}

/// In the place of the standard library's hook, which would put several lines of plain text between the log's.
fn log_panic(info: &PanicHookInfo<'_>) {
    let panic = info.payload_as_str().unwrap_or("(no text)");
    let at = info.location().map(tracing::field::display);
    tracing::error!(panic, at, thread = std::thread::current().name(), "panicked");
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use tracing::Subscriber;
    use tracing::subscriber::with_default;

    use super::{InitError, json_lines, parse_filter, text_lines};

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines that `events` makes, under a subscriber that writes to the given memory.
    fn lines<S>(subscriber: impl FnOnce(Memory) -> S, events: impl FnOnce()) -> Vec<String>
    where
        S: Subscriber + Send + Sync + 'static,
    {
        let memory = Memory::default();
        with_default(subscriber(memory.clone()), events);
        let text = String::from_utf8(memory.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn text(colours: bool) -> impl FnOnce(Memory) -> Box<dyn Subscriber + Send + Sync> {
        move |memory| Box::new(text_lines(parse_filter("info").unwrap(), colours, move || memory.clone()))
    }

    #[test]
    fn text_for_people() {
        let lines = lines(text(false), || {
            tracing::info!(model = "m", took_ms = 1.5, "ready");
            tracing::debug!("not shown");
        });
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert!(line.ends_with(r#" INFO ready model="m" took_ms=1.5"#), "{line}");
    }

    #[test]
    fn text_cannot_be_forged() {
        let hostile = "x\r\n2026-01-01T00:00:00Z  INFO all is well \u{1b}[2J";
        for colours in [false, true] {
            let lines = lines(text(colours), || {
                tracing::info_span!("request", path = %hostile).in_scope(|| {
                    tracing::warn!(header = %hostile, quoted = hostile, "{hostile}");
                });
            });
            let [line] = lines.as_slice() else { panic!("{lines:?}") };
            assert!(!line.contains("\u{1b}[2J"), "{line}");
            assert_eq!(line.matches("all is well").count(), 4, "{line}");
        }
    }

    #[test]
    fn json_for_programs() {
        let hostile = "x\r\n{\"level\":\"INFO\"}\u{1b}[2J";
        let subscriber = |memory: Memory| json_lines(parse_filter("info").unwrap(), move || memory.clone());
        let lines = lines(subscriber, || tracing::warn!(header = %hostile, rows = 3, "{hostile}"));
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert!(!line.contains(char::is_control), "{line}");
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(object["level"], "WARN");
        assert_eq!(object["message"], hostile);
        assert_eq!(object["header"], hostile);
        assert_eq!(object["rows"], 3);
    }

    #[test]
    fn filters() {
        for good in ["info", "WARN", "off", "info,ferrocast_registry=debug", "warn,a::b=trace"] {
            assert!(parse_filter(good).is_ok(), "{good}");
        }
        for (bad, word) in [("loud", "loud"), ("info,hyper", "hyper")] {
            let error = parse_filter(bad).unwrap_err();
            assert!(matches!(&error, InitError::Level { word: found } if found == word), "{bad}: {error}");
        }
        assert!(matches!(parse_filter("a=loud"), Err(InitError::Filter { .. })));
    }
}
