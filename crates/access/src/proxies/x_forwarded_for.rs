//! `X-Forwarded-For`: addresses, separated by commas.

use std::net::IpAddr;

use super::node;

/// The hops of a line, the last one first; `None` for one that names no address. Nothing between two commas is no hop, as
/// in every list of HTTP (RFC 9110, section 5.6.1).
pub(super) fn from_the_right(line: &[u8]) -> impl Iterator<Item = Option<IpAddr>> {
    line.rsplit(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|hop| !hop.is_empty()).map(node::address)
}

#[cfg(test)]
mod tests {
    use super::from_the_right;

    #[test]
    fn hops_come_from_the_right() {
        let hops: Vec<Option<String>> = from_the_right(b" 192.0.2.1,[2001:db8::1]:80 ,, nobody\t,192.0.2.2:443,")
            .map(|hop| hop.map(|address| address.to_string()))
            .collect();
        let expected = [Some("192.0.2.2"), None, Some("2001:db8::1"), Some("192.0.2.1")];
        assert_eq!(hops, expected.map(|hop| hop.map(str::to_owned)));
        assert_eq!(from_the_right(b" , ").count(), 0);
    }
}
