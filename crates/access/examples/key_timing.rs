//! Whether the time to refuse a key says anything about it: `cargo run --release -p ferrocast-access --example key_timing`.
//!
//! Compares keys that differ from a known one in the first or in the last byte, and unknown keys with expired ones, by
//! Welch's t. Ends with code 1 if any |t| is 5 or more; a t beyond 4.5 is what tests for such leaks take as evidence
//! (Goodwill and others, "A testing methodology for side-channel resistance validation", 2011).

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures, and ends where it cannot")]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Instant, SystemTime};

use ferrocast_access::{Keys, NewKey, Scopes};

/// Of each of two kinds.
const SAMPLES: usize = 20_000;

/// Keys refused in one sample, as a clock is too coarse for one.
const AT_ONCE: u32 = 16;

/// A limit of |t|.
const EVIDENCE: f64 = 5.0;

fn main() -> ExitCode {
    println!("a key and itself: t = {:.2}, which says how good the measurement is", welch_t(Pair::of_itself));
    let position = welch_t(Pair::of_positions);
    println!("first byte differs and last byte differs: t = {position:.2}");
    let expiry = welch_t(Pair::of_unknown_and_expired);
    println!("unknown and expired: t = {expiry:.2}");
    if position.abs().max(expiry.abs()) < EVIDENCE { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Two keys, neither of which is recognised.
struct Pair {
    keys: Keys,
    one: Vec<u8>,
    other: Vec<u8>,
}

impl Pair {
    fn of_itself() -> Pair {
        let Pair { keys, one, .. } = Pair::of_positions();
        Pair { keys, other: one.clone(), one }
    }

    fn of_positions() -> Pair {
        let (keys, known, _) = Pair::keys();
        Pair { keys, one: changed(&known, 0), other: changed(&known, known.text().len() - 1) }
    }

    fn of_unknown_and_expired() -> Pair {
        let (keys, _, expired) = Pair::keys();
        let unknown = NewKey::random().unwrap();
        Pair { keys, one: unknown.text().into(), other: expired.text().into() }
    }

    /// A set, with the known key and the expired one in it. The expired one is the first: a search that ended with it would
    /// be shorter.
    fn keys() -> (Keys, NewKey, NewKey) {
        let (known, expired) = (NewKey::random().unwrap(), NewKey::random().unwrap());
        let row = |key: &NewKey, name: &str| key.toml_row(&name.parse().unwrap(), Scopes::ALL);
        let text = row(&expired, "expired") + "expires = 2001-01-01T00:00:00Z\n" + &row(&known, "known");
        (text.parse().unwrap(), known, expired)
    }
}

/// The key with one byte changed.
fn changed(key: &NewKey, position: usize) -> Vec<u8> {
    let mut bytes = key.text().as_bytes().to_vec();
    *bytes.get_mut(position).unwrap() ^= 1;
    bytes
}

/// Of the times to refuse the two keys of a pair, in an order that is drawn. Each pair is a new one: what the values of a
/// pair cost is not what is looked for.
fn welch_t(draw: impl Fn() -> Pair) -> f64 {
    let mut coin = Coin(0x9e37_79b9_7f4a_7c15);
    let mut samples = Vec::with_capacity(2 * SAMPLES);
    for _ in 0..SAMPLES {
        let Pair { keys, one, other } = draw();
        // Both are presented from the same place in memory.
        let mut presented = one.clone();
        let one_first = coin.toss();
        for is_one in [one_first, !one_first] {
            pick(is_one, &one, &other, &mut presented);
            samples.push((is_one, time(&keys, &presented)));
        }
    }
    let of = |which: bool| samples.iter().filter(move |(is_one, _)| *is_one == which).map(|(_, time)| *time);
    let limit = ninety_fifth_percentile(samples.iter().map(|(_, time)| *time));
    t(&Moments::of(of(true), limit), &Moments::of(of(false), limit))
}

/// Copies `one` or `other`. Both are read, as a branch or another place in memory would have a cost of its own.
fn pick(is_one: bool, one: &[u8], other: &[u8], into: &mut [u8]) {
    let mask = black_box(0_u8.wrapping_sub(u8::from(is_one)));
    for ((byte, one), other) in into.iter_mut().zip(one).zip(other) {
        *byte = (one & mask) | (other & !mask);
    }
}

/// Nanoseconds to refuse a key. One piece of code for both kinds: a copy for each would differ by where it lies.
#[inline(never)]
fn time(keys: &Keys, presented: &[u8]) -> f64 {
    let now = SystemTime::now();
    // Once before the clock runs: where the key was copied from is of no interest.
    assert!(keys.authenticate(black_box(presented), now).is_none());
    let begin = Instant::now();
    for _ in 0..AT_ONCE {
        assert!(keys.authenticate(black_box(presented), now).is_none());
    }
    begin.elapsed().as_nanos() as f64
}

/// What other work on the machine has prolonged lies above it.
fn ninety_fifth_percentile(samples: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = samples.collect();
    all.sort_by(f64::total_cmp);
    *all.get(all.len() * 95 / 100).unwrap()
}

struct Moments {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Moments {
    /// Of the samples up to `limit`.
    fn of(samples: impl Iterator<Item = f64>, limit: f64) -> Moments {
        let kept: Vec<f64> = samples.filter(|sample| *sample <= limit).collect();
        let count = kept.len() as f64;
        let mean = kept.iter().sum::<f64>() / count;
        let variance = kept.iter().map(|sample| (sample - mean).powi(2)).sum::<f64>() / (count - 1.0);
        Moments { count, mean, variance }
    }
}

/// Welch's t statistic of two means.
fn t(one: &Moments, other: &Moments) -> f64 {
    (one.mean - other.mean) / (one.variance / one.count + other.variance / other.count).sqrt()
}

/// A xorshift generator (Marsaglia 2003): the order of turns has to be irregular, and nothing else.
struct Coin(u64);

impl Coin {
    fn toss(&mut self) -> bool {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 & 1 == 1
    }
}
