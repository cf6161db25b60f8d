//! Exactly the burst and what has come back of it, for each caller by itself, whatever others do.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ferrocast_access::{
    Allowance, Caller, FakeRelativeClock, Keys, Limited, NewKey, Principal, Rate, RateLimits, Scopes,
};
use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

type Limits = RateLimits<FakeRelativeClock>;

fn rate(per_second: f64, burst: u32) -> Rate {
    Rate::new(per_second, NonZeroU32::new(burst)).unwrap()
}

fn limits(default: Option<Rate>, most_entries: usize) -> (Limits, FakeRelativeClock) {
    let clock = FakeRelativeClock::default();
    (RateLimits::with_clock(default, most_entries, clock.clone()), clock)
}

fn address(number: u32) -> Caller<'static> {
    Caller::Address(IpAddr::V4(Ipv4Addr::from_bits(number)))
}

fn named(text: &str) -> Caller<'static> {
    Caller::Address(text.parse().unwrap())
}

fn principal(rest: &str) -> Arc<Principal> {
    let key = NewKey::random().unwrap();
    let keys: Keys = (key.toml_row(&"a".parse().unwrap(), Scopes::ALL) + rest).parse().unwrap();
    Arc::clone(keys.authenticate(key.text().as_bytes(), SystemTime::now()).unwrap())
}

/// How many of `tries` requests are let through.
fn passed(limits: &Limits, caller: Caller<'_>, tries: usize) -> usize {
    (0..tries).filter(|_| limits.check(caller).is_ok()).count()
}

#[test]
fn a_burst_passes_and_comes_back_one_by_one() {
    let (limits, clock) = limits(Some(rate(2.0, 3)), 10);
    let half = Duration::from_millis(500);
    for (remaining, reset) in [(2, half), (1, half * 2), (0, half * 3)] {
        assert_eq!(limits.check(address(1)), Ok(Some(Allowance { limit: 3, remaining, reset })));
    }
    assert_eq!(limits.check(address(1)), Err(Limited { limit: 3, retry_after: half }));
    clock.advance(Duration::from_millis(200));
    let refused = limits.check(address(1)).unwrap_err();
    assert_eq!(refused.retry_after, Duration::from_millis(300));
    clock.advance(refused.retry_after - Duration::from_nanos(1));
    assert!(limits.check(address(1)).is_err());
    clock.advance(Duration::from_nanos(1));
    assert_eq!(limits.check(address(1)), Ok(Some(Allowance { limit: 3, remaining: 0, reset: half * 3 })));
    clock.advance(Duration::from_secs(3600));
    assert_eq!(passed(&limits, address(1), 10), 3);
}

#[test]
fn each_address_has_a_bucket_of_its_own() {
    let (limits, _) = limits(Some(rate(1.0, 2)), 100);
    for caller in [named("192.0.2.1"), named("192.0.2.2"), named("2001:db8::1"), named("2001:db8:0:1::1")] {
        assert_eq!(passed(&limits, caller, 5), 2);
    }
    assert_eq!(passed(&limits, named("::ffff:192.0.2.1"), 5), 0);
    assert_eq!(passed(&limits, named("2001:db8::2"), 5), 0);
    assert_eq!(limits.entries(), 4);
}

#[test]
fn without_a_rate_nothing_is_limited_and_nothing_remembered() {
    let (limits, _) = limits(None, 10);
    let (plain, limited) = (principal(""), principal("rate = 1\nburst = 2"));
    assert_eq!(limits.check(address(1)), Ok(None));
    assert_eq!(limits.check(Caller::Key(&plain)), Ok(None));
    assert_eq!(limits.entries(), 0);
    assert_eq!(passed(&limits, Caller::Key(&limited), 5), 2);
    assert_eq!(limits.entries(), 1);
}

#[test]
fn a_key_has_its_own_rate_or_the_default() {
    let (limits, _) = limits(Some(rate(1.0, 2)), 10);
    let (plain, own, same) = (principal(""), principal("rate = 5\nburst = 7"), principal("rate = 5\nburst = 7"));
    for (caller, burst) in [(address(1), 2), (Caller::Key(&plain), 2), (Caller::Key(&own), 7), (Caller::Key(&same), 7)]
    {
        assert_eq!(passed(&limits, caller, 20), burst);
        assert_eq!(passed(&limits, caller, 20), 0);
    }
    assert_eq!(limits.entries(), 4);
}

#[test]
fn a_full_table_lets_strangers_share_one_bucket() {
    let (limits, clock) = limits(Some(rate(1.0, 5)), 3);
    for known in 0..3 {
        assert_eq!(passed(&limits, address(known), 2), 2);
    }
    let strangers = (100..200).filter(|stranger| limits.check(address(*stranger)).is_ok()).count();
    assert_eq!(strangers, 5, "neither free nor refused outright");
    assert_eq!(passed(&limits, address(0), 10), 3, "who is known keeps his own bucket");
    let key = principal("");
    assert_eq!(passed(&limits, Caller::Key(&key), 10), 5, "keys are not touched");
    clock.advance(Duration::from_secs(2));
    assert_eq!((300..400).filter(|stranger| limits.check(address(*stranger)).is_ok()).count(), 2);
    assert_eq!(limits.entries(), 4);
}

