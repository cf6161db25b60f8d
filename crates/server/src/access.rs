//! Who may ask for what, and how often: keys, scopes, limits and addresses, as one request meets them.

mod grants;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use actix_http::Request;
use actix_web::HttpMessage;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName};
use ferrocast_access::{
    Allowance, Caller, DEFAULT_MOST_ENTRIES, Failures, KeyRing, KeyWatch, Keys, Limited, NotReloaded, Principal,
    Proxies, RateLimits,
};
use tracing::{info, warn};

use crate::config::{Config, ConfigError};

pub(crate) use grants::{Grants, Need};

/// Where clients of other model servers put their key, if not into `Authorization: Bearer`.
pub(crate) const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Between two looks at the file of keys.
const LOOK: Duration = Duration::from_secs(2);

/// Which of the two sockets a request has come in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listener {
    /// The one for everybody.
    Main,
    /// The one for administration.
    Admin,
}

/// Decides about requests before anything of their bodies is read.
#[derive(Debug)]
pub(crate) struct Access {
    /// Without them everybody may do everything.
    keys: Option<Arc<KeyRing>>,
    /// Looks at the file of keys while it lives.
    _watch: Option<KeyWatch>,
    rates: RateLimits,
    failures: Failures,
    proxies: Proxies,
    /// What needs no key.
    open: Grants,
    has_admin_listener: bool,
}

/// What became of a request's key.
#[derive(Debug)]
pub(crate) enum Identity {
    /// Nobody has to say who he is.
    Anybody,
    /// There is no valid key with it; after too many wrong ones with when to come back.
    Unknown(Option<Limited>),
    /// Whose key it is.
    Known(Arc<Principal>),
}

impl Identity {
    /// Whose key it is, if there was one.
    pub(crate) fn principal(&self) -> Option<&Arc<Principal>> {
        match self {
            Identity::Known(principal) => Some(principal),
            Identity::Anybody | Identity::Unknown(_) => None,
        }
    }
}

/// A request that may be looked at.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) identity: Identity,
    pub(crate) grants: Grants,
    /// What is left to its client, if that is limited.
    pub(crate) allowance: Option<Allowance>,
}

impl Access {
    /// As the configuration says.
    ///
    /// # Errors
    /// If there are no keys in the file that should hold some.
    pub(crate) fn open(config: &Config) -> Result<Access, ConfigError> {
        let problem = |error: &dyn std::fmt::Display| config.problem("auth.keys_file", error.to_string());
        let keys = config.auth.keys_file.as_ref().map(KeyRing::open).transpose().map_err(|error| problem(&error))?;
        let keys = keys.map(Arc::new);
        let watch =
            keys.as_ref().map(|keys| keys.watch(LOOK, reloaded)).transpose().map_err(|error| problem(&error))?;
        let open = [(Need::Docs, config.auth.open_docs), (Need::Metrics, config.auth.open_metrics)];
        let open = open.into_iter().filter(|(_, is_open)| *is_open).map(|(need, _)| need);
        Ok(Access {
            keys,
            _watch: watch,
            rates: RateLimits::new(config.rate.each, DEFAULT_MOST_ENTRIES),
            failures: Failures::new(DEFAULT_MOST_ENTRIES),
            proxies: config.rate.proxies.clone(),
            open: open.chain([Need::Nothing]).collect(),
            has_admin_listener: config.admin.address.is_some(),
        })
    }

    /// Finds out who asks, and whether it is not too often.
    ///
    /// # Errors
    /// If it is.
    pub(crate) fn admit(&self, request: &Request, listener: Listener) -> Result<Admitted, Limited> {
        let identity = self.identify(request);
        let allowance = if is_probe(request.path()) { None } else { self.check_rate(&identity, request)? };
        let granted = match &identity {
            Identity::Anybody => Grants::ALL,
            Identity::Unknown(_) => self.open,
            Identity::Known(principal) => Grants::of_key(principal.scopes),
        };
        Ok(Admitted { identity, grants: granted.on(listener, self.has_admin_listener), allowance })
    }

    /// Forgets clients that have kept within their limits. To be called every now and then.
    pub(crate) fn sweep(&self) {
        self.rates.sweep();
        self.failures.sweep();
    }

    fn identify(&self, request: &Request) -> Identity {
        let Some(keys) = &self.keys else { return Identity::Anybody };
        let Some(key) = key(request.headers()) else { return Identity::Unknown(None) };
        match keys.authenticate(key, SystemTime::now()) {
            Some(principal) => Identity::Known(principal),
            None => Identity::Unknown(self.failures.record(self.client(request)).err()),
        }
    }

    fn check_rate(&self, identity: &Identity, request: &Request) -> Result<Option<Allowance>, Limited> {
        match identity.principal() {
            Some(principal) => self.rates.check(Caller::Key(principal)),
            None => self.rates.check(Caller::Address(self.client(request))),
        }
    }

    /// The address that the request comes from.
    fn client(&self, request: &Request) -> IpAddr {
        // Without a peer there is no connection, as in tests without one.
        let peer = request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.ip());
        if self.proxies.trusted.is_empty() {
            return peer;
        }
        let lines: Vec<&[u8]> =
            request.headers().get_all(self.proxies.header.name()).map(|line| line.as_bytes()).collect();
        self.proxies.client(peer, lines.into_iter())
    }
}

/// Says in the log what came of a change of the file.
fn reloaded(keys: Result<Arc<Keys>, NotReloaded>) {
    match keys {
        Ok(keys) => info!("{} keys are in force now", keys.principals().len()),
        Err(error) => warn!("{error}"),
    }
}

/// The key that a request comes with.
fn key(headers: &HeaderMap) -> Option<&[u8]> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| of_bearer(value.as_bytes()));
    bearer.or_else(|| headers.get(X_API_KEY).map(|value| value.as_bytes()))
}

/// Of `Bearer key`, the word in any case (RFC 9110, 11.1).
fn of_bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = value.split_at_checked("bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| key.trim_ascii())
}

/// Whether the path is one that a machine asks at short intervals whether the server is well: no limit may make it look ill.
pub(crate) fn is_probe(path: &str) -> bool {
    matches!(path, "/health" | "/startupz" | "/livez" | "/readyz" | "/v2/health/live" | "/v2/health/ready")
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};

    use super::{X_API_KEY, key};

    fn found(authorization: &'static str, x_api_key: Option<&'static str>) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static(authorization));
        if let Some(value) = x_api_key {
            headers.insert(X_API_KEY, HeaderValue::from_static(value));
        }
        key(&headers).map(|key| String::from_utf8_lossy(key).into_owned())
    }

    #[test]
    fn keys_are_found_in_both_places() {
        assert_eq!(found("Bearer one", Some("two")).as_deref(), Some("one"));
        assert_eq!(found("bEARER  one ", None).as_deref(), Some("one"));
        assert_eq!(found("Basic dXNlcjpwYXNz", Some("two")).as_deref(), Some("two"));
        assert_eq!(found("Bearer", Some("two")).as_deref(), Some("two"));
        assert_eq!(found("Token one", None), None);
    }
}
