//! Why no callback goes to an address.

use std::net::IpAddr;

use super::MAX_URL_BYTES;
use super::network::Network;

/// Why no callback goes to an address. The messages are for whoever wrote the address and whoever configures the server:
/// they name the setting that would let it pass, and never hold user information or a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackRefused {
    /// More than [`MAX_URL_BYTES`].
    #[error("the callback address has {bytes} bytes; at most {MAX_URL_BYTES} are allowed")]
    TooLong {
        /// Bytes of the address.
        bytes: usize,
    },
    /// The address is none.
    #[error("the callback address is no URL: {0}")]
    NotAUrl(#[from] url::ParseError),
    /// It holds characters that programs read differently.
    #[error("the callback address holds a space, a control character or a backslash; none of them belongs there")]
    Character,
    /// It is neither of `https` nor of `http`.
    #[error("the callback address must begin with `https://`")]
    Scheme,
    /// It is of `http`.
    #[error("the callback address must begin with `https://`; `callbacks.allow_http` would allow `http://`")]
    Http,
    /// It holds a user name or a password.
    #[error("the callback address must hold no user name and no password")]
    UserInfo,
    /// The port is not in the list.
    #[error("callbacks to port {0} are not allowed; `callbacks.ports` lists those that are")]
    Port(u16),
    /// The host is not in the list.
    #[error("callbacks to this host are not allowed; `callbacks.hosts` lists those that are")]
    Host,
    /// The host's name means this machine.
    #[error(
        "callbacks to `localhost` are not allowed; `callbacks.allow_networks` with 127.0.0.0/8 or ::1 would allow them"
    )]
    Localhost,
    /// The host's address is not public.
    #[error("callbacks to {address} are not allowed ({purpose}); `callbacks.allow_networks` could allow them")]
    NotPublic {
        /// The address that would be reached.
        address: IpAddr,
        /// What it is for.
        purpose: &'static str,
    },
    /// The host's address is refused by configuration.
    #[error("callbacks to {address} are not allowed; `callbacks.deny_networks` has {network}")]
    Denied {
        /// The address that would be reached.
        address: IpAddr,
        /// The network that it is in.
        network: Network,
    },
}
