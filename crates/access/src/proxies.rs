//! The address of a client behind proxies that are trusted.

mod forwarded;
mod node;
mod x_forwarded_for;

use std::net::IpAddr;

use crate::network::Network;

/// The header in which proxies note whom they speak for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`: addresses, separated by commas.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl ProxyHeader {
    /// The name of the header, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            ProxyHeader::XForwardedFor => "x-forwarded-for",
            ProxyHeader::Forwarded => "forwarded",
        }
    }
}

/// The proxies that are trusted, and where they note whom they speak for. By default none is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proxies {
    /// Whose word about the one before them is taken.
    pub trusted: Vec<Network>,
    /// Where it stands. The other header is never looked at.
    pub header: ProxyHeader,
}

impl Proxies {
    /// Whose request it is that came from `peer`: `peer` itself, unless it is trusted. Then it is the last of those before
    /// it whom a trusted one vouches for, going through all lines of the header from the right; where an entry names no
    /// address, the one who wrote it. What stands further left can be written by anybody and is not looked at.
    ///
    /// An IPv4 address that is mapped into IPv6 is given as IPv4.
    pub fn client<'a>(&self, peer: IpAddr, header_lines: impl DoubleEndedIterator<Item = &'a [u8]>) -> IpAddr {
        let lines = header_lines.rev();
        match self.header {
            ProxyHeader::XForwardedFor => self.walk(peer, lines.flat_map(x_forwarded_for::from_the_right)),
            ProxyHeader::Forwarded => self.walk(peer, lines.flat_map(forwarded::from_the_right)),
        }
    }

    fn walk(&self, peer: IpAddr, mut before: impl Iterator<Item = Option<IpAddr>>) -> IpAddr {
        let mut client = peer.to_canonical();
        while self.trusts(client)
            && let Some(Some(next)) = before.next()
        {
            client = next;
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(address))
    }
}

#[cfg(test)]
mod tests;
