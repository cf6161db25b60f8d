//! Where the process tells what it does: its log and its traces, as the configuration says.

use std::borrow::Cow;

use ferrocast_telemetry::{InitError, LogConfig, LogFormat, Logging, Telemetry, Tracing, init};

use tracing::level_filters::LevelFilter;

use crate::app::RunError;
use crate::config::Config;

/// What the targets of this workspace begin with.
const OURS: &str = "ferrocast";

/// What a client does wrong is no error of the server, and nobody should be able to fill a log.
const QUIET: &str = "actix_http=off";

/// What the library of sockets has to say at this level is about itself.
const INFO: &str = "info,actix_server=warn";

/// What the rest of the server has of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reporting {
    /// The log, if this server has set it up.
    pub(crate) logging: Option<Logging>,
    /// Where spans go.
    pub(crate) tracing: Tracing,
}

/// Sets log and traces of the whole process up. What is given has to be kept until its end.
///
/// # Errors
/// If the configuration cannot be followed.
pub(crate) fn begin(config: &Config) -> Result<(Option<Telemetry>, Reporting), RunError> {
    match init(&log_config(config), config.otlp.as_ref()) {
        Ok(telemetry) => {
            let reporting = Reporting { logging: Some(telemetry.logging.clone()), tracing: telemetry.tracing.clone() };
            Ok((Some(telemetry), reporting))
        }
        // A program around this library may have set up its own log.
        Err(InitError::AlreadySet) => {
            let tracing = config.otlp.as_ref().map(Tracing::start).transpose();
            let tracing = tracing.map_err(|error| config.problem("otlp.endpoint", error.to_string()))?;
            Ok((None, Reporting { logging: None, tracing: tracing.unwrap_or_default() }))
        }
        Err(InitError::Otlp(error)) => Err(config.problem("otlp.endpoint", error.to_string()).into()),
        Err(InitError::Thread(error)) => Err(error.into()),
        Err(error) => Err(config.problem("log.level", error.to_string()).into()),
    }
}

fn log_config(config: &Config) -> LogConfig {
    let format = match config.log.format.as_str() {
        "text" => LogFormat::Text,
        "json" => LogFormat::Json,
        _ => LogFormat::Auto,
    };
    let filter = filter(&config.log.level);
    LogConfig { filter, format }
}

/// What is logged where somebody asks for this, a level or several with targets: below `info` only what this workspace says. The
/// libraries underneath quote there what is secret, such as headers of requests.
pub(crate) fn filter(asked: &str) -> String {
    [QUIET].into_iter().map(Cow::from).chain(asked.split(',').map(limited)).collect::<Vec<_>>().join(",")
}

/// One directive of such a filter. What is none stays as it is, to be refused.
fn limited(directive: &str) -> Cow<'_, str> {
    let (target, rest) = directive.find(['=', '[']).map_or(("", directive), |end| directive.split_at(end));
    let level = rest.rsplit(['=', ']']).next().unwrap_or(rest);
    let is_of_span = rest.starts_with('[');
    // An empty text would be a level, too.
    match level.parse().ok().filter(|_: &LevelFilter| !level.is_empty()) {
        _ if target.starts_with(OURS) => directive.into(),
        None if !is_of_span => directive.into(),
        Some(level) if level < LevelFilter::INFO => directive.into(),
        Some(level) if level > LevelFilter::INFO && target.is_empty() && !is_of_span => {
            format!("{INFO},{OURS}={level}").into()
        }
        _ if target.is_empty() => INFO.into(),
        _ => format!("{target}=info").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn libraries_say_no_more_than_info() {
        for (asked, given) in [
            ("off", "off"),
            ("WARN", "WARN"),
            ("info", "info,actix_server=warn"),
            ("DEBUG", "info,actix_server=warn,ferrocast=debug"),
            ("5", "info,actix_server=warn,ferrocast=trace"),
            ("warn,ferrocast_registry=trace", "warn,ferrocast_registry=trace"),
            ("warn,actix_http=trace,h2=error", "warn,actix_http=info,h2=error"),
            ("actix_http::h1=debug", "actix_http::h1=info"),
            ("h2[Connection]", "h2=info"),
            ("h2[Connection{peer=Client}]", "h2=info"),
            ("h2[Connection]=trace", "h2=info"),
            ("[Connection]=trace", "info,actix_server=warn"),
            ("loud", "loud"),
            ("h2=loud", "h2=loud"),
            ("", ""),
        ] {
            assert_eq!(filter(asked), format!("actix_http=off,{given}"), "{asked}");
        }
    }
}
