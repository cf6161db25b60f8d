//! A question as it is written.

use bytes::Bytes;

/// Bytes that are kept as they are. What is longer is worth a digest, and would take more room than its answer.
const SHORT: usize = 1 << 10;

/// No place has these in it.
const SHORT_FOLLOWS: u8 = b'\n';
const DIGEST_FOLLOWS: u8 = b'\r';

/// Before everything else: what is longer than a [`CacheKey`](crate::CacheKey) is none.
const NO_KEY: [u8; 32] = [0; 32];

/// A question as it is written: the bytes that a client sends, and where it sends them. Short ones are compared byte for
/// byte, which is cheaper than a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spelling(Vec<u8>);

impl Spelling {
    /// A text that is sent to a place, which has no line end in it. `generation` is another one whenever what is asked has
    /// changed.
    pub fn new(generation: u64, place: &str, text: &[u8]) -> Spelling {
        let is_short = text.len() <= SHORT;
        let digest = if is_short { None } else { Some(blake3::hash(text)) };
        let named = digest.as_ref().map_or(text, |digest| digest.as_bytes());
        let mut whole = Vec::with_capacity(NO_KEY.len() + size_of::<u64>() + place.len() + 1 + named.len());
        whole.extend_from_slice(&NO_KEY);
        whole.extend_from_slice(&generation.to_le_bytes());
        whole.extend_from_slice(place.as_bytes());
        whole.push(if is_short { SHORT_FOLLOWS } else { DIGEST_FOLLOWS });
        whole.extend_from_slice(named);
        Spelling(whole)
    }

    /// What the tier in memory calls it: longer than a [`CacheKey`](crate::CacheKey), and so never mistaken for one.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The same, to keep.
    pub(crate) fn into_bytes(self) -> Bytes {
        self.0.into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{SHORT, Spelling};

    #[test]
    fn what_is_written_otherwise_is_called_otherwise() {
        let long = vec![0; SHORT + 1];
        let digest = blake3::hash(&long);
        let texts: [&[u8]; 7] = [b"", b"\0", b"a", b"ab", &[0; SHORT], &long, digest.as_bytes()];
        let mut names = HashSet::new();
        for generation in [0, 1] {
            for place in ["/predict", "/predict?", "/a", "/"] {
                for text in texts {
                    let spelling = Spelling::new(generation, place, text);
                    assert_eq!(spelling, Spelling::new(generation, place, text));
                    assert!((33..=SHORT + 64).contains(&spelling.as_bytes().len()));
                    assert!(names.insert(spelling.into_bytes()), "{generation} {place} {text:?}");
                }
            }
        }
    }
}
