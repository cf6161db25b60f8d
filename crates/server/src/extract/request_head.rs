//! What the head of a request says of its time and its size.

use std::time::{Duration, Instant};

use actix_web::http::header::{CONTENT_LENGTH, HeaderMap};

use crate::error::Failure;
use crate::extract::deadline;
use crate::middleware::request_context::RequestContext;
use crate::state::State;

/// Several extractors of a request go by it; it is read once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestHead {
    /// When the request came in. What it waits for counts from here.
    pub(crate) started: Instant,
    /// The time that it has, in all.
    pub(crate) timeout: Duration,
    /// Bytes of its body, if it says so.
    pub(crate) length: Option<usize>,
}

impl RequestHead {
    /// That of the request with this context.
    ///
    /// # Errors
    /// If what it says of its time is no time.
    pub(crate) fn of(context: &RequestContext, headers: &HeaderMap, state: &State) -> Result<RequestHead, Failure> {
        if let Some(head) = context.head() {
            return Ok(head);
        }
        let head = RequestHead {
            started: context.started(),
            timeout: deadline::timeout(headers, state.request_timeout)?,
            length: length(headers),
        };
        context.note_head(head);
        Ok(head)
    }

    /// When its time is over.
    pub(crate) fn deadline(&self) -> Instant {
        self.started + self.timeout
    }
}

fn length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
