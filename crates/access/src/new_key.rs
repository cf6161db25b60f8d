//! Making keys.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::key_digest::KeyDigest;
use crate::key_name::KeyName;
use crate::scope::Scopes;

/// What every new key begins with, so that people and scanners for secrets recognise it.
pub const KEY_PREFIX: &str = "fc_";

/// Random bytes of a key.
const RANDOM_BYTES: usize = 32;

/// A key that nobody has yet. Its text is wiped from memory when it is dropped.
pub struct NewKey(Zeroizing<String>);

/// The system gives no random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random numbers: {0}")]
pub struct NoRandomness(#[from] getrandom::Error);

impl NewKey {
    /// 32 bytes of the system's generator: `fc_` and 43 characters of base64url.
    ///
    /// # Errors
    /// [`NoRandomness`], where the system has none.
    pub fn random() -> Result<NewKey, NoRandomness> {
        let mut random = Zeroizing::new([0; RANDOM_BYTES]);
        getrandom::fill(random.as_mut_slice())?;
        // Room for all of it, so that no part stays behind where the text has outgrown its place.
        let mut text = Zeroizing::new(String::with_capacity(KEY_PREFIX.len() + RANDOM_BYTES.div_ceil(3) * 4));
        text.push_str(KEY_PREFIX);
        URL_SAFE_NO_PAD.encode_string(random.as_slice(), &mut text);
        Ok(NewKey(text))
    }

    /// The key as it is sent. To be shown once and kept nowhere.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Its SHA-256 in 64 hex digits: what is kept instead.
    pub fn sha256_hex(&self) -> String {
        format!("{:x}", KeyDigest::of(self.0.as_bytes()))
    }

    /// What a file of [`Keys`](crate::Keys) needs for this key to be known. It holds nothing secret. At least one scope
    /// has to be given for the file to be taken.
    pub fn toml_row(&self, name: &KeyName, scopes: Scopes) -> String {
        let scopes: Vec<String> = scopes.iter().map(|scope| format!("\"{scope}\"")).collect();
        format!("[[key]]\nname = \"{name}\"\nsha256 = \"{}\"\nscopes = [{}]\n", self.sha256_hex(), scopes.join(", "))
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::SystemTime;

    use super::NewKey;
    use crate::keys::Keys;
    use crate::scope::{Scope, Scopes};

    #[test]
    fn its_row_makes_a_key_known() {
        let key = NewKey::random().unwrap();
        let scopes: Scopes = [Scope::Jobs, Scope::Metrics].into_iter().collect();
        let row = key.toml_row(&"night-shift".parse().unwrap(), scopes);
        let keys: Keys = row.parse().unwrap();
        let principal = keys.authenticate(key.text().as_bytes(), SystemTime::now()).unwrap();
        assert_eq!((principal.name.as_str(), principal.scopes), ("night-shift", scopes));
        assert!(!row.contains(key.text()));
        assert!(row.contains(&key.sha256_hex()));
    }

    #[test]
    fn keys_have_the_form_that_is_promised_and_differ() {
        let keys: HashSet<String> = (0..1_000).map(|_| NewKey::random().unwrap().text().to_owned()).collect();
        assert_eq!(keys.len(), 1_000);
        for key in &keys {
            let random = key.strip_prefix("fc_").unwrap();
            assert!(
                random.len() == 43 && random.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            );
        }
    }

    #[test]
    fn a_key_is_not_shown() {
        assert_eq!(format!("{:?}", NewKey::random().unwrap()), "NewKey(redacted)");
    }
}
