//! What was looked up last: in front of a map, where few keys are asked for again and again.
//!
//! The maps of the standard library hash so that nobody can choose keys that collide, which takes longer than all else
//! that is done for a leaf. Here a key has one place, by a quick hash; keys that share one displace each other, and then
//! it is the map that is asked.

use std::borrow::Borrow;

/// The last keys that were looked up, with what was found.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    places: Vec<Option<(K, V)>>,
}

/// A power of two.
const PLACES: usize = 256;

impl<K, V: Copy> Recent<K, V> {
    pub(super) fn new() -> Recent<K, V> {
        Recent { places: (0..PLACES).map(|_| None).collect() }
    }

    /// What was found for `key`, which is made of `words`.
    pub(super) fn find<Q: Eq + ?Sized>(&self, words: &[[u64; 2]], key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let (known, value) = self.places.get(place(words))?.as_ref()?;
        (known.borrow() == key).then_some(*value)
    }

    /// Remembers what was found for `key`, which is made of `words`.
    pub(super) fn remember(&mut self, words: &[[u64; 2]], key: K, value: V) {
        if let Some(place) = self.places.get_mut(place(words)) {
            *place = Some((key, value));
        }
    }
}

/// The high bits of a product depend on all bits of its factors; those of floats are alike in the low ones.
fn place(words: &[[u64; 2]]) -> usize {
    // 2^64 divided by the golden ratio.
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let words = words.as_flattened().iter();
    let hash = words.fold(0u64, |hash, word| (hash.rotate_left(29) ^ word).wrapping_mul(FACTOR));
    (hash >> (u64::BITS - PLACES.ilog2())) as usize
}

#[cfg(test)]
mod tests {
    use super::Recent;

    #[test]
    fn a_key_is_found_until_another_takes_its_place() {
        let mut recent = Recent::new();
        for key in 0..10_000u64 {
            assert_eq!(recent.find(&[[key, 0]], &key), None);
            recent.remember(&[[key, 0]], key, key + 1);
            assert_eq!(recent.find(&[[key, 0]], &key), Some(key + 1));
        }
        assert_eq!((0..10_000).filter(|key| recent.find(&[[*key, 0]], key).is_some()).count(), super::PLACES);
    }
}
