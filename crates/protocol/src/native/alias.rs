//! `PUT /models/{model}/aliases/{alias}`.

use ferrocast_schema::JsonLimits;
use serde::Serialize;

use super::request::TextField;
use crate::ApiError;

static VERSION: TextField = TextField::new("version");

/// Reads the body, `{"version": "2"}`: the version, by number, alias or `latest`.
///
/// # Errors
/// As [`decode_row`](super::decode_row).
pub fn decode_alias_target(body: &[u8], limits: &JsonLimits) -> Result<String, ApiError> {
    VERSION.read(body, limits)
}

/// The answer: what the alias means now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos::ApiComponent, apistos_schemars::JsonSchema))]
pub struct AliasSet {
    /// The model.
    pub model: String,
    /// The alias.
    pub alias: String,
    /// The version that it points to.
    pub version: String,
}
