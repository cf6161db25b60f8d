//! `GET` and `PUT /admin/log`.

use ferrocast_schema::JsonLimits;
use serde::Serialize;

use super::request::TextField;
use crate::ApiError;

static LEVEL: TextField = TextField::new("level");

/// Reads the body, `{"level": "debug"}`.
///
/// # Errors
/// As [`decode_row`](super::decode_row).
pub fn decode_log_level(body: &[u8], limits: &JsonLimits) -> Result<String, ApiError> {
    LEVEL.read(body, limits)
}

/// The answer: what is logged now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos::ApiComponent, apistos_schemars::JsonSchema))]
pub struct LogLevel {
    /// `off`, `error`, `warn`, `info`, `debug` or `trace`; or several with targets, such as `info,ferrocast_registry=debug`.
    pub level: String,
}
