//! What a million strangers can make the server remember, in a process of its own.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a failed expectation ends the test")]

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ferrocast_access::{Caller, DEFAULT_MOST_ENTRIES, Failures, FakeRelativeClock, Rate, RateLimits};

const STRANGERS: u32 = 1_000_000;
const MOST_GROWTH: usize = 32 << 20;

/// Bytes of this process in memory.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

fn stranger(number: u32) -> IpAddr {
    match number % 2 {
        0 => IpAddr::V4(Ipv4Addr::from_bits(number)),
        _ => IpAddr::V6(Ipv6Addr::from_bits(u128::from(number) << 64 | 1)),
    }
}

#[test]
fn a_million_addresses_stay_within_bounds() {
    let clock = FakeRelativeClock::default();
    let rate = Rate::new(1.0, None).unwrap();
    let limits = RateLimits::with_clock(Some(rate), DEFAULT_MOST_ENTRIES, clock.clone());
    let failures = Failures::with_clock(DEFAULT_MOST_ENTRIES, clock.clone());
    let before = resident();
    let passed = (0..STRANGERS).filter(|number| {
        // A refusal of one table is no reason to spare the other.
        let failed = failures.record(stranger(*number)).is_err();
        limits.check(Caller::Address(stranger(*number))).is_ok() && !failed
    });
    let passed = passed.count();
    let grown = resident().saturating_sub(before);
    println!("{passed} of {STRANGERS} addresses passed; {} KiB more in memory", grown / 1024);
    assert_eq!((limits.entries(), failures.entries()), (DEFAULT_MOST_ENTRIES, DEFAULT_MOST_ENTRIES));
    assert_eq!(passed, DEFAULT_MOST_ENTRIES + 1, "those that are known, and the first of all others");
    assert!(grown <= MOST_GROWTH, "{grown} bytes");

    clock.advance(Duration::from_secs(120));
    limits.sweep();
    failures.sweep();
    assert_eq!((limits.entries(), failures.entries()), (0, 0));
}
