//! The name of a hop: an address, with or without a port.

use std::net::{IpAddr, Ipv6Addr};

/// The address of a node (RFC 7239, section 6): `192.0.2.1`, `192.0.2.1:4711`, `[2001:db8::1]`, `[2001:db8::1]:4711`, or
/// `2001:db8::1` as `X-Forwarded-For` has it. `None` for anything else, such as `unknown` and `_hidden`.
pub(super) fn address(node: &[u8]) -> Option<IpAddr> {
    let node = str::from_utf8(node).ok()?;
    if let Some(bracketed) = node.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        return (port.is_empty() || is_port(port.strip_prefix(':')?)).then(|| IpAddr::V6(address).to_canonical());
    }
    match node.split_once(':') {
        Some((address, port)) if !port.contains(':') => {
            Some(IpAddr::V4(address.parse().ok()?)).filter(|_| is_port(port))
        }
        _ => node.parse().ok().map(|address: IpAddr| address.to_canonical()),
    }
}

/// Up to five digits, or an obfuscated one: `_` and letters, digits, `.`, `_`, `-`.
fn is_port(port: &str) -> bool {
    match port.strip_prefix('_') {
        Some(hidden) => {
            !hidden.is_empty() && hidden.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        }
        None => (1..=5).contains(&port.len()) && port.bytes().all(|digit| digit.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::address;

    #[test]
    fn addresses_are_read_with_and_without_ports() {
        for (node, expected) in [
            ("192.0.2.60", "192.0.2.60"),
            ("192.0.2.60:4711", "192.0.2.60"),
            ("192.0.2.60:_secret", "192.0.2.60"),
            ("2001:db8::17", "2001:db8::17"),
            ("[2001:DB8::17]", "2001:db8::17"),
            ("[2001:db8::17]:4711", "2001:db8::17"),
            ("::ffff:192.0.2.60", "192.0.2.60"),
            ("[::ffff:192.0.2.60]:80", "192.0.2.60"),
            ("::1", "::1"),
        ] {
            assert_eq!(address(node.as_bytes()), Some(expected.parse::<IpAddr>().unwrap()), "{node}");
        }
    }

    #[test]
    fn anything_else_is_no_address() {
        for node in [
            "",
            "unknown",
            "_hidden",
            "localhost",
            "192.0.2",
            "192.0.2.60:",
            "192.0.2.60:port",
            "192.0.2.60:123456",
            "192.0.2.60:80:80",
            "[192.0.2.60]",
            "[2001:db8::17",
            "2001:db8::17]",
            "[2001:db8::17]4711",
            "[2001:db8::17]:",
            "[]",
            "[",
            "[fe80::1%eth0]",
            "fe80::1%eth0",
            "192.0.2.60/32",
            " 192.0.2.60",
            "010.0.0.1",
            "192.0.2.60:_",
            "a:1",
        ] {
            assert_eq!(address(node.as_bytes()), None, "{node}");
        }
        assert_eq!(address(b"\xff"), None);
    }
}
