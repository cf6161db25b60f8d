//! Where the process tells what it does: its log and its traces, as the configuration says.

use ferrocast_telemetry::{InitError, LogConfig, LogFormat, Logging, Telemetry, Tracing, init};

use crate::app::RunError;
use crate::config::Config;

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
    let filter = match config.log.level.as_str() {
        // What the HTTP library has to say at this level is about itself.
        "info" => "info,actix_server=warn".to_owned(),
        level => level.to_owned(),
    };
    LogConfig { filter, format }
}
