//! An address that passed the policy.

use std::fmt;
use std::net::SocketAddr;

use super::host::CallbackHost;
use crate::Callback;

/// An address that passed [`CallbackPolicy::check`](super::CallbackPolicy::check). What its host's name resolves to has
/// yet to be checked.
#[derive(Clone, PartialEq, Eq)]
pub struct CallbackUrl {
    pub(super) url: String,
    pub(super) host: CallbackHost,
    pub(super) port: u16,
}

impl CallbackUrl {
    /// The address as the parser writes it, which is to be used in the place of what was handed in.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Its host.
    pub fn host(&self) -> &CallbackHost {
        &self.host
    }

    /// Its host and port: one text for all spellings. Can be resolved as it is.
    pub fn host_and_port(&self) -> String {
        match &self.host {
            CallbackHost::Name(name) => format!("{name}:{}", self.port),
            CallbackHost::Address(address) => SocketAddr::new(*address, self.port).to_string(),
        }
    }
}

/// Without path and query, which may hold secrets.
impl fmt::Debug for CallbackUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CallbackUrl").field(&self.host_and_port()).finish()
    }
}

impl From<CallbackUrl> for Callback {
    fn from(url: CallbackUrl) -> Callback {
        Callback { host: url.host_and_port(), url: url.url }
    }
}
