//! `RateLimit-Limit`, `-Remaining` and `-Reset`: what is left to a client, for clients that slow down by themselves.
//!
//! <https://www.ietf.org/archive/id/draft-ietf-httpapi-ratelimit-headers-07.html>

use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use ferrocast_access::Limited;

use crate::access::Admitted;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// What is left to the client of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RateHeaders {
    limit: u32,
    remaining: u32,
    reset: Duration,
}

/// Of what was decided about a request; `None` if its client is not limited.
pub(crate) fn of(admitted: &Result<Admitted, Limited>) -> Option<RateHeaders> {
    match admitted {
        Ok(admitted) => admitted.allowance.map(|left| RateHeaders {
            limit: left.limit,
            remaining: left.remaining,
            reset: left.reset,
        }),
        Err(limited) => Some(RateHeaders { limit: limited.limit, remaining: 0, reset: limited.retry_after }),
    }
}

impl RateHeaders {
    /// Writes them.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, HeaderValue::from(self.limit));
        headers.insert(REMAINING, HeaderValue::from(self.remaining));
        headers.insert(RESET, HeaderValue::from(whole_seconds(self.reset)));
    }
}

/// Rounded up: a client that comes back after so many is not too early.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::whole_seconds;

    #[test]
    fn seconds_are_rounded_up() {
        let seconds = [0.0, 0.001, 1.0, 1.001].map(|seconds| whole_seconds(Duration::from_secs_f64(seconds)));
        assert_eq!(seconds, [0, 1, 1, 2]);
    }
}
