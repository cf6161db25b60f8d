//! `[metrics]`: what others are told of what the server does.

use std::str::FromStr;

use super::raw::RawMetrics;
use super::text::listed;

/// What is counted, and under which names.
#[derive(Debug, Clone)]
pub struct MetricsConfig {
    /// Those of Triton, too.
    pub triton: bool,
}

/// Whose names metrics have beside our own.
struct Triton;

impl FromStr for Triton {
    type Err = String;

    fn from_str(text: &str) -> Result<Triton, String> {
        match text {
            "triton" => Ok(Triton),
            _ => Err(format!("must be triton or nothing, not `{text}`")),
        }
    }
}

pub(super) fn metrics(raw: &RawMetrics, report: &mut impl FnMut(&str, String)) -> MetricsConfig {
    MetricsConfig { triton: !listed::<Triton>("metrics.compat", raw.compat.as_deref(), report).is_empty() }
}
