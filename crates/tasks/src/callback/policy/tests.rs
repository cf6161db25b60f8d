//! Every spelling of an address that callbacks must not go to, and some that they may.

use std::net::IpAddr;

use proptest::prelude::{any, prop_assert, proptest};
use url::{Host, Url};

use super::{CallbackPolicy, CallbackRefused, MAX_URL_BYTES};
use crate::Callback;
use crate::callback::CallbackHost;

/// Everything that leads to a forbidden address must fail on the address alone.
fn lenient() -> CallbackPolicy {
    CallbackPolicy { allow_http: true, ports: (0..=u16::MAX).collect(), ..CallbackPolicy::default() }
}

fn with_networks(allowed: &[&str], denied: &[&str]) -> CallbackPolicy {
    let networks = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    CallbackPolicy { allowed_networks: networks(allowed), denied_networks: networks(denied), ..lenient() }
}

fn with_hosts(hosts: &[&str]) -> CallbackPolicy {
    CallbackPolicy { hosts: Some(hosts.iter().map(|host| host.parse().unwrap()).collect()), ..lenient() }
}

/// Spellings of hosts that are not public, each with the address that is meant.
const ADDRESSES: &[(&str, &str)] = &[
    ("127.0.0.1", "127.0.0.1"),
    ("127.0.0.1.", "127.0.0.1"),
    ("127.1", "127.0.0.1"),
    ("127.0.1", "127.0.0.1"),
    ("127.255.255.254", "127.255.255.254"),
    ("2130706433", "127.0.0.1"),
    ("2130706433.", "127.0.0.1"),
    ("017700000001", "127.0.0.1"),
    ("0x7f000001", "127.0.0.1"),
    ("0X7F000001", "127.0.0.1"),
    ("0x7f.1", "127.0.0.1"),
    ("0x7f.0x0.0x0.0x1", "127.0.0.1"),
    ("0x7f.0.0.1", "127.0.0.1"),
    ("0177.0.0.1", "127.0.0.1"),
    ("0177.0.0.01", "127.0.0.1"),
    ("00000177.0.0.1", "127.0.0.1"),
    ("0177.0x0.0.1", "127.0.0.1"),
    ("127.0x1", "127.0.0.1"),
    ("0177.1", "127.0.0.1"),
    ("①②⑦.⓪.⓪.①", "127.0.0.1"),
    ("①②⑦.1", "127.0.0.1"),
    ("１２７.０.０.１", "127.0.0.1"),
    ("127。0。0。1", "127.0.0.1"),
    ("127．0．0．1", "127.0.0.1"),
    ("127｡0｡0｡1", "127.0.0.1"),
    ("𝟏𝟐𝟕.𝟎.𝟎.𝟏", "127.0.0.1"),
    ("127.0.\u{ad}0.1", "127.0.0.1"),
    ("%31%32%37.0.0.1", "127.0.0.1"),
    ("127%2e0%2e0%2e1", "127.0.0.1"),
    ("%E2%91%A0%E2%91%A1%E2%91%A6.0.0.1", "127.0.0.1"),
    ("0", "0.0.0.0"),
    ("0.0.0.0", "0.0.0.0"),
    ("0x0", "0.0.0.0"),
    ("0x", "0.0.0.0"),
    ("00", "0.0.0.0"),
    ("0.", "0.0.0.0"),
    ("10.1", "10.0.0.1"),
    ("012.1", "10.0.0.1"),
    ("167772161", "10.0.0.1"),
    ("172.16.0.1", "172.16.0.1"),
    ("192.168.1", "192.168.0.1"),
    ("0xc0a80101", "192.168.1.1"),
    ("100.64.0.1", "100.64.0.1"),
    ("169.254.169.254", "169.254.169.254"),
    ("2852039166", "169.254.169.254"),
    ("0xa9fea9fe", "169.254.169.254"),
    ("0xa9.254.0251.254", "169.254.169.254"),
    ("169.254.43518", "169.254.169.254"),
    ("169.16689662", "169.254.169.254"),
    ("168.63.129.16", "168.63.129.16"),
    ("224.0.0.1", "224.0.0.1"),
    ("255.255.255.255", "255.255.255.255"),
    ("4294967295", "255.255.255.255"),
    ("[::]", "::"),
    ("[::1]", "::1"),
    ("[0:0:0:0:0:0:0:1]", "::1"),
    ("[0000:0000:0000:0000:0000:0000:0000:0001]", "::1"),
    ("[::0.0.0.1]", "::1"),
    ("[::127.0.0.1]", "::7f00:1"),
    ("[::ffff:127.0.0.1]", "127.0.0.1"),
    ("[::FFFF:7F00:1]", "127.0.0.1"),
    ("[0:0:0:0:0:ffff:127.0.0.1]", "127.0.0.1"),
    ("[::ffff:0.0.0.0]", "0.0.0.0"),
    ("[::ffff:169.254.169.254]", "169.254.169.254"),
    ("[::ffff:0:127.0.0.1]", "::ffff:0:7f00:1"),
    ("[64:ff9b::127.0.0.1]", "127.0.0.1"),
    ("[64:ff9b::a9fe:a9fe]", "169.254.169.254"),
    ("[64:ff9b:1::127.0.0.1]", "64:ff9b:1::7f00:1"),
    ("[2002:7f00:1::]", "2002:7f00:1::"),
    ("[2002:a9fe:a9fe::1]", "2002:a9fe:a9fe::1"),
    ("[2001::1]", "2001::1"),
    ("[2001:db8::1]", "2001:db8::1"),
    ("[fd00:ec2::254]", "fd00:ec2::254"),
    ("[fc00::1]", "fc00::1"),
    ("[fe80::1]", "fe80::1"),
    ("[fec0::1]", "fec0::1"),
    ("[ff02::1]", "ff02::1"),
    ("[4000::1]", "4000::1"),
];

