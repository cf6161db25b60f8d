//! Whose requests are counted together.

use std::net::IpAddr;

use crate::principal::Principal;

/// Whoever asks.
#[derive(Debug, Clone, Copy)]
pub enum Caller<'a> {
    /// Recognised by a key.
    Key(&'a Principal),
    /// Known by nothing but an address.
    Address(IpAddr),
}

/// The addresses that count as one: an IPv4 address by itself, also when it is mapped into IPv6, and a /64 of IPv6, as
/// that is what one customer gets at least (RFC 6177).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum AddressBlock {
    V4(u32),
    V6(u64),
}

impl AddressBlock {
    pub(crate) fn of(address: IpAddr) -> AddressBlock {
        match address.to_canonical() {
            IpAddr::V4(address) => AddressBlock::V4(address.to_bits()),
            IpAddr::V6(address) => AddressBlock::V6((address.to_bits() >> 64) as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AddressBlock;

    fn block(address: &str) -> AddressBlock {
        AddressBlock::of(address.parse().unwrap())
    }

    #[test]
    fn ipv4_counts_by_address_and_ipv6_by_its_first_half() {
        assert_ne!(block("192.0.2.1"), block("192.0.2.2"));
        assert_eq!(block("192.0.2.1"), block("::ffff:192.0.2.1"));
        assert_ne!(block("::ffff:192.0.2.1"), block("::ffff:192.0.2.2"));
        assert_eq!(block("2001:db8::1"), block("2001:db8::ffff:ffff:ffff:ffff"));
        assert_ne!(block("2001:db8::1"), block("2001:db8:0:1::1"));
    }
}
