//! When a callback is tried, and tried again.

use std::str::FromStr;
use std::time::Duration;

use uuid::Uuid;

/// Most steps of a schedule.
const MAX_STEPS: usize = 32;

/// The longest delay of a step.
const MAX_DELAY: Duration = Duration::from_secs(7 * 24 * 3600);

/// A receiver puts the next attempt off by no more than this.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);

/// How much a delay is changed at most, to either side.
const JITTER: f64 = 0.2;

/// How long to wait before each attempt. By default ten attempts over about three days, as Standard Webhooks proposes.
///
/// Written as seconds, separated by commas: `0, 5, 300`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule(Vec<Duration>);

/// Why a text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// There are too many attempts.
    #[error("a schedule of {0} attempts is too long; at most {MAX_STEPS} are allowed")]
    TooMany(usize),
    /// A delay is none.
    #[error("`{0}` is no delay before an attempt: seconds from 0 to {max} (7 days) are needed", max = MAX_DELAY.as_secs())]
    Delay(String),
}

impl Schedule {
    /// How long to wait before an attempt, counted from 1; `None` after the last.
    pub fn delay_before(&self, attempt: u32) -> Option<Duration> {
        let index = usize::try_from(attempt.checked_sub(1)?).ok()?;
        self.0.get(index).copied()
    }

    /// The same, changed by up to a fifth so that what failed together does not come back together: `random` is from 0 to
    /// below 1. Not before the receiver wants it, unless that is more than a day from now.
    pub fn delay(&self, attempt: u32, retry_after: Option<Duration>, random: f64) -> Option<Duration> {
        let planned = self.delay_before(attempt)?;
        let factor = 1.0 + JITTER * (2.0 * random.clamp(0.0, 1.0) - 1.0);
        // Only if `random` is no number.
        let changed = Duration::try_from_secs_f64(planned.as_secs_f64() * factor).unwrap_or(planned);
        Some(changed.max(retry_after.unwrap_or_default().min(MAX_RETRY_AFTER)))
    }
}

/// A number from 0 to below 1 for [`Schedule::delay`], of the generator that names tasks.
pub fn jitter() -> f64 {
    // The lower half of such a name is random but for its highest two bits; 53 bits are exact as a floating-point number.
    let (_, lower) = Uuid::new_v4().as_u64_pair();
    const BITS: u64 = 1 << 53;
    (lower % BITS) as f64 / BITS as f64
}

impl Default for Schedule {
    fn default() -> Schedule {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        let seconds = [0, 5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
        Schedule(seconds.map(Duration::from_secs).to_vec())
    }
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Schedule, ScheduleError> {
        let delays = text.split(',').map(|part| delay(part.trim())).collect::<Result<Vec<_>, _>>()?;
        if delays.len() > MAX_STEPS { Err(ScheduleError::TooMany(delays.len())) } else { Ok(Schedule(delays)) }
    }
}

fn delay(text: &str) -> Result<Duration, ScheduleError> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.filter(|delay| *delay <= MAX_DELAY).ok_or_else(|| ScheduleError::Delay(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{MAX_DELAY, MAX_RETRY_AFTER, Schedule, ScheduleError, jitter};

    fn schedule(text: &str) -> Schedule {
        text.parse().unwrap()
    }

    #[test]
    fn the_default_is_the_proposed_one() {
        assert_eq!(schedule("0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400"), Schedule::default());
    }

    #[test]
    fn attempts_come_in_order_and_end() {
        let schedule = schedule("0,0.005 , 2.5");
        let delays: Vec<_> =
            (0..6).map(|attempt| schedule.delay_before(attempt).map(|delay| delay.as_millis())).collect();
        assert_eq!(delays, [None, Some(0), Some(5), Some(2_500), None, None]);
        assert_eq!(schedule.delay(4, Some(Duration::from_secs(1)), 0.5), None);
        assert_eq!(schedule.delay(u32::MAX, None, 0.5), None);
    }

    #[test]
    fn a_delay_changes_by_a_fifth_at_most() {
        let schedule = schedule("10");
        for (random, millis) in [(0.0, 8_000), (0.25, 9_000), (0.5, 10_000), (1.0, 12_000), (f64::NAN, 10_000)] {
            assert_eq!(schedule.delay(1, None, random), Some(Duration::from_millis(millis)), "{random}");
        }
    }

    #[test]
    fn the_receiver_puts_off_and_never_hurries() {
        let schedule = schedule("10");
        let delay = |seconds| schedule.delay(1, Some(Duration::from_secs(seconds)), 0.5).unwrap().as_secs();
        assert_eq!([0, 9, 60, 86_400, 86_401, u64::MAX].map(delay), [10, 10, 60, 86_400, 86_400, 86_400]);
    }

    #[test]
    fn what_is_no_schedule_is_refused_with_the_reason() {
        for (text, part) in [
            ("", ""),
            ("0,,5", ""),
            ("0, 5,", ""),
            ("0, -1", "-1"),
            ("0 5", "0 5"),
            ("5m", "5m"),
            ("NaN", "NaN"),
            ("inf", "inf"),
            ("1e300", "1e300"),
            ("604801", "604801"),
        ] {
            assert_eq!(text.parse::<Schedule>(), Err(ScheduleError::Delay(part.into())), "{text}");
        }
        assert_eq!(vec!["1"; 33].join(",").parse::<Schedule>(), Err(ScheduleError::TooMany(33)));
        assert!(vec!["604800"; 32].join(",").parse::<Schedule>().is_ok());
    }

    #[test]
    fn jitter_spreads() {
        let sample: Vec<f64> = (0..1_000).map(|_| jitter()).collect();
        assert!(sample.iter().all(|value| (0.0..1.0).contains(value)));
        let mean = sample.iter().sum::<f64>() / 1_000.0;
        assert!((0.4..0.6).contains(&mean), "{mean}");
    }

    proptest! {
        #[test]
        fn every_text_is_read_or_refused(text in any::<String>(), list in "[0-9.,e -]{0,40}") {
            for text in [text, list] {
                if let Ok(schedule) = text.parse::<Schedule>() {
                    prop_assert!(schedule.0.len() <= 32 && schedule.0.iter().all(|delay| *delay <= MAX_DELAY));
                }
            }
        }

        #[test]
        fn delays_stay_in_bounds(attempt in any::<u32>(), wish in any::<Option<u64>>(), random in any::<f64>()) {
            let schedule = Schedule::default();
            let delay = schedule.delay(attempt, wish.map(Duration::from_secs), random);
            prop_assert_eq!(delay.is_some(), (1..=10).contains(&attempt));
            if let (Some(delay), Some(planned)) = (delay, schedule.delay_before(attempt)) {
                let lower = wish.map_or(Duration::ZERO, |wish| Duration::from_secs(wish).min(MAX_RETRY_AFTER));
                prop_assert!(delay >= lower && delay >= planned.mul_f64(0.799_999));
                prop_assert!(delay <= lower.max(planned.mul_f64(1.200_001)));
            }
        }
    }
}
