//! Signatures of callbacks, as Standard Webhooks 1.0 has them: <https://www.standardwebhooks.com>.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The header that names what is told: the same in every attempt, so that the receiver can tell a repetition.
pub const ID_HEADER: &str = "webhook-id";

/// The header with the time of the attempt, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";

/// The header with the signatures.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// The secrets that callbacks are signed with. Their texts are not kept.
#[derive(Clone)]
pub struct SigningKeys(Vec<Hmac<Sha256>>);

/// Why a text holds no signing secrets. Says nothing of the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigningKeyError {
    /// It is empty.
    #[error("a signing secret is needed")]
    Missing,
    /// One of them is not base64.
    #[error(
        "signing secret {position} is not base64 (RFC 4648, section 4, padded), with or without `whsec_` before it"
    )]
    NotBase64 {
        /// Counted from 1.
        position: usize,
    },
    /// One of them is too short to be safe, or longer than others can use.
    #[error("signing secret {position} must have 24 to 64 bytes once it is decoded")]
    Length {
        /// Counted from 1.
        position: usize,
    },
}

impl SigningKeys {
    /// The value of [`SIGNATURE_HEADER`]: a signature of each secret, in their order.
    pub fn sign(&self, id: &str, timestamp_seconds: u64, body: &[u8]) -> String {
        let head = format!("{id}.{timestamp_seconds}.");
        let signatures = self.0.iter().map(|key| {
            let mut mac = key.clone();
            mac.update(head.as_bytes());
            mac.update(body);
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
        });
        signatures.collect::<Vec<_>>().join(" ")
    }
}

/// One or more secrets, separated by spaces or commas, each `whsec_` and base64, or base64 alone. Receivers change from
/// one secret to the next while both are there; the current one comes first.
impl FromStr for SigningKeys {
    type Err = SigningKeyError;

    fn from_str(text: &str) -> Result<SigningKeys, SigningKeyError> {
        let secrets = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|secret| !secret.is_empty());
        let keys = (1..).zip(secrets).map(|(position, secret)| key(position, secret)).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(SigningKeyError::Missing) } else { Ok(SigningKeys(keys)) }
    }
}

fn key(position: usize, secret: &str) -> Result<Hmac<Sha256>, SigningKeyError> {
    let encoded = secret.strip_prefix("whsec_").unwrap_or(secret);
    let bytes = STANDARD.decode(encoded).map_err(|_| SigningKeyError::NotBase64 { position })?;
    let too_short_or_long = SigningKeyError::Length { position };
    if !(24..=64).contains(&bytes.len()) {
        return Err(too_short_or_long);
    }
    Hmac::new_from_slice(&bytes).map_err(|_| too_short_or_long)
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKeys({} redacted)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::{SigningKeyError, SigningKeys};

    const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn sign(secrets: &str) -> String {
        let keys: SigningKeys = secrets.parse().unwrap();
        keys.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#)
    }

    #[test]
    fn the_published_example() {
        assert_eq!(sign(SECRET), SIGNATURE);
        assert_eq!(sign(&format!("whsec_{SECRET}")), SIGNATURE);
    }

    #[test]
    fn every_secret_signs_in_order() {
        let next = format!("whsec_{}", STANDARD.encode([7; 32]));
        let signed_by_next = sign(&next);
        assert_ne!(signed_by_next, SIGNATURE);
        for separator in [" ", ",", ", ", "\n"] {
            assert_eq!(sign(&format!("{next}{separator}{SECRET}")), format!("{signed_by_next} {SIGNATURE}"));
        }
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_repeated() {
        let of = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
        let rows = [
            (String::new(), SigningKeyError::Missing),
            (" , ".to_owned(), SigningKeyError::Missing),
            ("whsec_".to_owned(), SigningKeyError::Length { position: 1 }),
            (of(23), SigningKeyError::Length { position: 1 }),
            (of(65), SigningKeyError::Length { position: 1 }),
            (format!("{SECRET} {}", of(16)), SigningKeyError::Length { position: 2 }),
            ("hunter2!".to_owned(), SigningKeyError::NotBase64 { position: 1 }),
            (format!("{SECRET},whsk_{SECRET}"), SigningKeyError::NotBase64 { position: 2 }),
            (of(32).trim_end_matches('=').to_owned(), SigningKeyError::NotBase64 { position: 1 }),
        ];
        for (text, refused) in rows {
            assert_eq!(text.parse::<SigningKeys>().unwrap_err(), refused, "{text}");
        }
        for bytes in [24, 64] {
            assert!(of(bytes).parse::<SigningKeys>().is_ok());
        }
    }

    #[test]
    fn keys_are_not_shown() {
        let keys: SigningKeys = SECRET.parse().unwrap();
        assert_eq!(format!("{keys:?}"), "SigningKeys(1 redacted)");
    }
}
