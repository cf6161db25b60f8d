//! What decides about callbacks: where they may go, how they are signed, when they are tried, and what an answer means.
//!
//! Nothing here sends anything. Whoever does checks the address with [`CallbackPolicy::check`] once more, resolves its
//! host, checks every address that comes of it with [`CallbackPolicy::check_address`] and connects to one of those and to
//! nothing else, so that a name cannot lead elsewhere between the look and the leap.

mod answer;
mod host;
mod network;
mod policy;
mod ranges;
mod refused;
mod retry_after;
mod schedule;
mod sign;
mod url;

pub use answer::{DeliveryAnswer, judge};
pub use host::{CallbackHost, HostPattern, HostPatternError};
pub use network::{Network, NetworkError};
pub use policy::{CallbackPolicy, MAX_URL_BYTES};
pub use refused::CallbackRefused;
pub use retry_after::retry_after;
pub use schedule::{Schedule, ScheduleError, jitter};
pub use sign::{ID_HEADER, SIGNATURE_HEADER, SigningKeyError, SigningKeys, TIMESTAMP_HEADER};
pub use url::CallbackUrl;
