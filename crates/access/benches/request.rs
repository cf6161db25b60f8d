//! What a request costs before anything is done for it: recognising its key, and counting it.
//!
//! `cargo bench -p ferrocast-access [-- <part of a name>]`. Other work on the machine only adds to a sample, so the fastest
//! says most.

#![allow(clippy::unwrap_used, reason = "a benchmark that fails should panic")]

use std::net::{IpAddr, Ipv4Addr};
use std::time::SystemTime;

use divan::{Bencher, black_box};
use ferrocast_access::{Caller, DEFAULT_MOST_ENTRIES, Keys, NewKey, Proxies, ProxyHeader, Rate, RateLimits, Scopes};

fn main() {
    divan::main();
}

/// That many keys, and one of them.
fn keys(count: usize) -> (Keys, NewKey) {
    let new: Vec<NewKey> = (0..count).map(|_| NewKey::random().unwrap()).collect();
    let row =
        |(position, key): (usize, &NewKey)| key.toml_row(&format!("key-{position}").parse().unwrap(), Scopes::ALL);
    let text: String = new.iter().enumerate().map(row).collect();
    (text.parse().unwrap(), new.into_iter().last().unwrap())
}

fn limits() -> RateLimits {
    RateLimits::new(Some(Rate::new(1_000_000.0, None).unwrap()), DEFAULT_MOST_ENTRIES)
}

#[divan::bench(args = [1, 10, 100])]
fn recognise(bencher: Bencher<'_, '_>, count: usize) {
    let (keys, key) = keys(count);
    bencher.bench(|| keys.authenticate(black_box(key.text().as_bytes()), SystemTime::now()).is_some());
}

#[divan::bench(args = [1, 10, 100])]
fn recognise_and_count(bencher: Bencher<'_, '_>, count: usize) {
    let (keys, key) = keys(count);
    let limits = limits();
    bencher.bench(|| {
        let principal = keys.authenticate(black_box(key.text().as_bytes()), SystemTime::now()).unwrap();
        limits.check(Caller::Key(principal)).is_ok()
    });
}

/// In a table that is as full as it may be.
#[divan::bench(threads = [1, 2])]
fn count_address(bencher: Bencher<'_, '_>) {
    let limits = limits();
    let address = |number: u32| Caller::Address(IpAddr::V4(Ipv4Addr::from_bits(number)));
    for number in 0..DEFAULT_MOST_ENTRIES as u32 {
        limits.check(address(number)).unwrap();
    }
    bencher.bench(|| limits.check(address(black_box(4_711))).is_ok());
}

#[divan::bench(args = [ProxyHeader::XForwardedFor, ProxyHeader::Forwarded])]
fn find_client(bencher: Bencher<'_, '_>, header: ProxyHeader) {
    let proxies = Proxies { trusted: vec!["10.0.0.0/8".parse().unwrap()], header };
    let line = match header {
        ProxyHeader::XForwardedFor => "192.0.2.1, 10.0.0.2",
        ProxyHeader::Forwarded => "for=192.0.2.1;proto=https, for=10.0.0.2",
    };
    let peer = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    bencher.bench(|| proxies.client(black_box(peer), [black_box(line.as_bytes())].into_iter()));
}
