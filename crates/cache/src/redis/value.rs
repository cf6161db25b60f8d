//! How an entry is written in Redis, and how one is told from anything else.
//!
//! | Bytes | What |
//! |---|---|
//! | 4 | `FCV1` |
//! | 32 | BLAKE3 of everything else, with the key in the place of the digest |
//! | 8 | when it was made: milliseconds since 1970, big-endian |
//! | 8 | its time to live in milliseconds, big-endian |
//! | any | the body |

use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::entry::Entry;
use crate::key::CacheKey;

/// The bytes before the body.
pub(super) const HEAD_BYTES: usize = 4 + 32 + 8 + 8;

/// The first bytes of a value. Changed when the format changes.
const MAGIC: &[u8; 4] = b"FCV1";

/// What sets these digests apart from any others.
const CONTEXT: &str = "ferrocast 2026 value of a cache entry";

/// Why a value cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// It is not a value of this format.
    #[error("not a value of this cache, or of another release")]
    Format,
    /// Its digest is not that of its bytes and its key: it was changed, cut short, or belongs to another key.
    #[error("damaged, or of another key")]
    Digest,
    /// It has expired. Redis drops such values; the clocks of the servers may differ.
    #[error("expired")]
    Expired,
}

pub(super) fn encode(key: &CacheKey, entry: &Entry) -> Vec<u8> {
    let since_epoch = entry.made().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let made = millis(since_epoch).to_be_bytes();
    let ttl = millis(entry.ttl()).to_be_bytes();
    let digest = digest(key, &made, &ttl, entry.body());
    [MAGIC.as_slice(), digest.as_bytes(), &made, &ttl, entry.body()].concat()
}

pub(super) fn decode(key: &CacheKey, value: Bytes, now: SystemTime) -> Result<Entry, ValueError> {
    let (found, made, ttl) = head(&value).ok_or(ValueError::Format)?;
    let body = value.slice(HEAD_BYTES..);
    if digest(key, made, ttl, &body) != *found {
        return Err(ValueError::Digest);
    }
    let made = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(u64::from_be_bytes(*made)));
    let ttl = Duration::from_millis(u64::from_be_bytes(*ttl));
    let entry = Entry::new(body, made.ok_or(ValueError::Format)?, ttl);
    if entry.remaining(now).is_zero() { Err(ValueError::Expired) } else { Ok(entry) }
}

type Head<'a> = (&'a [u8; 32], &'a [u8; 8], &'a [u8; 8]);

fn head(value: &[u8]) -> Option<Head<'_>> {
    let rest = value.strip_prefix(MAGIC)?;
    let (digest, rest) = rest.split_first_chunk()?;
    let (made, rest) = rest.split_first_chunk()?;
    let (ttl, _body) = rest.split_first_chunk()?;
    Some((digest, made, ttl))
}

fn digest(key: &CacheKey, made: &[u8; 8], ttl: &[u8; 8], body: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    hasher.update(MAGIC).update(key.as_bytes()).update(made).update(ttl).update(body);
    hasher.finalize()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> CacheKey {
        CacheKey::builder(name).finish()
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn entry() -> Entry {
        Entry::new(Bytes::from("a body"), at(1000), Duration::from_secs(60))
    }

    #[test]
    fn an_entry_comes_back_as_it_was() {
        let value = Bytes::from(encode(&key("a"), &entry()));
        assert_eq!(decode(&key("a"), value, at(1059)), Ok(entry()));
        let empty = Entry::new(Bytes::new(), at(1), Duration::from_secs(1));
        assert_eq!(decode(&key("a"), encode(&key("a"), &empty).into(), at(1)), Ok(empty));
    }

    #[test]
    fn every_release_writes_the_same_bytes() {
        let value = encode(&key("a"), &entry());
        let hash = "eb297ca3273655d712f35b5e072cb64fb4b00cb7686bb6cd172515d9b28e0a60";
        assert_eq!(blake3::hash(&value).to_hex().as_str(), hash);
    }

    #[test]
    fn any_changed_bit_and_any_cut_is_noticed() {
        let value = encode(&key("a"), &entry());
        for byte in 0..value.len() {
            for bit in 0..8 {
                let mut changed = value.clone();
                changed[byte] ^= 1 << bit;
                assert!(decode(&key("a"), changed.into(), at(1000)).is_err(), "bit {bit} of byte {byte}");
            }
            assert!(decode(&key("a"), value[..byte].to_vec().into(), at(1000)).is_err(), "cut at {byte}");
        }
        let longer = [value.as_slice(), b"x"].concat();
        assert_eq!(decode(&key("a"), longer.into(), at(1000)), Err(ValueError::Digest));
    }

    #[test]
    fn what_belongs_to_another_key_or_has_expired_is_noticed() {
        let value = Bytes::from(encode(&key("a"), &entry()));
        assert_eq!(decode(&key("b"), value.clone(), at(1000)), Err(ValueError::Digest));
        assert_eq!(decode(&key("a"), value, at(1060)), Err(ValueError::Expired));
    }
}
