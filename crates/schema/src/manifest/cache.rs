//! `[cache]`: whether answers are kept, to be given again.

use garde::Validate;

/// `[cache]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Validate)]
pub struct CacheSection {
    /// How long an answer is good, in seconds.
    #[garde(range(min = 1, max = Self::LONGEST_TTL))]
    pub ttl: u64,
}

impl CacheSection {
    /// The most that `ttl` may be: a year.
    pub const LONGEST_TTL: u64 = 365 * 24 * 3600;
}
