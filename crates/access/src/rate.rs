//! How often something may happen.

use std::hash::{Hash, Hasher};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::Quota;

/// Most requests a second: one is a thousand nanoseconds then, the unit in which time is counted.
const MAX_PER_SECOND: f64 = 1_000_000.0;

/// Longest time in which a burst may come back. Keeps all moments far below the 584 years that 64 bits of nanoseconds hold.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

/// So many requests at once, and so many a second after that: the burst is used up by requests and comes back, one by
/// one, at the rate. In any time `t`, at most `burst + per_second * t` are let through (GCRA, ITU-T I.371).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(Quota);

/// Why numbers are no rate.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RateError {
    /// Not above 0, too much, or no number.
    #[error("must be above 0 and at most {MAX_PER_SECOND} requests a second, not {0}")]
    PerSecond(f64),
    /// The burst would take more than a year to come back.
    #[error("a burst of {burst} at {per_second} requests a second would take more than 366 days to come back")]
    Slow {
        /// Requests a second.
        per_second: f64,
        /// Requests at once.
        burst: NonZeroU32,
    },
}

impl Rate {
    /// `per_second` requests a second, which may be a fraction, and `burst` at once: without one, as many as come in a
    /// second, and at least one.
    ///
    /// # Errors
    /// [`RateError`], if `per_second` is not above 0 and at most a million, or the burst takes more than 366 days to come
    /// back.
    pub fn new(per_second: f64, burst: Option<NonZeroU32>) -> Result<Rate, RateError> {
        if !(per_second > 0.0 && per_second <= MAX_PER_SECOND) {
            return Err(RateError::PerSecond(per_second));
        }
        // Within range, as the rate is.
        let burst = burst.or(NonZeroU32::new(per_second.ceil() as u32)).unwrap_or(NonZeroU32::MIN);
        Duration::try_from_secs_f64(per_second.recip())
            .ok()
            .filter(|interval| interval.checked_mul(burst.get()).is_some_and(|all| all <= LONGEST))
            .and_then(Quota::with_period)
            .map(|quota| Rate(quota.allow_burst(burst)))
            .ok_or(RateError::Slow { per_second, burst })
    }

    /// Requests a second.
    pub fn per_second(&self) -> f64 {
        self.0.replenish_interval().as_secs_f64().recip()
    }

    /// Requests at once.
    pub fn burst(&self) -> NonZeroU32 {
        self.0.burst_size()
    }

    pub(crate) const fn per_minute(requests: NonZeroU32) -> Rate {
        Rate(Quota::per_minute(requests))
    }

    pub(crate) fn quota(&self) -> Quota {
        self.0
    }
}

impl Hash for Rate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0.replenish_interval(), self.0.burst_size()).hash(state);
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use proptest::prelude::{any, prop_assert, proptest};

    use super::{Rate, RateError};

    fn burst(requests: u32) -> NonZeroU32 {
        NonZeroU32::new(requests).unwrap()
    }

    #[test]
    fn a_burst_is_that_of_a_second_unless_it_is_given() {
        for (per_second, requests) in [(50.0, 50), (0.5, 1), (1.5, 2), (1e6, 1_000_000), (1e-6, 1)] {
            assert_eq!(Rate::new(per_second, None).unwrap().burst(), burst(requests));
        }
        let rate = Rate::new(0.25, Some(burst(7))).unwrap();
        assert_eq!((rate.per_second(), rate.burst()), (0.25, burst(7)));
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for per_second in [0.0, -0.0, -1.0, 1e6 + 1.0, f64::INFINITY] {
            assert_eq!(Rate::new(per_second, None), Err(RateError::PerSecond(per_second)));
        }
        assert!(matches!(Rate::new(f64::NAN, None), Err(RateError::PerSecond(_))));
        for (per_second, requests) in [(1e-9, 1), (1e-300, 1), (f64::MIN_POSITIVE, u32::MAX), (1.0, u32::MAX)] {
            let slow = RateError::Slow { per_second, burst: burst(requests) };
            assert_eq!(Rate::new(per_second, Some(burst(requests))), Err(slow));
        }
        assert!(Rate::new(200.0, Some(NonZeroU32::MAX)).is_ok());
    }

    proptest! {
        #[test]
        fn every_pair_of_numbers_is_a_rate_or_refused(per_second in any::<f64>(), burst in any::<Option<NonZeroU32>>()) {
            if let Ok(rate) = Rate::new(per_second, burst) {
                prop_assert!((rate.per_second() / per_second - 1.0).abs() < 1e-3);
                prop_assert!(burst.is_none_or(|burst| burst == rate.burst()));
            }
        }
    }
}
