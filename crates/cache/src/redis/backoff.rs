//! How long to wait before Redis is tried again.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(2);
/// A connection that was good for so long makes up for the failures before it. Shorter ones do not, so that a Redis
/// which is well only while nobody asks is not asked all the time.
const FORGIVEN_AFTER: Duration = Duration::from_secs(10);

/// Pauses that double from 100 ms to 2 s.
pub(super) struct Backoff(Duration);

impl Backoff {
    pub(super) fn new() -> Backoff {
        Backoff(FIRST)
    }

    /// The pause after a try that was good for so long.
    pub(super) fn after(&mut self, good: Duration) -> Duration {
        if good >= FORGIVEN_AFTER {
            self.0 = FIRST;
        }
        let pause = self.0;
        self.0 = (self.0 * 2).min(LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_until_a_try_was_good_for_long() {
        let mut backoff = Backoff::new();
        let mut after = |seconds| backoff.after(Duration::from_secs(seconds)).as_millis();
        assert_eq!([0, 0, 9, 0, 0, 0, 0].map(&mut after), [100, 200, 400, 800, 1600, 2000, 2000]);
        assert_eq!([10, 0].map(&mut after), [100, 200]);
    }
}
