//! `[auth]`, `[rate]`, `[admin]` and `[cors]`: who may ask for what, how often, and from which pages.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use ferrocast_access::{Network, Proxies, ProxyHeader, Rate};

use super::raw::{RawAdmin, RawAuth, RawConfig, RawCors, RawRate, RawServer};
use super::text::{listed, readable_file};

/// Who may ask.
#[derive(Debug, Clone)]
pub struct AuthConfig {
    /// A file of keys; without it nobody needs one.
    pub keys_file: Option<PathBuf>,
    /// The documentation needs no key.
    pub open_docs: bool,
    /// `/metrics` needs no key.
    pub open_metrics: bool,
}

/// How often one client may ask.
#[derive(Debug, Clone)]
pub struct RateConfig {
    /// For each key that has no rate of its own, and each address without a key; `None` sets no limit.
    pub each: Option<Rate>,
    /// Proxies whose word about addresses counts.
    pub proxies: Proxies,
}

/// Where the server is administered.
#[derive(Debug, Clone)]
pub struct AdminConfig {
    /// An address of its own; without it administration is where everything else is.
    pub address: Option<SocketAddr>,
}

/// Pages of other origins that may call the API in a browser.
#[derive(Debug, Clone)]
pub struct CorsConfig {
    /// Which; empty for none.
    pub origins: Vec<AllowedOrigin>,
    /// How long a browser may remember the answer.
    pub max_age: Duration,
}

/// An origin that is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// Whatever it is.
    Any,
    /// This one, as browsers send it: `https://app.example.com`.
    One(String),
}

impl FromStr for AllowedOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<AllowedOrigin, String> {
        if text == "*" {
            return Ok(AllowedOrigin::Any);
        }
        let is_origin = text.split_once("://").is_some_and(|(scheme, host)| {
            matches!(scheme, "http" | "https") && !host.is_empty() && !host.contains(['/', '?', '#', '@', ' '])
        });
        match is_origin {
            // Browsers send scheme and host in small letters.
            true => Ok(AllowedOrigin::One(text.to_ascii_lowercase())),
            false => Err(format!("`{text}` is no origin: `*`, or one such as `https://app.example.com`, is needed")),
        }
    }
}

/// What can be asked without a key though others cannot.
enum OpenRoutes {
    Docs,
    Metrics,
}

impl FromStr for OpenRoutes {
    type Err = String;

    fn from_str(text: &str) -> Result<OpenRoutes, String> {
        match text {
            "docs" => Ok(OpenRoutes::Docs),
            "metrics" => Ok(OpenRoutes::Metrics),
            _ => Err(format!("`{text}` is neither docs nor metrics")),
        }
    }
}

pub(super) fn auth(raw: &RawAuth, directory: &Path, report: &mut impl FnMut(&str, String)) -> AuthConfig {
    let open: Vec<OpenRoutes> = listed("auth.open", raw.open.as_deref(), report);
    AuthConfig {
        keys_file: readable_file("auth.keys_file", raw.keys_file.as_deref(), directory, report),
        open_docs: open.iter().any(|open| matches!(open, OpenRoutes::Docs)),
        open_metrics: open.iter().any(|open| matches!(open, OpenRoutes::Metrics)),
    }
}

pub(super) fn rate(
    raw: &RawRate,
    server: &RawServer,
    notes: &mut Vec<String>,
    report: &mut impl FnMut(&str, String),
) -> RateConfig {
    let burst = raw.burst.and_then(|burst| u32::try_from(burst).ok()).and_then(NonZeroU32::new);
    if raw.per_second.is_none() && burst.is_some() {
        notes.push("rate.burst has no effect without rate.per_second".to_owned());
    }
    let rate = raw.per_second.map(|per_second| Rate::new(per_second as f64, burst));
    let each = rate.and_then(|rate| rate.map_err(|error| report("rate.per_second", error.to_string())).ok());
    let header = match server.proxy_header.to_ascii_lowercase().as_str() {
        "forwarded" => ProxyHeader::Forwarded,
        _ => ProxyHeader::XForwardedFor,
    };
    let trusted: Vec<Network> = listed("server.trusted_proxies", server.trusted_proxies.as_deref(), report);
    RateConfig { each, proxies: Proxies { trusted, header } }
}

pub(super) fn admin(raw: &RawAdmin, report: &mut impl FnMut(&str, String)) -> AdminConfig {
    let Some(port) = raw.port.and_then(|port| u16::try_from(port).ok()) else { return AdminConfig { address: None } };
    let address = raw.host.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, port));
    AdminConfig {
        address: address.map_err(|_| report("admin.host", format!("must be an IP address, not {:?}", raw.host))).ok(),
    }
}

pub(super) fn cors(raw: &RawCors, report: &mut impl FnMut(&str, String)) -> CorsConfig {
    let origins = listed("cors.origins", raw.origins.as_deref(), report);
    CorsConfig { origins, max_age: Duration::from_secs(raw.max_age_s) }
}

/// Nobody is to be served by mistake: who can be reached from elsewhere says who may ask, or that anybody may.
pub(super) fn check_reach(
    raw: &RawConfig,
    addresses: [(&str, Option<SocketAddr>); 2],
    report: &mut impl FnMut(&str, String),
) {
    if raw.auth.keys_file.as_deref().is_some_and(|file| !file.is_empty()) || raw.auth.allow_anonymous {
        return;
    }
    for (key, address) in addresses {
        if let Some(address) = address.filter(|address| !address.ip().is_loopback()) {
            let ip = address.ip();
            report(
                key,
                format!(
                    "{ip} can be reached from other machines, so keys are needed (auth.keys_file); or auth.allow_anonymous = true, if something in front decides who may ask"
                ),
            );
        }
    }
}
