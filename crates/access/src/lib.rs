//! Who may ask for what, and how often: keys, rate limits, and the address of a client behind proxies.
//!
//! - [`Keys`] recognise a [`Principal`] by a key; only the SHA-256 of keys is kept. A [`KeyRing`] is the keys of a file,
//!   exchanged when it changes. [`NewKey`] makes one.
//! - A principal has [`Scopes`]: what the key is good for.
//! - [`RateLimits`] say whether a [`Caller`] may ask once more, and [`Failures`] whether an address may try one more key.
//!   What they remember is bounded.
//! - [`Proxies`] find out whose request it is that a proxy passes on.
//!
//! ```
//! use std::net::IpAddr;
//! use std::time::SystemTime;
//! use ferrocast_access::{Caller, Keys, NewKey, Proxies, ProxyHeader, Rate, RateLimits, Scope, Scopes};
//!
//! let key = NewKey::random()?;
//! let scopes: Scopes = [Scope::Predict, Scope::Jobs].into_iter().collect();
//! let keys: Keys = key.toml_row(&"billing".parse()?, scopes).parse()?;
//!
//! let principal = keys.authenticate(key.text().as_bytes(), SystemTime::now()).ok_or("unknown")?;
//! assert!(principal.may(Scope::Predict) && !principal.may(Scope::Admin));
//!
//! let limits = RateLimits::new(Some(Rate::new(0.1, None)?), 1_000);
//! assert!(limits.check(Caller::Key(principal)).is_ok());
//! assert!(limits.check(Caller::Key(principal)).is_err());
//!
//! let proxies = Proxies { trusted: vec!["10.0.0.0/8".parse()?], header: ProxyHeader::XForwardedFor };
//! let peer: IpAddr = "10.0.0.1".parse()?;
//! let client = proxies.client(peer, [b"203.0.113.9, 192.0.2.1".as_slice()].into_iter());
//! assert_eq!(client, IpAddr::from([192, 0, 2, 1]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Architecture Invariant:** knows no HTTP library and no executor. **Architecture Invariant:** no key is kept, shown or
//! repeated in a message; keys are compared in constant time, all of them each time. **Architecture Invariant:** what
//! strangers can make it remember is bounded.

mod network;
mod proxies;

mod key_digest;
mod key_name;
mod keys;
mod new_key;
mod principal;
mod rate;
mod scope;

mod key_ring;

mod caller;
mod failures;
mod limiter;
mod rate_limits;

pub use caller::Caller;
pub use failures::{FAILURES_A_MINUTE, Failures};
pub use governor::clock::{Clock, FakeRelativeClock, MonotonicClock};
pub use key_digest::KeyId;
pub use key_name::{KeyName, KeyNameError};
pub use key_ring::{KeyFileError, KeyRing, KeyWatch, MAX_FILE_BYTES, NotReloaded};
pub use keys::{KeyProblem, Keys, KeysError, MAX_KEY_BYTES};
pub use limiter::{Allowance, Limited};
pub use network::{Network, NetworkError};
pub use new_key::{KEY_PREFIX, NewKey, NoRandomness};
pub use principal::Principal;
pub use proxies::{Proxies, ProxyHeader};
pub use rate::{Rate, RateError};
pub use rate_limits::{DEFAULT_MOST_ENTRIES, RateLimits};
pub use scope::{Scope, Scopes, UnknownScope};

/// The README's example, run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
