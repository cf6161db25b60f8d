//! The addresses that are not public.

use std::net::{IpAddr, Ipv4Addr};

use super::network::Network;

/// The well-known prefix of translators from IPv6 to IPv4 (RFC 6052, section 2.1). The last 32 bits are the IPv4 address.
const NAT64: Network = Network::v6(0x0064_ff9b << 96, 96);

/// Ranges that are not globally reachable, and what each is for.
///
/// From the IPv4 and IPv6 Special-Purpose Address Registries of IANA (RFC 6890), to which are added: multicast, 6to4 and
/// its relays, what IPv6 has not assigned (everything outside `2000::/3`, RFC 4291), and the one address at which a cloud
/// keeps its agent in public space. The few reachable addresses within `192.0.0.0/24` and `2001::/23` serve protocols and
/// receive no callbacks; they are not let out. The first match names the range.
const SPECIAL: &[(Network, &str)] = &[
    (Network::v4([0, 0, 0, 0], 8), "this network, RFC 791"),
    (Network::v4([10, 0, 0, 0], 8), "private use, RFC 1918"),
    (Network::v4([100, 64, 0, 0], 10), "shared by carriers, RFC 6598"),
    (Network::v4([127, 0, 0, 0], 8), "loopback, RFC 1122"),
    (Network::v4([168, 63, 129, 16], 32), "the agent of Azure's virtual machines"),
    (Network::v4([169, 254, 0, 0], 16), "link-local and cloud metadata, RFC 3927"),
    (Network::v4([172, 16, 0, 0], 12), "private use, RFC 1918"),
    (Network::v4([192, 0, 0, 0], 24), "protocol assignments, RFC 6890"),
    (Network::v4([192, 0, 2, 0], 24), "documentation, RFC 5737"),
    (Network::v4([192, 88, 99, 0], 24), "6to4 relays, RFC 7526"),
    (Network::v4([192, 168, 0, 0], 16), "private use, RFC 1918"),
    (Network::v4([198, 18, 0, 0], 15), "benchmarking, RFC 2544"),
    (Network::v4([198, 51, 100, 0], 24), "documentation, RFC 5737"),
    (Network::v4([203, 0, 113, 0], 24), "documentation, RFC 5737"),
    (Network::v4([224, 0, 0, 0], 4), "multicast, RFC 5771"),
    (Network::v4([255, 255, 255, 255], 32), "broadcast, RFC 8190"),
    (Network::v4([240, 0, 0, 0], 4), "reserved, RFC 1112"),
    (Network::v6(0, 128), "unspecified, RFC 4291"),
    (Network::v6(1, 128), "loopback, RFC 4291"),
    (Network::v6(0, 96), "IPv4-compatible, RFC 4291"),
    (Network::v6(0x0064_ff9b_0001 << 80, 48), "local translation to IPv4, RFC 8215"),
    (Network::v6(0x0100 << 112, 64), "discard only, RFC 6666"),
    (Network::v6(0x2001 << 112, 23), "protocol assignments, RFC 2928"),
    (Network::v6(0x2001_0db8 << 96, 32), "documentation, RFC 3849"),
    (Network::v6(0x2002 << 112, 16), "6to4, RFC 7526"),
    (Network::v6(0x3fff << 112, 20), "documentation, RFC 9637"),
    (Network::v6(0x5f00 << 112, 16), "segment routing, RFC 9602"),
    (Network::v6(0xfc00 << 112, 7), "unique local, RFC 4193"),
    (Network::v6(0xfe80 << 112, 10), "link-local, RFC 4291"),
    (Network::v6(0xfec0 << 112, 10), "site-local, RFC 3879"),
    (Network::v6(0xff00 << 112, 8), "multicast, RFC 4291"),
    (Network::v6(0, 3), "not assigned, RFC 4291"),
    (Network::v6(0x4000 << 112, 2), "not assigned, RFC 4291"),
    (Network::v6(0x8000 << 112, 1), "not assigned, RFC 4291"),
];

/// What an address is for that is not public; `None` if it is public. Of [`reached`] addresses.
pub(super) fn special_use(address: IpAddr) -> Option<&'static str> {
    SPECIAL.iter().find(|(network, _)| network.contains(address)).map(|(_, purpose)| *purpose)
}

