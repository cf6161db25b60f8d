//! What is kept under a key: an answer, when it was made, and for how long it holds.

use std::time::{Duration, SystemTime};

use bytes::Bytes;

/// The longest time to live: a year. Longer ones are shortened to it.
pub const MAX_TTL: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// An answer. A clone shares its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    body: Bytes,
    made: SystemTime,
    ttl: Duration,
}

impl Entry {
    /// An answer that was computed at `made` and holds for `ttl`, at most [`MAX_TTL`].
    pub fn new(body: Bytes, made: SystemTime, ttl: Duration) -> Entry {
        Entry { body, made, ttl: ttl.min(MAX_TTL) }
    }

    /// The answer.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The answer alone.
    pub fn into_body(self) -> Bytes {
        self.body
    }

    /// When it was computed, by the clock of the machine that did.
    pub fn made(&self) -> SystemTime {
        self.made
    }

    /// How long after it was made it holds.
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// The time since it was made; zero if the clock says that this is still to come. Its whole seconds are the value
    /// of an `Age` header.
    pub fn age(&self, now: SystemTime) -> Duration {
        now.duration_since(self.made).unwrap_or_default()
    }

    /// The time for which it still holds; zero if it has expired.
    pub fn remaining(&self, now: SystemTime) -> Duration {
        self.ttl.saturating_sub(self.age(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_grows_old_and_expires() {
        let made = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let entry = Entry::new(Bytes::new(), made, Duration::from_secs(10));
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!((entry.age(at(1003)).as_secs(), entry.remaining(at(1003)).as_secs()), (3, 7));
        assert_eq!((entry.age(at(1010)).as_secs(), entry.remaining(at(1010)).as_secs()), (10, 0));
        assert_eq!((entry.age(at(2000)).as_secs(), entry.remaining(at(2000)).as_secs()), (1000, 0));
        // The clock of the machine that made it is ahead of ours.
        assert_eq!((entry.age(at(900)).as_secs(), entry.remaining(at(900)).as_secs()), (0, 10));
    }

    #[test]
    fn no_time_to_live_is_too_long_to_add_up() {
        let entry = Entry::new(Bytes::new(), SystemTime::now(), Duration::MAX);
        assert_eq!(entry.ttl(), MAX_TTL);
    }
}
