//! Which models there are, and requests to load and unload them.

use serde::{Deserialize, Serialize};

use super::error::invalid;
use crate::{ApiError, ErrorCode};

/// The body of `POST /v2/repository/index`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
// Else it would name the type.
#[serde(expecting = "an object")]
pub struct IndexRequest {
    /// Only what is ready.
    #[serde(default)]
    pub ready: bool,
}

impl IndexRequest {
    /// Reads the body, which may be empty.
    ///
    /// # Errors
    /// If it is no such JSON.
    pub fn decode(body: &[u8]) -> Result<IndexRequest, ApiError> {
        read_or_default(body)
    }
}

/// A version in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexEntry {
    /// The model.
    pub name: String,
    /// The version.
    pub version: String,
    /// What it is doing.
    pub state: IndexState,
    /// Why it does not serve; empty if it does.
    pub reason: String,
}

/// What a version is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum IndexState {
    /// It answers.
    Ready,
    /// It does not.
    Unavailable,
    /// It will, soon.
    Loading,
    /// It answers its last requests.
    Unloading,
}

/// The body of `POST /v2/repository/models/{model}/load`, and of `…/unload`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadRequest;

impl LoadRequest {
    /// Reads the body, which may be empty.
    ///
    /// # Errors
    /// If it is no such JSON, or asks for what this server does not do: to load what it sends rather than what is there.
    pub fn decode(body: &[u8]) -> Result<LoadRequest, ApiError> {
        #[derive(Default, Deserialize)]
        #[serde(expecting = "an object")]
        struct Body {
            #[serde(default)]
            parameters: std::collections::BTreeMap<String, serde::de::IgnoredAny>,
        }
        let body: Body = read_or_default(body)?;
        match body.parameters.keys().find(|name| *name != "unload_dependents") {
            None => Ok(LoadRequest),
            Some(name) if name == "config" || name.starts_with("file:") => {
                let message = format!("parameter '{name}' is not supported: models are loaded as they are on disk");
                Err(invalid(message))
            }
            Some(name) => Err(invalid(format!("unrecognized load parameter '{name}'"))),
        }
    }
}

fn read_or_default<'a, T: Default + Deserialize<'a>>(body: &'a [u8]) -> Result<T, ApiError> {
    if body.trim_ascii().is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(|error| {
        ApiError::new(ErrorCode::MalformedBody, format!("failed to parse the request JSON buffer: {error}"))
    })
}