/// Names of this machine.
const LOCALHOSTS: &[&str] = &[
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "a.b.localhost.",
    "ｌｏｃａｌｈｏｓｔ",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "localhoſt",
    "loc\u{ad}alhost",
    "local\u{200b}host",
    "𝓁𝓸𝓬𝓪𝓵𝓱𝓸𝓼𝓽",
    "loc%61lhost",
    "a。localhost",
];

type IsExpected = fn(&CallbackRefused) -> bool;

/// Addresses that no policy lets pass.
const NEVER: &[(&str, IsExpected)] = {
    const CHARACTER: IsExpected = |refused| *refused == CallbackRefused::Character;
    const USER: IsExpected = |refused| *refused == CallbackRefused::UserInfo;
    const SCHEME: IsExpected = |refused| *refused == CallbackRefused::Scheme;
    const NO_URL: IsExpected = |refused| matches!(refused, CallbackRefused::NotAUrl(_));
    const ADDRESS: IsExpected = |refused| matches!(refused, CallbackRefused::NotPublic { .. });
    &[
        ("http://good@127.0.0.1", USER),
        ("https://good.example@127.0.0.1/", USER),
        ("https://good.example:443@127.0.0.1/", USER),
        ("https://user:pw@good.example/", USER),
        ("https://user@good.example/", USER),
        ("https://:pw@good.example/", USER),
        ("https://127.0.0.1@good.example/", USER),
        ("https://%61@good.example/", USER),
        ("https://a@b@127.0.0.1/", USER),
        ("http://127.0.0.1#@good.example", ADDRESS),
        ("http://127.0.0.1?@good.example", ADDRESS),
        ("http://127.0.0.1/@good.example", ADDRESS),
        ("http://127.0.0.1:80", ADDRESS),
        ("HTTP://127.0.0.1", ADDRESS),
        ("hTTps:127.0.0.1", ADDRESS),
        ("https:/127.0.0.1", ADDRESS),
        ("https:////127.0.0.1", ADDRESS),
        ("https://@127.0.0.1", ADDRESS),
        ("http://127.0.0.1\\@good.example", CHARACTER),
        ("http://good.example\\@127.0.0.1", CHARACTER),
        ("http:\\\\127.0.0.1", CHARACTER),
        ("http://127.0.0.1\\.good.example", CHARACTER),
        ("ht\ttp://127.0.0.1", CHARACTER),
        ("http://127.0\n.0.1", CHARACTER),
        ("http://127.0.0.1\r\nHost: good.example", CHARACTER),
        ("\u{0}https://good.example", CHARACTER),
        (" https://good.example", CHARACTER),
        ("https://good.example ", CHARACTER),
        ("https://good.example/a b", CHARACTER),
        ("https://good\u{a0}.example/", CHARACTER),
        ("file:///etc/passwd", SCHEME),
        ("file://localhost/etc/passwd", SCHEME),
        ("gopher://127.0.0.1:6379/_INFO", SCHEME),
        ("javascript:alert(1)", SCHEME),
        ("data:text/plain,hi", SCHEME),
        ("ftp://good.example/", SCHEME),
        ("ws://good.example/", SCHEME),
        ("unix:/run/docker.sock", SCHEME),
        ("blob:https://good.example/", SCHEME),
        ("httpss://good.example/", SCHEME),
        ("good.example:443", SCHEME),
        ("", NO_URL),
        ("good.example", NO_URL),
        ("//good.example/", NO_URL),
        ("https://", NO_URL),
        ("https:///", NO_URL),
        ("https://?", NO_URL),
        ("https://:443/", NO_URL),
        ("https://./", NO_URL),
        ("https://localhost../", NO_URL),
        ("https://127.0.0.1../", NO_URL),
        ("https://.127.0.0.1/", NO_URL),
        ("https://.localhost/", NO_URL),
        ("https://good..example/", NO_URL),
        ("https://user@/", NO_URL),
        ("https://[fe80::1%25eth0]/", NO_URL),
        ("https://[fe80::1%eth0]/", NO_URL),
        ("https://[::1", NO_URL),
        ("https://::1/", NO_URL),
        ("https://[127.0.0.1]/", NO_URL),
        ("https://[::ffff:127.1]/", NO_URL),
        ("https://127.0.0.256/", NO_URL),
        ("https://127.0.0.0.1/", NO_URL),
        ("https://4294967296/", NO_URL),
        ("https://0x100000000/", NO_URL),
        ("https://good%00.example/", NO_URL),
        ("https://good%2f.example/", NO_URL),
        ("https://good.example:99999/", NO_URL),
        ("https://good.example:0x1bb/", NO_URL),
        ("https://xn--/", NO_URL),
    ]
};

