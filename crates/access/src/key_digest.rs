//! The SHA-256 of a key: all that is kept of it.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// The SHA-256 of a key, as four numbers, since those are compared faster than bytes. Keys are random and long, so that
/// a fast digest gives nothing away; a slow one, as passwords need, would let strangers occupy the server.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct KeyDigest([u64; 4]);

/// The text is not 64 hex digits.
#[derive(Debug)]
pub(crate) struct NotADigest;

/// Tells keys apart without saying anything of them: the first 64 bits of the key's SHA-256. The same in every process
/// and for as long as the key is in use; another key of the same name has another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(u64);

impl KeyDigest {
    pub(crate) fn of(key: &[u8]) -> KeyDigest {
        let digest: [u8; 32] = Sha256::digest(key).into();
        let (words, _) = digest.as_chunks::<8>();
        let mut numbers = [0; 4];
        for (number, word) in numbers.iter_mut().zip(words) {
            *number = u64::from_be_bytes(*word);
        }
        KeyDigest(numbers)
    }

    pub(crate) fn id(&self) -> KeyId {
        let [first, ..] = self.0;
        KeyId(first)
    }
}

impl ConstantTimeEq for KeyDigest {
    fn ct_eq(&self, other: &KeyDigest) -> Choice {
        self.0.iter().zip(&other.0).fold(Choice::from(1), |equal, (own, other)| equal & own.ct_eq(other))
    }
}

impl FromStr for KeyDigest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<KeyDigest, NotADigest> {
        // `from_str_radix` takes a sign as well.
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(NotADigest);
        }
        let mut numbers = [0; 4];
        for (number, digits) in numbers.iter_mut().zip((0..64).step_by(16)) {
            let digits = text.get(digits..digits + 16).ok_or(NotADigest)?;
            *number = u64::from_str_radix(digits, 16).map_err(|_| NotADigest)?;
        }
        Ok(KeyDigest(numbers))
    }
}

/// All 64 hex digits, for the file of keys.
impl fmt::LowerHex for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|number| write!(f, "{number:016x}"))
    }
}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.id())
    }
}

/// 16 hex digits.
impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use subtle::ConstantTimeEq as _;

    use super::KeyDigest;

    /// The example of FIPS 180-2, appendix B.1.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn the_published_example() {
        let digest = KeyDigest::of(b"abc");
        assert_eq!(format!("{digest:x}"), ABC);
        assert_eq!(digest.id().to_string(), ABC[..16]);
    }

    #[test]
    fn hex_digits_of_either_case_are_read() {
        for text in [ABC.to_owned(), ABC.to_uppercase()] {
            assert_eq!(text.parse::<KeyDigest>().unwrap(), KeyDigest::of(b"abc"));
        }
        for text in ["", &ABC[1..], &format!("{ABC}0"), &ABC.replace('b', "g"), &ABC.replacen("ba", "+a", 1)] {
            assert!(text.parse::<KeyDigest>().is_err(), "{text}");
        }
        let multibyte = "é".repeat(32);
        assert!(multibyte.len() == 64 && multibyte.parse::<KeyDigest>().is_err());
    }

    #[test]
    fn digests_are_equal_only_in_every_bit() {
        let digest = KeyDigest::of(b"abc");
        assert!(bool::from(digest.ct_eq(&digest)));
        for bit in 0..256 {
            let mut other = digest;
            other.0[bit / 64] ^= 1 << (bit % 64);
            assert!(!bool::from(digest.ct_eq(&other)));
        }
    }

    #[test]
    fn a_digest_is_not_shown_in_full() {
        assert_eq!(format!("{:?}", KeyDigest::of(b"abc")), "ba7816bf8f01cfea…");
    }
}
