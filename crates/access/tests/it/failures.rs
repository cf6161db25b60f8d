//! Ten wrong keys a minute from one address, and no more.

use std::net::IpAddr;
use std::time::Duration;

use ferrocast_access::{FAILURES_A_MINUTE, Failures, FakeRelativeClock, Limited};

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn the_eleventh_wrong_key_of_an_address_is_one_too_many() {
    let clock = FakeRelativeClock::default();
    let failures = Failures::with_clock(100, clock.clone());
    for _ in 0..10 {
        assert_eq!(failures.record(address("192.0.2.1")), Ok(()));
    }
    let limited = Limited { limit: FAILURES_A_MINUTE.get(), retry_after: Duration::from_secs(6) };
    assert_eq!(failures.record(address("192.0.2.1")), Err(limited));
    assert_eq!(failures.record(address("192.0.2.2")), Ok(()));
    clock.advance(Duration::from_secs(6));
    assert_eq!(failures.record(address("192.0.2.1")), Ok(()));
    assert_eq!(failures.record(address("192.0.2.1")), Err(limited));
    clock.advance(Duration::from_secs(60));
    assert_eq!((0..20).filter(|_| failures.record(address("192.0.2.1")).is_ok()).count(), 10);
}

#[test]
fn what_is_remembered_is_bounded_and_forgotten() {
    let clock = FakeRelativeClock::default();
    let failures = Failures::with_clock(50, clock.clone());
    let passed = (0..1_000_u32).filter(|number| failures.record(IpAddr::from(number.to_be_bytes())).is_ok()).count();
    assert_eq!(passed, 50 + 10, "the known ones, and the shared bucket");
    assert_eq!(failures.entries(), 50);
    clock.advance(Duration::from_secs(120));
    failures.sweep();
    assert_eq!(failures.entries(), 0);
}
