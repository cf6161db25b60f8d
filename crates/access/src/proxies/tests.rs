//! Whose request it is: spoofed entries have no effect, and nobody untrusted is passed.

use std::net::IpAddr;

use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::{Proxies, ProxyHeader};

const BOTH: [ProxyHeader; 2] = [ProxyHeader::XForwardedFor, ProxyHeader::Forwarded];

fn proxies(header: ProxyHeader) -> Proxies {
    let trusted = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap());
    Proxies { trusted: trusted.to_vec(), header }
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn client(header: ProxyHeader, peer: &str, lines: &[&str]) -> String {
    proxies(header).client(address(peer), lines.iter().map(|line| line.as_bytes())).to_string()
}

/// The entry that a proxy writes about whoever speaks to it.
fn entry(header: ProxyHeader, of: IpAddr) -> String {
    match (header, of) {
        (ProxyHeader::XForwardedFor, of) => of.to_string(),
        (ProxyHeader::Forwarded, IpAddr::V4(of)) => format!("for={of};proto=https"),
        (ProxyHeader::Forwarded, IpAddr::V6(of)) => format!("for=\"[{of}]:4711\";proto=https"),
    }
}

#[test]
fn without_trust_the_peer_is_the_client() {
    for header in BOTH {
        let none = Proxies { trusted: Vec::new(), header };
        let line = entry(header, address("192.0.2.9"));
        assert_eq!(none.client(address("10.0.0.1"), [line.as_bytes()].into_iter()), address("10.0.0.1"));
        assert_eq!(client(header, "198.51.100.1", &[&line]), "198.51.100.1");
        assert_eq!(client(header, "::ffff:198.51.100.1", &[]), "198.51.100.1");
    }
    assert_eq!(Proxies::default().client(address("::1"), [b"192.0.2.9".as_slice()].into_iter()), address("::1"));
}

#[test]
fn the_last_one_before_the_trusted_is_the_client() {
    use ProxyHeader::{Forwarded, XForwardedFor};
    for (header, lines, expected) in [
        (XForwardedFor, &["192.0.2.1"] as &[&str], "192.0.2.1"),
        (XForwardedFor, &["192.0.2.1, 10.0.0.2, [fd00::1]:80"], "192.0.2.1"),
        (XForwardedFor, &["192.0.2.1", "10.0.0.2"], "192.0.2.1"),
        (XForwardedFor, &["203.0.113.7, 192.0.2.1", "10.0.0.2"], "192.0.2.1"),
        (XForwardedFor, &["192.0.2.1, ::ffff:10.0.0.2"], "192.0.2.1"),
        (Forwarded, &["for=192.0.2.1;proto=https, for=\"[fd00::1]\""], "192.0.2.1"),
        (Forwarded, &["for=203.0.113.7, for=192.0.2.1", "for=10.0.0.2"], "192.0.2.1"),
    ] {
        assert_eq!(client(header, "10.0.0.1", lines), expected, "{lines:?}");
    }
}

#[test]
fn if_all_are_trusted_the_first_is_the_client() {
    for header in BOTH {
        assert_eq!(client(header, "10.0.0.1", &[]), "10.0.0.1");
        let lines = [entry(header, address("fd00::7")), entry(header, address("10.0.0.3"))];
        assert_eq!(client(header, "10.0.0.1", &lines.each_ref().map(String::as_str)), "fd00::7");
    }
}

#[test]
fn an_entry_that_names_nobody_ends_the_search() {
    use ProxyHeader::{Forwarded, XForwardedFor};
    for (header, line) in [
        (XForwardedFor, "192.0.2.1, unknown, 10.0.0.2"),
        (XForwardedFor, "192.0.2.1, \u{fffd}, 10.0.0.2"),
        (Forwarded, "for=192.0.2.1, for=unknown, for=10.0.0.2"),
        (Forwarded, "for=192.0.2.1, for=_hidden, for=10.0.0.2"),
        (Forwarded, "for=192.0.2.1, proto=https, for=10.0.0.2"),
    ] {
        assert_eq!(client(header, "10.0.0.1", &[line]), "10.0.0.2", "{line}");
    }
    assert_eq!(client(Forwarded, "10.0.0.1", &["for=\"192.0.2.1, for=192.0.2.2"]), "10.0.0.1");
}

#[test]
fn the_other_header_is_not_read() {
    assert_eq!(client(ProxyHeader::Forwarded, "10.0.0.1", &["192.0.2.1"]), "10.0.0.1");
    assert_eq!(client(ProxyHeader::XForwardedFor, "10.0.0.1", &["for=192.0.2.1"]), "10.0.0.1");
}

/// What a client may write into the header before any proxy does.
fn spoofed() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        "(for=|FOR=\"|\"|\\\\|,|;|x=|10[.]0[.]0[.]1|192[.]0[.]2[.]9|\\[fd00::9\\]| |:80|unknown){0,12}"
            .prop_map(String::into_bytes),
    ]
}

fn untrusted() -> impl Strategy<Value = IpAddr> {
    any::<IpAddr>()
        .prop_map(|address| address.to_canonical())
        .prop_filter("trusted", |address| !proxies(ProxyHeader::default()).trusts(*address))
}

/// The hops of our own, the nearest to the client first.
fn hops() -> impl Strategy<Value = Vec<IpAddr>> {
    let trusted =
        prop_oneof![any::<[u8; 3]>().prop_map(|[a, b, c]| IpAddr::from([10, a, b, c])), Just(address("fd00::5")),];
    proptest::collection::vec(trusted, 1..5)
}

proptest! {
    #[test]
    fn nothing_that_a_stranger_sends_changes_who_he_is(
        peer in untrusted(),
        lines in proptest::collection::vec(spoofed(), 0..4),
    ) {
        for header in BOTH {
            prop_assert_eq!(proxies(header).client(peer, lines.iter().map(Vec::as_slice)), peer);
        }
    }

    /// The client writes what he likes; each proxy of ours adds an entry, in a line of its own or behind what is there.
    #[test]
    fn nobody_gets_past_the_first_proxy_under_another_name(
        client in untrusted(),
        hops in hops(),
        spoofed in spoofed(),
        is_line_of_its_own in any::<bool>(),
    ) {
        for header in BOTH {
            let mut lines = vec![spoofed.clone()];
            let clients = std::iter::once(&client).chain(&hops[..hops.len() - 1]);
            for (position, of) in clients.enumerate() {
                let entry = entry(header, *of);
                match lines.last_mut() {
                    Some(line) if position > 0 || !is_line_of_its_own => line.extend_from_slice(format!(", {entry}").as_bytes()),
                    _ => lines.push(entry.into_bytes()),
                }
            }
            let found = proxies(header).client(hops[hops.len() - 1], lines.iter().map(Vec::as_slice));
            if is_line_of_its_own || header == ProxyHeader::XForwardedFor {
                prop_assert_eq!(found, client);
            } else {
                // Quotes that he left open may hide him, behind a proxy of ours; never behind an address of his choice.
                prop_assert!(found == client || hops.contains(&found));
            }
        }
    }
}
