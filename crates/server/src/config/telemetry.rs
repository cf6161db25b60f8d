//! `[metrics]` and `[otlp]`: what others are told of what the server does.

use std::str::FromStr;
use std::time::Duration;

use ferrocast_telemetry::{OtlpConfig, OtlpProtocol};

use super::raw::{RawMetrics, RawOtlp};
use super::text::{listed, parsed};

/// What is counted, and under which names.
#[derive(Debug, Clone)]
pub struct MetricsConfig {
    /// Whether anything is.
    pub enabled: bool,
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
    MetricsConfig {
        enabled: raw.enabled,
        triton: !listed::<Triton>("metrics.compat", raw.compat.as_deref(), report).is_empty(),
    }
}

/// A name and a value.
struct Pair((String, String));

impl FromStr for Pair {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Pair, &'static str> {
        // The value may be secret, so it is not repeated.
        let (name, value) = text.split_once('=').ok_or("must be pairs such as name=value, separated by commas")?;
        Ok(Pair((name.trim().to_owned(), value.trim().to_owned())))
    }
}

pub(super) fn otlp(raw: &RawOtlp, report: &mut impl FnMut(&str, String)) -> Option<OtlpConfig> {
    let mut pairs = |key: &str, text: Option<&str>| {
        listed::<Pair>(key, text, report).into_iter().map(|Pair(pair)| pair).collect::<Vec<_>>()
    };
    let headers = pairs("otlp.headers", raw.headers.as_ref().map(|headers| headers.reveal()));
    let resource = pairs("otlp.resource", raw.resource.as_deref());
    let sample_ratio = parsed::<f64>("otlp.sample_ratio", &raw.sample_ratio, report).unwrap_or(1.0);
    if !(0.0..=1.0).contains(&sample_ratio) {
        report("otlp.sample_ratio", format!("must be from 0 to 1, not {sample_ratio}"));
    }
    let endpoint = raw.endpoint.clone().filter(|endpoint| !endpoint.trim().is_empty())?;
    Some(OtlpConfig {
        endpoint,
        protocol: if raw.protocol.eq_ignore_ascii_case("grpc") { OtlpProtocol::Grpc } else { OtlpProtocol::Http },
        headers,
        service_name: raw.service_name.clone(),
        resource,
        sample_ratio,
        timeout: Duration::from_millis(raw.timeout_ms),
    })
}
