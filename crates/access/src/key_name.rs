//! What a key is called in files, logs and metrics.

use std::fmt;
use std::str::FromStr;

use crate::new_key::KEY_PREFIX;

/// Most bytes of a name.
const MAX_BYTES: usize = 64;

/// The name of a key: 1 to 64 of `A-Z a-z 0-9 . _ -`, so that it can stand in a log line or a metric as it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyName(String);

/// The text is no name. Does not repeat it, as it may be a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be 1 to {MAX_BYTES} of the characters A-Z a-z 0-9 . _ - and must not begin with `{KEY_PREFIX}`, as keys do"
)]
pub struct KeyNameError;

impl KeyName {
    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = KeyNameError;

    fn from_str(text: &str) -> Result<KeyName, KeyNameError> {
        let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let is_name = (1..=MAX_BYTES).contains(&text.len()) && text.bytes().all(is_of_name);
        if is_name && !text.starts_with(KEY_PREFIX) { Ok(KeyName(text.to_owned())) } else { Err(KeyNameError) }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyName, KeyNameError};

    #[test]
    fn names_of_up_to_64_plain_characters_are_taken() {
        for text in ["a", "billing", "Team-7.eu_west", &"n".repeat(64)] {
            assert_eq!(text.parse::<KeyName>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn anything_else_is_refused_and_not_repeated() {
        for text in ["", "a b", "a\n", "ä", "a\"b", &"n".repeat(65), "fc_n5r8", "fc_"] {
            assert_eq!(text.parse::<KeyName>(), Err(KeyNameError), "{text}");
        }
    }
}