#[test]
fn every_spelling_of_a_forbidden_address_is_refused() {
    for (host, meant) in ADDRESSES {
        for url in [format!("https://{host}/hook"), format!("HTTP://{host}:8443?x"), format!("https:{host}")] {
            match lenient().check(&url) {
                Err(CallbackRefused::NotPublic { address, .. }) => {
                    assert_eq!(address, meant.parse::<IpAddr>().unwrap(), "{url}");
                }
                other => panic!("{url}: {other:?}"),
            }
        }
    }
}

#[test]
fn every_spelling_of_localhost_is_refused() {
    for host in LOCALHOSTS {
        assert_eq!(lenient().check(&format!("https://{host}/")), Err(CallbackRefused::Localhost), "{host}");
    }
}

#[test]
fn what_no_callback_address_looks_like_is_refused() {
    for (url, is_expected) in NEVER {
        let refused = lenient().check(url).expect_err(url);
        assert!(is_expected(&refused), "{url:?}: {refused:?}");
    }
}

#[test]
fn good_addresses_pass() {
    for (url, written, host) in [
        ("https://example.com", "https://example.com/", "example.com:443"),
        ("HTTPS://EXAMPLE.com:443/Hook?a=1&b=%20#top", "https://example.com/Hook?a=1&b=%20", "example.com:443"),
        ("https://example.com.:8443/", "https://example.com.:8443/", "example.com:8443"),
        ("https://hooks.a-b.example:80/x/../y", "https://hooks.a-b.example:80/y", "hooks.a-b.example:80"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/", "xn--bcher-kva.example:443"),
        ("https://8.8.8.8/", "https://8.8.8.8/", "8.8.8.8:443"),
        ("https://134744072/", "https://8.8.8.8/", "8.8.8.8:443"),
        ("https://[2606:4700:4700::1111]/", "https://[2606:4700:4700::1111]/", "[2606:4700:4700::1111]:443"),
        ("https://[::ffff:8.8.8.8]/", "https://[::ffff:808:808]/", "8.8.8.8:443"),
        ("https://[64:ff9b::8.8.8.8]/", "https://[64:ff9b::808:808]/", "[64:ff9b::808:808]:443"),
        ("https://127.0.0.1.example.com/", "https://127.0.0.1.example.com/", "127.0.0.1.example.com:443"),
        ("https://localhost.example.com/", "https://localhost.example.com/", "localhost.example.com:443"),
        ("https://notlocalhost/", "https://notlocalhost/", "notlocalhost:443"),
        // With a Cyrillic letter: another name, which leads where its own address is.
        ("https://l\u{43e}calhost/", "https://xn--lcalhost-nbh/", "xn--lcalhost-nbh:443"),
    ] {
        let passed = CallbackPolicy::default().check(url).unwrap();
        assert_eq!((passed.as_str(), passed.host_and_port().as_str()), (written, host));
        assert_eq!(CallbackPolicy::default().check(passed.as_str()), Ok(passed.clone()));
        assert_eq!(Callback::from(passed), Callback { url: written.into(), host: host.into() });
    }
}

#[test]
fn settings_decide_on_scheme_port_and_length() {
    let policy = CallbackPolicy::default();
    assert_eq!(policy.check("http://example.com/"), Err(CallbackRefused::Http));
    assert!(lenient().check("http://example.com/").is_ok());
    for port in [0, 22, 25, 6379, 8080, 65_535] {
        assert_eq!(policy.check(&format!("https://example.com:{port}/")), Err(CallbackRefused::Port(port)));
    }
    let url = |bytes: usize| format!("https://example.com/{}", "a".repeat(bytes - 20));
    assert!(policy.check(&url(MAX_URL_BYTES)).is_ok());
    assert_eq!(policy.check(&url(MAX_URL_BYTES + 1)), Err(CallbackRefused::TooLong { bytes: MAX_URL_BYTES + 1 }));
}

#[test]
fn the_list_of_hosts_adds_to_the_other_rules() {
    let policy = with_hosts(&["example.com", "*.hooks.example", "8.8.8.8", "10.0.0.1", "localhost"]);
    for url in ["https://example.com/", "https://example.com./", "https://a.b.hooks.example/", "https://134744072/"] {
        assert!(policy.check(url).is_ok(), "{url}");
    }
    for url in ["https://a.example.com/", "https://hooks.example/", "https://evilexample.com/", "https://9.9.9.9/"] {
        assert_eq!(policy.check(url), Err(CallbackRefused::Host), "{url}");
    }
    assert!(matches!(policy.check("https://10.0.0.1/"), Err(CallbackRefused::NotPublic { .. })));
    assert_eq!(policy.check("https://localhost/"), Err(CallbackRefused::Localhost));
    assert_eq!(with_hosts(&[]).check("https://example.com/"), Err(CallbackRefused::Host));
}

#[test]
fn allowed_networks_open_what_is_not_public_and_no_more() {
    let policy = with_networks(&["127.0.0.0/8", "10.1.0.0/16", "fd00:1::/32"], &[]);
    for host in ["127.0.0.1", "2130706433", "localhost", "a.localhost", "10.1.2.3", "[::ffff:10.1.2.3]", "[fd00:1::1]"]
    {
        assert!(policy.check(&format!("https://{host}/")).is_ok(), "{host}");
    }
    for host in ["10.2.0.1", "0.0.0.0", "[::1]", "[fd00:2::1]", "[::127.0.0.1]", "[2002:7f00:1::]", "169.254.169.254"] {
        assert!(policy.check(&format!("https://{host}/")).is_err(), "{host}");
    }
    assert!(with_networks(&["::1"], &[]).check("https://localhost/").is_ok());
    // All of IPv6 is not all of what IPv6 addresses lead to.
    let all_of_ipv6 = with_networks(&["::/0"], &[]);
    assert!(all_of_ipv6.check("https://[fd00::1]/").is_ok());
    for host in ["[::ffff:127.0.0.1]", "[64:ff9b::127.0.0.1]"] {
        assert!(all_of_ipv6.check(&format!("https://{host}/")).is_err(), "{host}");
    }
}

#[test]
fn denied_networks_have_the_last_word() {
    let policy =
        with_networks(&["10.0.0.0/8", "127.0.0.0/8"], &["10.0.0.0/16", "127.0.0.1", "8.8.8.0/24", "2600::/12"]);
    for host in
        ["10.0.3.4", "127.0.0.1", "localhost", "8.8.8.8", "[::ffff:8.8.8.8]", "[64:ff9b::8.8.8.8]", "[2606:4700::1]"]
    {
        assert!(policy.check(&format!("https://{host}/")).is_err(), "{host}");
    }
    for host in ["10.1.0.1", "127.0.0.2", "8.8.4.4", "[2a00:1450::1]"] {
        assert!(policy.check(&format!("https://{host}/")).is_ok(), "{host}");
    }
    assert!(with_networks(&[], &["64:ff9b::/96"]).check("https://[64:ff9b::8.8.8.8]/").is_err());
}

#[test]
fn messages_name_the_setting() {
    let message = |policy: &CallbackPolicy, url: &str| policy.check(url).unwrap_err().to_string();
    let policy = CallbackPolicy::default();
    for (url, said) in [
        (
            "http://example.com/",
            "the callback address must begin with `https://`; `callbacks.allow_http` would allow `http://`",
        ),
        ("https://example.com:25/", "callbacks to port 25 are not allowed; `callbacks.ports` lists those that are"),
        (
            "https://[::ffff:10.0.0.1]/",
            "callbacks to 10.0.0.1 are not allowed (private use, RFC 1918); `callbacks.allow_networks` could allow them",
        ),
        (
            "https://localhost/",
            "callbacks to `localhost` are not allowed; \
             `callbacks.allow_networks` with 127.0.0.0/8 or ::1 would allow them",
        ),
        ("https://[::1", "the callback address is no URL: invalid IPv6 address"),
    ] {
        assert_eq!(message(&policy, url), said);
    }
    assert_eq!(
        message(&with_networks(&[], &["8.8.8.0/24"]), "https://8.8.8.8/"),
        "callbacks to 8.8.8.8 are not allowed; `callbacks.deny_networks` has 8.8.8.0/24"
    );
    assert_eq!(
        message(&with_hosts(&[]), "https://example.com/"),
        "callbacks to this host are not allowed; `callbacks.hosts` lists those that are"
    );
}

#[test]
fn neither_messages_nor_debug_repeat_secrets() {
    for url in [
        "https://hunter2:hunter2@example.com/?hunter2#hunter2",
        "hunter2://example.com/",
        "https://10.0.0.1/hunter2?hunter2",
        "https://example.com:99/?hunter2",
        "https://example.com:hunter2/",
        "https://hunter2 /",
    ] {
        let refused = CallbackPolicy::default().check(url).unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("hunter2"), "{refused:?}");
    }
    let passed = CallbackPolicy::default().check("https://example.com/hunter2?hunter2").unwrap();
    assert_eq!(format!("{passed:?}"), r#"CallbackUrl("example.com:443")"#);
}

proptest! {
    #[test]
    fn every_text_is_read_or_refused(text in any::<String>(), rest in any::<String>(), host in "[0-9a-fxX.:%\\[\\]@①。]{0,24}") {
        for url in [text, format!("https://{rest}"), format!("https://{host}")] {
            if let Ok(passed) = lenient().check(&url) {
                let parsed = Url::parse(passed.as_str()).unwrap();
                match (parsed.host(), passed.host()) {
                    (Some(Host::Domain(_)), CallbackHost::Name(name)) => {
                        prop_assert!(matches!(Host::parse(name), Ok(Host::Domain(_))) && name != "localhost", "{url}");
                    }
                    (Some(Host::Ipv4(_) | Host::Ipv6(_)), CallbackHost::Address(address)) => {
                        prop_assert!(lenient().check_address(*address).is_ok(), "{url}");
                    }
                    other => prop_assert!(false, "{url}: {other:?}"),
                }
            }
        }
    }

    #[test]
    fn a_literal_passes_as_its_address_does(address in any::<IpAddr>(), spelling in 0..4) {
        let host = match (address, spelling) {
            (IpAddr::V4(address), 0) => address.to_bits().to_string(),
            (IpAddr::V4(address), 1) => format!("{:#x}", address.to_bits()),
            (IpAddr::V4(address), 2) => format!("0{:o}", address.to_bits()),
            (IpAddr::V4(address), _) => address.to_string(),
            (IpAddr::V6(address), _) => format!("[{address}]"),
        };
        let passed = lenient().check(&format!("https://{host}/"));
        prop_assert!(passed.as_ref().map(|_| ()) == lenient().check_address(address).as_ref().map(|_| ()));
        if let Ok(passed) = passed {
            prop_assert!(*passed.host() == CallbackHost::Address(address.to_canonical()));
        }
    }
}
