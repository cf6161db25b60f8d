//! Answers of the routes that tell how the server is: `GET /`, `GET /health` and the probes.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::native::VersionStatus;

/// `GET /`: a sign of life, in the words that clients of hand-written model services look for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos::ApiComponent, apistos_schemars::JsonSchema))]
pub struct RootResponse {
    /// Always `"ML Model API is running"`.
    message: &'static str,
}

impl RootResponse {
    /// The one answer.
    pub const RUNNING: RootResponse = RootResponse { message: "ML Model API is running" };
}

/// `GET /health`: whether predictions can be had, and from which models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos::ApiComponent, apistos_schemars::JsonSchema))]
pub struct HealthResponse {
    /// `healthy` goes with status 200, `unhealthy` with 503.
    pub status: Health,
    /// Whether the default model can answer.
    pub model_loaded: bool,
    /// What is out of use at present and not needed for predictions: `cache` if Redis does not answer, `tasks` if none can be
    /// stored. Absent if nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub degraded: Option<Vec<&'static str>>,
    /// Every model that the server knows, by name, the failed ones included.
    pub models: BTreeMap<String, ModelHealth>,
}

/// The server's health in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// Predictions can be had.
    Healthy,
    /// They cannot: the default model does not answer, or the server is stopping.
    Unhealthy,
}

/// The answer to a probe, which goes by the status: 200 or 503.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos::ApiComponent, apistos_schemars::JsonSchema))]
pub struct ProbeResponse {
    /// Whether it is as the probe asks; `true` goes with status 200, `false` with 503.
    pub ok: bool,
}

/// One model, as far as its health is concerned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
pub struct ModelHealth {
    /// Whether a request that names no version gets an answer.
    pub ready: bool,
    /// All versions, in the order in which the server ranks them.
    pub versions: Vec<VersionStatus>,
}
