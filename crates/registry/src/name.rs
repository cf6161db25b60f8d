//! Names of models and versions: what is allowed, when two spellings are one version, and which version is higher.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// Longest name of a model, version or alias, in bytes.
pub const MAX_NAME_BYTES: usize = 64;

/// The alias that always exists: the highest version that is ready.
pub(crate) const LATEST: &str = "latest";

/// The alias that decides, where it is set, what a request means that names no version.
pub(crate) const DEFAULT: &str = "default";

/// Why a text cannot name a model, a version or an alias. The message completes "the name …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// The empty text.
    #[error("is empty")]
    Empty,
    /// More than [`MAX_NAME_BYTES`].
    #[error("has {length} bytes; at most {MAX_NAME_BYTES} are allowed")]
    TooLong {
        /// Bytes in the text.
        length: usize,
    },
    /// Begins with something else than a letter or digit of ASCII.
    #[error("begins with {found:?}; a letter or digit (A-Z, a-z, 0-9) is needed there")]
    Start {
        /// The first character.
        found: char,
    },
    /// Holds a character outside the allowed set.
    #[error("holds {found:?}; only letters and digits (A-Z, a-z, 0-9) and `_`, `.`, `-` are allowed")]
    Character {
        /// The first such character.
        found: char,
    },
    /// Holds two dots in a row, as paths do that climb.
    #[error("holds `..`, which is not allowed")]
    DotDot,
    /// Is spelled as a version number, which an alias may not be.
    #[error("is spelled as a version number")]
    Numbered,
    /// Is `latest`, which names the highest ready version.
    #[error("is `latest`, which always names the highest version that is ready")]
    Reserved,
}

/// Whether `text` may name a model, a version or an alias: `[A-Za-z0-9][A-Za-z0-9_.-]{0,63}` without `..`.
pub(crate) fn check(text: &str) -> Result<(), NameError> {
    let first = text.chars().next().ok_or(NameError::Empty)?;
    if text.len() > MAX_NAME_BYTES {
        return Err(NameError::TooLong { length: text.len() });
    }
    if !first.is_ascii_alphanumeric() {
        return Err(NameError::Start { found: first });
    }
    if let Some(found) = text.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.' | '-')) {
        return Err(NameError::Character { found });
    }
    if text.contains("..") { Err(NameError::DotDot) } else { Ok(()) }
}

/// A version in its canonical spelling: `v2` and `2` are both `2`; anything else is taken as written.
///
/// Ordered from lowest to highest. Parts made of digits compare as numbers, so `1.9` is below `1.10`. A version that
/// is a plain number is above every one that is not: an experiment called `rc` beside `1` and `2` does not become the
/// latest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version(Arc<str>);

impl Version {
    /// # Errors
    /// If `text` is no valid name, or is `latest`.
    pub fn parse(text: &str) -> Result<Version, NameError> {
        check(text)?;
        if text == LATEST {
            return Err(NameError::Reserved);
        }
        Ok(Version(Arc::from(canonical(text))))
    }

    /// Whether `text` may be a second name for a version.
    pub(crate) fn check_alias(text: &str) -> Result<(), NameError> {
        Version::parse(text)?;
        if is_numbered(text) { Err(NameError::Numbered) } else { Ok(()) }
    }

    /// A text that is shown in the place of a version but was refused as one.
    pub(crate) fn as_found(text: &str) -> Version {
        Version(Arc::from(text))
    }

    /// The canonical spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn rank(&self) -> (bool, Natural<'_>, &str) {
        (is_number(&self.0), Natural(&self.0), &self.0)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Version) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Version) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `v` before a plain number is dropped. Allocates nothing, because every request that names a version comes by here.
pub(crate) fn canonical(text: &str) -> &str {
    match text.strip_prefix('v') {
        Some(rest) if is_number(rest) => rest,
        _ => text,
    }
}

/// Whether `text` is spelled as a numbered version, as the folders of versions usually are.
pub(crate) fn is_numbered(text: &str) -> bool {
    is_number(canonical(text))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Compares runs of digits as numbers of any length, and everything else as bytes.
struct Natural<'a>(&'a str);

impl Ord for Natural<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        runs(self.0).cmp(runs(other.0))
    }
}

impl PartialOrd for Natural<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Natural<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Natural<'_> {}

