//! Where callbacks may go: not into the network of the server, unless its operator says so.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{ParseError, Url};

use super::host::{CallbackHost, HostPattern};
use super::network::Network;
use super::ranges::{reached, special_use};
use super::refused::CallbackRefused;
use super::url::CallbackUrl;

/// Longest address, in bytes.
pub const MAX_URL_BYTES: usize = 2048;

/// Where callbacks may go. By default: with `https`, to the ports 443, 80 and 8443 of every host whose addresses are
/// public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackPolicy {
    /// Whether `http` will do.
    pub allow_http: bool,
    /// The ports.
    pub ports: Vec<u16>,
    /// Networks that may be called although they are not public.
    pub allowed_networks: Vec<Network>,
    /// Networks that may not be called, whatever else is said.
    pub denied_networks: Vec<Network>,
    /// The only hosts that may be called; their addresses are checked all the same. `None`: every host.
    pub hosts: Option<Vec<HostPattern>>,
}

impl Default for CallbackPolicy {
    fn default() -> CallbackPolicy {
        CallbackPolicy {
            allow_http: false,
            ports: vec![443, 80, 8443],
            allowed_networks: Vec::new(),
            denied_networks: Vec::new(),
            hosts: None,
        }
    }
}

impl CallbackPolicy {
    /// Whether a callback may go to `url`, as far as can be told before its host is resolved.
    ///
    /// It is read by the rules of the WHATWG, which know many spellings of an IPv4 address. An HTTP client must be given
    /// what this returns and not `url` itself, so that both see one host. A fragment, which is never sent, is dropped.
    ///
    /// # Errors
    /// If not.
    pub fn check(&self, url: &str) -> Result<CallbackUrl, CallbackRefused> {
        if url.len() > MAX_URL_BYTES {
            return Err(CallbackRefused::TooLong { bytes: url.len() });
        }
        // The parser drops some of these and takes a backslash for a slash; other programs do not.
        if url.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
            return Err(CallbackRefused::Character);
        }
        let mut url = Url::parse(url)?;
        match url.scheme() {
            "https" => {}
            "http" if self.allow_http => {}
            "http" => return Err(CallbackRefused::Http),
            _ => return Err(CallbackRefused::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(CallbackRefused::UserInfo);
        }
        let port = url.port_or_known_default().ok_or(CallbackRefused::Scheme)?;
        if !self.ports.contains(&port) {
            return Err(CallbackRefused::Port(port));
        }
        let host = url.host().as_ref().and_then(CallbackHost::new).ok_or(ParseError::EmptyHost)?;
        self.check_host(&host)?;
        url.set_fragment(None);
        Ok(CallbackUrl { url: url.into(), host, port })
    }

    fn check_host(&self, host: &CallbackHost) -> Result<(), CallbackRefused> {
        if self.hosts.as_ref().is_some_and(|hosts| !hosts.iter().any(|pattern| pattern.matches(host))) {
            return Err(CallbackRefused::Host);
        }
        match host {
            CallbackHost::Address(address) => self.check_address(*address),
            CallbackHost::Name(_) if host.is_localhost() && !self.allows_loopback() => Err(CallbackRefused::Localhost),
            CallbackHost::Name(_) => Ok(()),
        }
    }

    fn allows_loopback(&self) -> bool {
        [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
            .into_iter()
            .any(|address| self.check_address(address).is_ok())
    }

    /// Whether a callback may go to `address`. To be asked of every address that a host resolves to; if one is refused,
    /// none is to be used.
    ///
    /// IPv6 addresses that stand for an IPv4 address, mapped ones and those for translators, are judged as that one.
    ///
    /// # Errors
    /// [`CallbackRefused::Denied`] or [`CallbackRefused::NotPublic`], if not.
    pub fn check_address(&self, address: IpAddr) -> Result<(), CallbackRefused> {
        let reached = reached(address);
        let is_denied = |network: &&Network| network.contains(address) || network.contains(reached);
        if let Some(network) = self.denied_networks.iter().find(is_denied) {
            return Err(CallbackRefused::Denied { address: reached, network: *network });
        }
        if self.allowed_networks.iter().any(|network| network.contains(reached)) {
            return Ok(());
        }
        match special_use(reached) {
            None => Ok(()),
            Some(purpose) => Err(CallbackRefused::NotPublic { address: reached, purpose }),
        }
    }
}

#[cfg(test)]
mod tests;
