//! Networks of addresses, as configurations write them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The addresses that begin with the same bits: `10.0.0.0/8`, `fd00::/8`, or one address, which is written bare. A network
/// within `::ffff:0:0/96` is the IPv4 network that it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpNet);

/// Why a text is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// It is neither an address nor one with a number of bits behind it.
    #[error("`{0}` is no network: an address such as `10.1.2.3`, or a network such as `10.0.0.0/8`, is needed")]
    Form(String),
    /// The address has bits that the network leaves open.
    #[error("`{text}` is no network: the address before `/` is not the first one of it; `{meant}` would be one")]
    NotFirst {
        /// The text.
        text: String,
        /// The network that the address is in.
        meant: Network,
    },
}

impl Network {
    /// Whether `address` is one of them. An IPv4 address is the same whether it is mapped into IPv6 or not.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

/// The network of IPv4 that a network of mapped addresses stands for.
fn unmapped(network: Ipv6Net) -> Option<Ipv4Net> {
    let bits = network.prefix_len().checked_sub(96)?;
    Ipv4Net::new(network.addr().to_ipv4_mapped()?, bits).ok()
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Network, NetworkError> {
        let address = || text.parse::<IpAddr>().map(IpNet::from);
        let network = text.parse::<IpNet>().or_else(|_| address()).map_err(|_| NetworkError::Form(text.to_owned()))?;
        let network = match network {
            IpNet::V6(network) => unmapped(network).map_or(IpNet::V6(network), IpNet::V4),
            network @ IpNet::V4(_) => network,
        };
        let first = network.trunc();
        if first == network {
            Ok(Network(network))
        } else {
            Err(NetworkError::NotFirst { text: text.to_owned(), meant: Network(first) })
        }
    }
}

/// A single address is shown bare.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() { self.0.addr().fmt(f) } else { self.0.fmt(f) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::{Network, NetworkError};

    #[test]
    fn networks_are_shown_as_they_are_written() {
        for text in ["10.0.0.0/8", "0.0.0.0/0", "192.168.1.7", "fd00::/8", "::/0", "::1"] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
        let same = [("10.1.2.3/32", "10.1.2.3"), ("::ffff:10.0.0.0/104", "10.0.0.0/8"), ("::ffff:7f00:1", "127.0.0.1")];
        for (text, shown) in same {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_network_is_refused_with_the_reason() {
        for text in ["", "/8", "10.0.0/8", "example.com", "10.0.0.0/33", "10.0.0.0/", "::/129", " 10.0.0.0/8", "*"] {
            assert_eq!(text.parse::<Network>(), Err(NetworkError::Form(text.to_owned())));
        }
        for (text, meant) in
            [("10.0.0.1/8", "10.0.0.0/8"), ("fd00::1/8", "fd00::/8"), ("::ffff:10.0.0.1/104", "10.0.0.0/8")]
        {
            let meant = meant.parse().unwrap();
            assert_eq!(text.parse::<Network>(), Err(NetworkError::NotFirst { text: text.to_owned(), meant }));
        }
    }

    #[test]
    fn the_first_and_the_last_address_are_in_and_their_neighbours_are_not() {
        let rows = [
            ("10.0.0.0/8", ["10.0.0.0", "::ffff:10.255.255.255"], ["9.255.255.255", "11.0.0.0"]),
            ("10.0.0.2", ["10.0.0.2", "::ffff:10.0.0.2"], ["10.0.0.1", "::a00:2"]),
            ("::/0", ["::", "ffff::"], ["0.0.0.0", "::ffff:127.0.0.1"]),
        ];
        for (network, inside, outside) in rows {
            let network: Network = network.parse().unwrap();
            assert!(inside.iter().all(|address| network.contains(address.parse().unwrap())), "{network}");
            assert!(!outside.iter().any(|address| network.contains(address.parse().unwrap())), "{network}");
        }
    }

    proptest! {
        #[test]
        fn every_text_is_read_or_refused(text in any::<String>(), digits in "[0-9a-f:.]{1,20}/[0-9]{1,3}") {
            for text in [text, digits] {
                if let Ok(network) = text.parse::<Network>() {
                    prop_assert_eq!(network.to_string().parse(), Ok(network));
                }
            }
        }
    }
}