/// A part of a version; numbers come before text. The derived order is the one wanted: fewer digits are a smaller
/// number once leading zeros are gone.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Run<'a> {
    Number { digits: usize, text: &'a str },
    Text(&'a str),
}

fn runs(mut rest: &str) -> impl Iterator<Item = Run<'_>> {
    std::iter::from_fn(move || {
        let digits_first = rest.starts_with(|c: char| c.is_ascii_digit());
        let end = rest.find(|c: char| c.is_ascii_digit() != digits_first).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        rest = after;
        if run.is_empty() {
            return None;
        }
        let significant = run.trim_start_matches('0');
        Some(if digits_first { Run::Number { digits: significant.len(), text: significant } } else { Run::Text(run) })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

    use super::{MAX_NAME_BYTES, NameError, Version, check, is_numbered};

    #[test]
    fn names() {
        let longest = "a".repeat(MAX_NAME_BYTES);
        for good in ["a", "A1", "0", "penguins", "auto-mpg", "resnet_50.v1", "2024-01", "a.b.c", &longest] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        let too_long = "a".repeat(MAX_NAME_BYTES + 1);
        let bad = [
            ("", NameError::Empty),
            (too_long.as_str(), NameError::TooLong { length: 65 }),
            (".", NameError::Start { found: '.' }),
            ("..", NameError::Start { found: '.' }),
            ("-rf", NameError::Start { found: '-' }),
            ("_x", NameError::Start { found: '_' }),
            ("/etc", NameError::Start { found: '/' }),
            ("éa", NameError::Start { found: 'é' }),
            ("a..b", NameError::DotDot),
            ("a/b", NameError::Character { found: '/' }),
            ("a\\b", NameError::Character { found: '\\' }),
            ("a b", NameError::Character { found: ' ' }),
            ("a\0", NameError::Character { found: '\0' }),
            ("a\n", NameError::Character { found: '\n' }),
            ("a%2e", NameError::Character { found: '%' }),
            ("aé", NameError::Character { found: 'é' }),
            ("a：b", NameError::Character { found: '：' }),
        ];
        for (text, why) in bad {
            assert_eq!(check(text), Err(why), "{text:?}");
        }
    }

    #[test]
    fn spellings_of_a_version() {
        let table = [
            ("1", "1"),
            ("v1", "1"),
            ("v2024", "2024"),
            ("v01", "01"),
            ("v", "v"),
            ("vv1", "vv1"),
            ("v1.2", "v1.2"),
            ("V1", "V1"),
            ("2024-01", "2024-01"),
        ];
        for (text, canonical) in table {
            assert_eq!(Version::parse(text).unwrap().as_str(), canonical, "{text}");
        }
        assert_eq!(Version::parse("latest"), Err(NameError::Reserved));
        assert_eq!(Version::parse("../1"), Err(NameError::Start { found: '.' }));
        assert!(is_numbered("v3") && is_numbered("3") && !is_numbered("rc3") && !is_numbered("v"));
    }

    #[test]
    fn lowest_to_highest() {
        let ordered = [
            "2023-12",
            "2024-01",
            "2024-2",
            "2024-10",
            "rc",
            "v1.9",
            "v1.10",
            "0",
            "1",
            "2",
            "10",
            "18446744073709551615",
            "18446744073709551616",
        ];
        let mut versions: Vec<Version> = ordered.iter().rev().map(|v| Version::parse(v).unwrap()).collect();
        versions.sort();
        assert_eq!(versions.iter().map(Version::as_str).collect::<Vec<_>>(), ordered);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn what_passes_is_one_plain_path_segment(text in any::<String>()) {
            if check(&text).is_ok() {
                let path = std::path::Path::new(&text);
                prop_assert_eq!(path.components().count(), 1);
                prop_assert_eq!(path.file_name().and_then(|name| name.to_str()), Some(text.as_str()));
            }
        }

        #[test]
        fn the_pattern_decides(text in "[A-Za-z0-9][A-Za-z0-9_.-]{0,63}") {
            prop_assert_eq!(check(&text).is_ok(), !text.contains(".."));
        }

        #[test]
        fn canonical_spelling_is_stable(text in "v?[0-9a-z.]{1,8}") {
            if let Ok(version) = Version::parse(&text) {
                prop_assert_eq!(Version::parse(version.as_str()), Ok(version));
            }
        }

        #[test]
        fn order_is_total(a in "[v0-9a.]{1,4}", b in "[v0-9a.]{1,4}", c in "[v0-9a.]{1,4}") {
            let [a, b, c] = [a, b, c].map(|text| Version::as_found(&text));
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            prop_assert_eq!(a.cmp(&b).is_eq(), a == b);
            if a <= b && b <= c {
                prop_assert!(a <= c);
            }
        }

        #[test]
        fn numbers_order_as_numbers(a in any::<u64>(), b in any::<u64>()) {
            let version = |number: u64| Version::parse(&format!("v{number}")).unwrap();
            prop_assert_eq!(version(a).cmp(&version(b)), a.cmp(&b));
        }
    }
}