/// Where packets to `address` end up: at the IPv4 address that an IPv4-mapped one (RFC 4291, section 2.5.5.2) or one for a
/// translator (RFC 6052) holds.
pub(super) fn reached(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(translated) if NAT64.contains(address) => {
            let [.., a, b, c, d] = translated.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, c, d))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{reached, special_use};

    fn is_refused(address: &str) -> bool {
        special_use(reached(address.parse().unwrap())).is_some()
    }

    /// First and last of each range; before and after it what is public, where anything is.
    const EDGES: &[(&str, &str, &str, &str)] = &[
        ("", "0.0.0.0", "0.255.255.255", "1.0.0.0"),
        ("9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"),
        ("100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"),
        ("126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"),
        ("168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17"),
        ("169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"),
        ("172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"),
        ("191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"),
        ("192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"),
        ("192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"),
        ("192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"),
        ("198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"),
        ("198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"),
        ("203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"),
        ("223.255.255.255", "224.0.0.0", "239.255.255.255", ""),
        ("", "240.0.0.0", "255.255.255.255", ""),
        ("", "::", "::1", ""),
        ("", "::2", "::ffff:ffff", ""),
        ("", "::ffff:0.0.0.0", "::ffff:0.255.255.255", "::ffff:1.0.0.0"),
        ("::ffff:126.255.255.255", "::ffff:127.0.0.0", "::ffff:127.255.255.255", "::ffff:128.0.0.0"),
        ("::ffff:223.255.255.255", "::ffff:224.0.0.0", "::ffff:255.255.255.255", ""),
        ("", "64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", "64:ff9b::0.255.255.255", "64:ff9b::1.0.0.0"),
        ("64:ff9b::9.255.255.255", "64:ff9b::10.0.0.0", "64:ff9b::10.255.255.255", "64:ff9b::11.0.0.0"),
        ("64:ff9b::223.255.255.255", "64:ff9b::224.0.0.0", "64:ff9b::1:0:0", ""),
        ("", "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", ""),
        ("", "100::", "100::ffff:ffff:ffff:ffff", ""),
        ("", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"),
        ("2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"),
        (
            "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
            "2001:db8::",
            "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
            "2001:db9::",
        ),
        ("2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"),
        ("3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"),
        ("3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "4000::", ""),
        ("", "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""),
        ("", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""),
        ("", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""),
        ("", "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""),
        ("", "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""),
    ];

    #[test]
    fn ranges_end_where_the_registry_says() {
        for (before, first, last, after) in EDGES {
            for inside in [first, last] {
                assert!(is_refused(inside), "{inside}");
            }
            for outside in [before, after] {
                assert!(outside.is_empty() || !is_refused(outside), "{outside}");
            }
        }
    }

    #[test]
    fn the_metadata_of_clouds_is_not_public() {
        let known =
            ["169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"];
        for address in known.into_iter().chain(["fd20:ce::254", "64:ff9b::169.254.169.254"]) {
            assert!(is_refused(address), "{address}");
        }
    }

    #[test]
    fn what_receives_callbacks_is_public() {
        for address in ["8.8.8.8", "1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e"] {
            assert!(!is_refused(address), "{address}");
        }
    }

    proptest! {
        #[test]
        fn only_global_unicast_of_ipv6_is_public(bits in any::<u128>()) {
            let address = IpAddr::V6(Ipv6Addr::from_bits(bits));
            if reached(address) == address && special_use(address).is_none() {
                prop_assert_eq!(bits >> 125, 1);
            }
        }

        #[test]
        fn nothing_of_ipv4_that_std_calls_special_is_public(address in any::<Ipv4Addr>()) {
            let is_special = address.is_private() || address.is_loopback() || address.is_link_local()
                || address.is_broadcast() || address.is_documentation() || address.is_unspecified() || address.is_multicast();
            prop_assert!(!is_special || special_use(IpAddr::V4(address)).is_some());
        }

        #[test]
        fn an_address_within_an_address_is_judged_as_itself(address in any::<Ipv4Addr>()) {
            let translated = Ipv6Addr::from_bits((0x0064_ff9b << 96) | u128::from(address.to_bits()));
            for outer in [address.to_ipv6_mapped(), translated] {
                prop_assert_eq!(reached(IpAddr::V6(outer)), IpAddr::V4(address));
            }
        }
    }
}
