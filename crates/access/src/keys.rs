//! The keys that are known, and recognising them.

mod field;
mod format;
mod problem;

use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;

use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

use crate::key_digest::KeyDigest;
use crate::principal::Principal;

pub use problem::{KeyProblem, KeysError};

/// Longest key that is recognised, in bytes.
pub const MAX_KEY_BYTES: usize = 512;

/// A set of keys, read from the text of a TOML file:
///
/// ```toml
/// [[key]]
/// name = "billing"                  # a name of its own: 1 to 64 of A-Z a-z 0-9 . _ -
/// sha256 = "5bf07cce…"              # of the whole key as it is sent, 64 hex digits; its own as well
/// scopes = ["predict", "jobs"]      # at least one of predict, jobs, metrics, admin
/// expires = 2027-01-01T00:00:00Z    # may be left out; text of the same form is read as well
/// rate = 50                         # may be left out; requests a second, may be a fraction
/// burst = 100                       # may be left out, only with rate; requests at once
/// ```
#[derive(Debug)]
pub struct Keys(Vec<Key>);

#[derive(Debug)]
struct Key {
    digest: KeyDigest,
    /// The first moment at which it is not good any more.
    expires: Option<SystemTime>,
    principal: Arc<Principal>,
}

impl Keys {
    /// Whoever `presented` is the key of, unless it has expired by `now`.
    ///
    /// Takes equally long for all keys of one length that are not recognised, whatever they have in common with those that
    /// are, expired ones among them. Keys above [`MAX_KEY_BYTES`] are not recognised, and cost no more than those of that
    /// length.
    pub fn authenticate(&self, presented: &[u8], now: SystemTime) -> Option<&Arc<Principal>> {
        let fits = Choice::from(u8::from(presented.len() <= MAX_KEY_BYTES));
        let digest = KeyDigest::of(presented.get(..MAX_KEY_BYTES).unwrap_or(presented));
        let mut found = u64::MAX;
        for (position, key) in (0..).zip(&self.0) {
            let is_live = Choice::from(u8::from(key.expires.is_none_or(|end| now < end)));
            found.conditional_assign(&position, key.digest.ct_eq(&digest) & is_live & fits);
        }
        let key = self.0.get(usize::try_from(found).ok()?)?;
        Some(&key.principal)
    }

    /// The principals of all keys, expired ones among them, in the order of the file.
    pub fn principals(&self) -> impl ExactSizeIterator<Item = &Arc<Principal>> {
        self.0.iter().map(|key| &key.principal)
    }
}

impl FromStr for Keys {
    type Err = KeysError;

    fn from_str(text: &str) -> Result<Keys, KeysError> {
        format::read(text).map(Keys)
    }
}

#[cfg(test)]
mod tests;
