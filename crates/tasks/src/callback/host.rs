//! Hosts, and the list of those that may be called.

use std::net::IpAddr;
use std::str::FromStr;

use url::Host;

/// What an address names as its host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CallbackHost {
    /// A name that is yet to be resolved: in lower case and ASCII, without the dot that may end it.
    Name(String),
    /// An address, however it was spelled. An IPv4-mapped one is the IPv4 address.
    Address(IpAddr),
}

impl CallbackHost {
    /// `None` if a part of the name is empty: it names nothing, and without its dots it could be read as an address.
    pub(super) fn new<S: AsRef<str>>(host: &Host<S>) -> Option<CallbackHost> {
        match host {
            Host::Ipv4(address) => Some(CallbackHost::Address(IpAddr::V4(*address))),
            Host::Ipv6(address) => Some(CallbackHost::Address(IpAddr::V6(*address).to_canonical())),
            Host::Domain(name) => {
                let name = name.as_ref();
                let name = name.strip_suffix('.').unwrap_or(name);
                name.split('.').all(|label| !label.is_empty()).then(|| CallbackHost::Name(name.to_owned()))
            }
        }
    }

    /// Whether the name means this machine wherever it is resolved (RFC 6761, section 6.3).
    pub(super) fn is_localhost(&self) -> bool {
        matches!(self, CallbackHost::Name(name) if name == "localhost" || is_below(name, "localhost"))
    }
}

/// Whether `name` is that of a subdomain of `domain`.
fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// A host that may be called: `example.com` and nothing else, or `*.example.com`, every subdomain but not `example.com`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPattern {
    host: CallbackHost,
    /// The subdomains of the name instead of the name.
    is_below: bool,
}

/// The text names no host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no host: a name such as `example.com`, subdomains such as `*.example.com`, or an address is needed")]
pub struct HostPatternError(String);

impl HostPattern {
    /// Whether `host` is meant.
    pub(super) fn matches(&self, host: &CallbackHost) -> bool {
        match (&self.host, host) {
            (CallbackHost::Name(domain), CallbackHost::Name(name)) if self.is_below => is_below(name, domain),
            (meant, host) => meant == host,
        }
    }
}

impl FromStr for HostPattern {
    type Err = HostPatternError;

    fn from_str(text: &str) -> Result<HostPattern, HostPatternError> {
        let (name, is_below) = match text.strip_prefix("*.") {
            Some(domain) => (domain, true),
            None => (text, false),
        };
        // The parser lets `*` stand in a name.
        let host = if name.contains('*') { None } else { Host::parse(name).ok() };
        match host.as_ref().and_then(CallbackHost::new) {
            Some(CallbackHost::Address(_)) if is_below => None,
            host => host,
        }
        .map(|host| HostPattern { host, is_below })
        .ok_or_else(|| HostPatternError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::{CallbackHost, HostPattern, HostPatternError};

    fn matches(pattern: &str, name: &str) -> bool {
        pattern.parse::<HostPattern>().unwrap().matches(&CallbackHost::Name(name.into()))
    }

    #[test]
    fn a_name_means_itself_and_a_star_what_is_below() {
        for (pattern, name) in [
            ("example.com", "example.com"),
            ("EXAMPLE.com.", "example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("*.example.com", "a.example.com"),
            ("*.example.com", "a.b.example.com"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("example.com", "a.example.com"),
            ("example.com", "example.com.evil.test"),
            ("*.example.com", "example.com"),
            ("*.example.com", "evilexample.com"),
            ("*.example.com", "a.example.com.evil.test"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn an_address_means_itself_however_it_is_spelled() {
        for (pattern, address) in [("8.8.8.8", "8.8.8.8"), ("134744072", "8.8.8.8"), ("[2606:4700::1]", "2606:4700::1")]
        {
            let pattern: HostPattern = pattern.parse().unwrap();
            assert!(pattern.matches(&CallbackHost::Address(address.parse().unwrap())));
            assert!(!pattern.matches(&CallbackHost::Address("9.9.9.9".parse().unwrap())));
        }
    }

    #[test]
    fn what_names_no_host_is_refused() {
        for text in [
            "",
            "*",
            "*.",
            ".",
            "a..b",
            ".a",
            "*..a",
            "*.*.com",
            "a.*.com",
            "*.127.0.0.1",
            "https://example.com",
            "example.com:443",
            "a b",
        ] {
            assert_eq!(text.parse::<HostPattern>(), Err(HostPatternError(text.into())));
        }
    }
}
