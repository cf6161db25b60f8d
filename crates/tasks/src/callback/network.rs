//! Networks of addresses, as configurations write them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The addresses that begin with the same bits: `10.0.0.0/8`, `fd00::/8`, or one address, which is written bare.
///
/// An IPv4 address is in IPv4 networks only. A network within `::ffff:0:0/96` is taken as the IPv4 network that it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    first: IpAddr,
    prefix: u32,
}

/// Why a text is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// What comes before the slash is no address.
    #[error("`{0}` is no network: an address such as `10.1.2.3`, or a network such as `10.0.0.0/8`, is needed")]
    Address(String),
    /// What comes after the slash is no number of bits.
    #[error("`{text}` is no network: after `/`, a number from 0 to {most} is needed")]
    Prefix {
        /// The text.
        text: String,
        /// The bits of an address.
        most: u32,
    },
    /// The address has bits that the network leaves open.
    #[error("`{0}` is no network: the address before `/` is not the first one of it")]
    NotFirst(String),
}

impl Network {
    pub(super) const fn v4(octets: [u8; 4], prefix: u32) -> Network {
        let [a, b, c, d] = octets;
        Network { first: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix }
    }

    pub(super) const fn v6(bits: u128, prefix: u32) -> Network {
        Network { first: IpAddr::V6(Ipv6Addr::from_bits(bits)), prefix }
    }

    /// Whether `address` is one of them.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.first.is_ipv4() == address.is_ipv4() && (bits(self.first) ^ bits(address)).leading_zeros() >= self.prefix
    }
}

/// The bits of an address from the highest down, so that a prefix counts alike for both families.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The bits of an address of this family.
fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Network, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let first: IpAddr = address.parse().map_err(|_| NetworkError::Address(text.to_owned()))?;
        let most = width(first);
        let prefix = match prefix {
            None => most,
            Some(prefix) => prefix
                .parse()
                .ok()
                .filter(|bits| *bits <= most)
                .ok_or_else(|| NetworkError::Prefix { text: text.to_owned(), most })?,
        };
        if bits(first).checked_shl(prefix).unwrap_or(0) != 0 {
            return Err(NetworkError::NotFirst(text.to_owned()));
        }
        Ok(match (first.to_canonical(), prefix.checked_sub(96)) {
            (mapped @ IpAddr::V4(_), Some(prefix)) if first.is_ipv6() => Network { first: mapped, prefix },
            _ => Network { first, prefix },
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.prefix == width(self.first) { self.first.fmt(f) } else { write!(f, "{}/{}", self.first, self.prefix) }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{Network, NetworkError};

    #[test]
    fn networks_are_shown_as_they_are_written() {
        for text in ["10.0.0.0/8", "0.0.0.0/0", "192.168.1.7", "fd00::/8", "::/0", "::1", "64:ff9b::/96"] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
        let same = [("10.1.2.3/32", "10.1.2.3"), ("::ffff:10.0.0.0/104", "10.0.0.0/8"), ("::ffff:7f00:1", "127.0.0.1")];
        for (text, shown) in same {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_network_is_refused_with_the_reason() {
        for text in
            ["", "/8", "10.0.0/8", "example.com", "10.0.0.0.0/8", "fd00::%eth0/64", " 10.0.0.0/8", "010.0.0.0/8"]
        {
            assert_eq!(text.parse::<Network>(), Err(NetworkError::Address(text.into())));
        }
        for (text, most) in
            [("10.0.0.0/33", 32), ("10.0.0.0/", 32), ("10.0.0.0/8/8", 32), ("::/129", 128), ("::/-1", 128)]
        {
            assert_eq!(text.parse::<Network>(), Err(NetworkError::Prefix { text: text.into(), most }));
        }
        for text in ["10.0.0.1/8", "10.0.0.1/31", "fd00::1/8", "128.0.0.0/0"] {
            assert_eq!(text.parse::<Network>(), Err(NetworkError::NotFirst(text.into())));
        }
    }

    #[test]
    fn the_first_and_the_last_address_are_in_and_their_neighbours_are_not() {
        let rows = [
            ("10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0"]),
            ("10.0.0.2/31", ["10.0.0.2", "10.0.0.3"], ["10.0.0.1", "10.0.0.4"]),
            ("10.0.0.2", ["10.0.0.2", "10.0.0.2"], ["10.0.0.1", "::a00:2"]),
            ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::", "::ffff:1.2.3.4"]),
            ("fc00::/7", ["fc00::", "fdff:ffff::"], ["fbff::", "fe00::"]),
            ("::/0", ["::", "ffff::"], ["0.0.0.0", "127.0.0.1"]),
        ];
        for (network, inside, outside) in rows {
            let network: Network = network.parse().unwrap();
            for address in inside {
                assert!(network.contains(address.parse().unwrap()), "{address} in {network}");
            }
            for address in outside {
                assert!(!network.contains(address.parse().unwrap()), "{address} in {network}");
            }
        }
    }

    proptest! {
        #[test]
        fn every_text_is_read_or_refused(text in any::<String>()) {
            if let Ok(network) = text.parse::<Network>() {
                prop_assert_eq!(network.to_string().parse(), Ok(network));
            }
        }

        #[test]
        fn an_address_is_a_network_of_its_own(address in any::<IpAddr>(), other in any::<IpAddr>()) {
            let network: Network = address.to_canonical().to_string().parse().unwrap();
            prop_assert!(network.contains(address.to_canonical()));
            prop_assert_eq!(network.contains(other.to_canonical()), address.to_canonical() == other.to_canonical());
        }
    }
}
