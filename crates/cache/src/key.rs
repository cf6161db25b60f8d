//! What an answer is kept under: 256 bits of BLAKE3 over everything that the answer depends on.

use std::fmt;

use bytes::Bytes;

/// The first bytes of every key that is built. Changed when the encoding below changes.
const DOMAIN: &[u8] = b"ferrocast cache key 1";

/// The name of an answer. Equal questions have equal keys, in every process and release; different ones differ.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheKey([u8; 32]);

impl CacheKey {
    /// Begins a key. `purpose` says what kind of question it is, so that two kinds with equal parts differ.
    pub fn builder(purpose: &str) -> KeyBuilder {
        let mut hasher = blake3::Hasher::new();
        hasher.update(DOMAIN);
        let mut builder = KeyBuilder { hasher };
        builder.text(purpose);
        builder
    }

    /// From 256 bits that tell apart what they stand for, such as a digest.
    pub fn of_digest(digest: [u8; 32]) -> CacheKey {
        CacheKey(digest)
    }

    /// The key of `bytes` among all that are derived from this key. Parts that follow each other are derived one from the
    /// other: different sequences of parts have different keys. For few parts this is cheaper than a builder.
    pub fn derive(&self, bytes: &[u8]) -> CacheKey {
        CacheKey(*blake3::keyed_hash(&self.0, bytes).as_bytes())
    }

    /// The 256 bits.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The same, to keep.
    pub(crate) fn to_bytes(self) -> Bytes {
        Bytes::copy_from_slice(&self.0)
    }
}

impl fmt::Display for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Takes the parts of a key one by one. Each goes in with its kind and its length, so that no two different sequences
/// of parts read alike: `"ab", "c"` is not `"a", "bc"`, and the number 1 is not the text "1".
#[derive(Debug, Clone)]
pub struct KeyBuilder {
    hasher: blake3::Hasher,
}

impl KeyBuilder {
    /// Adds bytes.
    pub fn part(&mut self, bytes: &[u8]) -> &mut KeyBuilder {
        self.sized(b'b', bytes)
    }

    /// Adds text.
    pub fn text(&mut self, text: &str) -> &mut KeyBuilder {
        self.sized(b't', text.as_bytes())
    }

    /// Adds a whole number.
    pub fn number(&mut self, number: u64) -> &mut KeyBuilder {
        self.fixed(b'n', number.to_le_bytes())
    }

    /// Adds a floating-point number by its bits: 0.0 and -0.0 differ, as a model may tell them apart. All NaNs are one.
    pub fn float(&mut self, float: f64) -> &mut KeyBuilder {
        let bits = if float.is_nan() { f64::NAN.to_bits() } else { float.to_bits() };
        self.fixed(b'f', bits.to_le_bytes())
    }

    /// The key of the parts so far.
    pub fn finish(&self) -> CacheKey {
        CacheKey(*self.hasher.finalize().as_bytes())
    }

    fn sized(&mut self, kind: u8, bytes: &[u8]) -> &mut KeyBuilder {
        self.fixed(kind, (bytes.len() as u64).to_le_bytes());
        self.hasher.update(bytes);
        self
    }

    /// The kind and eight bytes: a value, or the length of one that follows.
    fn fixed(&mut self, kind: u8, bytes: [u8; 8]) -> &mut KeyBuilder {
        let [a, b, c, d, e, f, g, h] = bytes;
        self.hasher.update(&[kind, a, b, c, d, e, f, g, h]);
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};

    use super::*;

    #[derive(Debug, Clone, PartialEq)]
    enum Part {
        Bytes(Vec<u8>),
        Text(String),
        Number(u64),
        /// By its bits, so that 0.0 and -0.0 differ and a NaN equals itself.
        Float(u64),
    }

    /// Short parts out of few values: sequences that differ little are the ones that could collide.
    fn part() -> impl Strategy<Value = Part> {
        prop_oneof![
            proptest::collection::vec(prop_oneof![Just(b'b'), Just(b't'), Just(0), any::<u8>()], 0..10)
                .prop_map(Part::Bytes),
            "[bt\0a]{0,9}".prop_map(Part::Text),
            prop_oneof![0_u64..3, any::<u64>()].prop_map(Part::Number),
            prop_oneof![Just(0.0), Just(-0.0), Just(f64::NAN), any::<f64>()]
                .prop_map(|float: f64| Part::Float(if float.is_nan() { f64::NAN.to_bits() } else { float.to_bits() })),
        ]
    }

    fn key(parts: &[Part]) -> CacheKey {
        let mut builder = CacheKey::builder("test");
        for part in parts {
            match part {
                Part::Bytes(bytes) => builder.part(bytes),
                Part::Text(text) => builder.text(text),
                Part::Number(number) => builder.number(*number),
                Part::Float(bits) => builder.float(f64::from_bits(*bits)),
            };
        }
        builder.finish()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn keys_are_equal_exactly_if_the_parts_are(
            a in proptest::collection::vec(part(), 0..5),
            b in proptest::collection::vec(part(), 0..5),
        ) {
            assert_eq!(key(&a) == key(&b), a == b);
            assert_eq!(key(&a), key(&a.clone()));
        }

        #[test]
        fn derived_keys_are_equal_exactly_if_prefix_and_bytes_are(
            a in (0_u64..3, proptest::collection::vec(any::<u8>(), 0..3)),
            b in (0_u64..3, proptest::collection::vec(any::<u8>(), 0..3)),
        ) {
            let derived = |(number, bytes): &(u64, Vec<u8>)| CacheKey::builder("test").number(*number).finish().derive(bytes);
            assert_eq!(derived(&a) == derived(&b), a == b);
        }
    }

    #[test]
    fn parts_do_not_flow_into_each_other() {
        let text = |parts: &[&str]| {
            let mut builder = CacheKey::builder("p");
            for part in parts {
                builder.text(part);
            }
            builder.finish()
        };
        assert_ne!(text(&["ab", "c"]), text(&["a", "bc"]));
        assert_ne!(text(&["a"]), text(&["a", ""]));
        assert_ne!(CacheKey::builder("p").text("a").finish(), CacheKey::builder("pa").finish());
        assert_ne!(CacheKey::builder("p").text("a").finish(), CacheKey::builder("p").part(b"a").finish());
        assert_ne!(CacheKey::builder("p").number(0).finish(), CacheKey::builder("p").float(0.0).finish());
    }

    #[test]
    fn zeros_differ_and_nans_do_not() {
        let float = |float: f64| CacheKey::builder("p").float(float).finish();
        assert_ne!(float(0.0), float(-0.0));
        assert_eq!(float(f64::NAN), float(-f64::NAN));
        assert_eq!(float(f64::NAN), float(f64::from_bits(0x7ff0_0000_0000_0001)));
    }

    /// What is in Redis was written by other processes and releases: these must never change without [`DOMAIN`].
    #[test]
    fn keys_are_the_same_in_every_process_and_release() {
        let key = CacheKey::builder("predict").text("iris").part(&[1, 2, 3]).number(42).float(0.5).finish();
        assert_eq!(key.to_string(), "23fd2064100bd8aa87bbd5b7ad9b106b1aae57157b3af7950c66d8e32b6a8c5e");
        assert_eq!(
            format!("{:?}", key.derive(b"input")),
            "3c2b6193bdb28200b0763c7fb930046fbcec092731cf73c8c68490434fefebe1"
        );
    }
}