#[test]
fn a_full_table_sweeps_by_itself_once_in_a_while() {
    let (limits, clock) = limits(Some(rate(10.0, 1)), 3);
    for known in 0..3 {
        assert_eq!(passed(&limits, address(known), 1), 1);
    }
    clock.advance(Duration::from_millis(900));
    assert_eq!(passed(&limits, address(10), 1), 1, "the shared bucket");
    assert_eq!(passed(&limits, address(11), 1), 0, "no sweep within a second");
    clock.advance(Duration::from_millis(100));
    for stranger in 20..23 {
        assert_eq!(passed(&limits, address(stranger), 1), 1, "in the place of one that was forgotten");
    }
    assert_eq!(limits.entries(), 3);
}

#[test]
fn a_sweep_forgets_who_has_his_whole_burst_and_nobody_else() {
    let (limits, clock) = limits(Some(rate(1.0, 3)), 1_000);
    let key = principal("rate = 1\nburst = 3");
    for caller in 0..100 {
        assert_eq!(passed(&limits, address(caller), 1), 1);
    }
    assert_eq!(passed(&limits, address(500), 3), 3);
    assert_eq!(passed(&limits, Caller::Key(&key), 3), 3);
    limits.sweep();
    assert_eq!(limits.entries(), 102);
    clock.advance(Duration::from_millis(2_500));
    limits.sweep();
    assert_eq!(limits.entries(), 2);
    assert_eq!(passed(&limits, address(500), 3), 2, "not filled by the sweep");
    clock.advance(Duration::from_secs(10));
    limits.sweep();
    assert_eq!(limits.entries(), 0);
}

#[test]
fn threads_get_no_more_than_one_does() {
    let (limits, _) = limits(Some(rate(1.0, 100)), 10);
    let passed: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| passed(&limits, address(1), 1_000))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(passed, 100);
}

proptest! {
    /// Whoever asks faster than he may gets the burst and what comes in time, give or take one.
    #[test]
    fn as_many_pass_as_burst_and_rate_allow(
        per_second in 0.05_f64..500.0,
        burst in 2_u32..50,
        pauses in proptest::collection::vec(0_u64..2_000_000, 1..60),
    ) {
        let (limits, clock) = limits(Some(rate(per_second, burst)), 10);
        let greedy = |at: f64| {
            let tries = (per_second * at) as usize + burst as usize + 2;
            passed(&limits, address(1), tries)
        };
        // Asked before the burst is there again, so that nothing is lost.
        let mut allowed = greedy(0.0);
        prop_assert_eq!(allowed, burst as usize);
        let longest = f64::from(burst - 1) / per_second;
        let mut elapsed = Duration::ZERO;
        for pause in pauses {
            let pause = Duration::from_secs_f64((pause as f64 / 1e6).min(longest));
            clock.advance(pause);
            elapsed += pause;
            allowed += greedy(pause.as_secs_f64());
            let expected = f64::from(burst) + per_second * elapsed.as_secs_f64();
            // An interval is rounded to a nanosecond.
            let tolerance = 1.0 + 1e-9 * per_second * expected;
            prop_assert!((allowed as f64 - expected).abs() <= tolerance, "{allowed} passed, {expected} expected");
        }
    }

    /// Nobody passes more often than the rate allows in any time, and who is refused passes when he was told.
    #[test]
    fn no_schedule_gets_more(
        per_second in 0.05_f64..500.0,
        burst in 1_u32..20,
        steps in proptest::collection::vec((0_u64..3_000, 1_usize..30), 1..60),
    ) {
        let (limits, clock) = limits(Some(rate(per_second, burst)), 10);
        let (mut now, mut passes) = (0.0, Vec::new());
        for (pause, tries) in steps {
            clock.advance(Duration::from_millis(pause));
            now += pause as f64 / 1e3;
            for _ in 0..tries {
                match limits.check(address(1)) {
                    Ok(allowance) => {
                        passes.push(now);
                        prop_assert!(allowance.unwrap().remaining < burst);
                    }
                    Err(refused) => prop_assert!(refused.retry_after <= Duration::from_secs_f64(1.0 / per_second) * 2),
                }
            }
        }
        for (first, from) in passes.iter().enumerate() {
            for (last, to) in passes.iter().enumerate().skip(first) {
                prop_assert!((last - first + 1) as f64 <= f64::from(burst) + per_second * (to - from) + 1.0);
            }
        }
        if let Err(refused) = limits.check(address(1)) {
            clock.advance(refused.retry_after);
            prop_assert!(limits.check(address(1)).is_ok());
        }
    }

    #[test]
    fn the_table_never_holds_more_than_it_may(
        most in 0_usize..20,
        requests in proptest::collection::vec((0_u32..60, 0_u64..400), 0..200),
    ) {
        let (limits, clock) = limits(Some(rate(5.0, 2)), most);
        for (caller, pause) in requests {
            clock.advance(Duration::from_millis(pause));
            let answered = limits.check(address(caller));
            prop_assert!(answered.is_ok_and(|allowance| allowance.is_some()) || answered.is_err());
            prop_assert!(limits.entries() <= most);
        }
    }
}
