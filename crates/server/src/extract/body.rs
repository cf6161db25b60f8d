//! A body on its way: not compressed, within its size, in time. What it means is for others to say.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, BytesMut, Data};
use ferrocast_protocol::{ApiError, ErrorCode};
use ferrocast_serving::ServeError;
use futures_util::{Stream, StreamExt};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::error::Failure;
use crate::extract::deadline;
use crate::state::State;

/// For every so many bytes that have arrived, a client may take one second more: slower than this is an attack.
const BYTES_PER_SECOND: usize = 1024;

/// Left in the request once its body has been read to the end: the connection can carry another request.
#[derive(Debug)]
pub(crate) struct BodyRead;

/// The most bytes that a body may have, and why.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MostBytes {
    pub(crate) bytes: usize,
    /// What is limited: the body, or what is in it.
    pub(crate) what: &'static str,
    /// The limit of that.
    pub(crate) limit: usize,
    /// The setting that says so.
    pub(crate) setting: &'static str,
}

impl MostBytes {
    /// For a body that is limited as a whole.
    pub(crate) fn of_body(limit: usize, setting: &'static str) -> MostBytes {
        MostBytes { bytes: limit, what: "body", limit, setting }
    }

    /// For a body of so many bytes, which hold one picture.
    pub(crate) fn of_picture(bytes: usize, limit: usize) -> MostBytes {
        MostBytes { bytes, what: "picture", limit, setting: "limits.image_bytes" }
    }
}

/// What is asked of a body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    most: MostBytes,
    /// For a body that arrives at once.
    patience: Duration,
    /// Of the whole request.
    timeout: Duration,
    /// Bytes that the head says will come; 0 if it does not say.
    declared: usize,
}

impl Bounds {
    /// Everything that the headers alone decide about a body.
    ///
    /// # Errors
    /// If it is compressed, or larger than it may be.
    pub(crate) fn of(request: &HttpRequest, state: &State, most: MostBytes) -> Result<Bounds, Failure> {
        check_encoding(request.headers())?;
        Bounds::of_any_encoding(request, state, most)
    }

    /// The same for a body that may be compressed: what counts is its size as it arrives.
    ///
    /// # Errors
    /// If it is larger than it may be.
    pub(crate) fn of_any_encoding(request: &HttpRequest, state: &State, most: MostBytes) -> Result<Bounds, Failure> {
        let timeout = deadline::timeout(request.headers(), state.request_timeout)?;
        let declared = declared_length(request.headers()).unwrap_or(0);
        if declared > most.bytes {
            return Err(too_large(most));
        }
        Ok(Bounds { most, patience: state.body_timeout, timeout, declared })
    }
}

/// What every route has: they are only ever mounted together with the state.
pub(crate) fn state(request: &HttpRequest) -> Result<&Data<State>, Failure> {
    Ok(request.app_data::<Data<State>>().ok_or_else(ApiError::internal)?)
}

/// The size of the body, if the head says it.
pub(crate) fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn check_encoding(headers: &HeaderMap) -> Result<(), Failure> {
    match headers.get(header::CONTENT_ENCODING) {
        Some(encoding) if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") => {
            let message = "The body must not be compressed (Content-Encoding: identity)";
            Err(refused(ErrorCode::UnsupportedMediaType, message))
        }
        _ => Ok(()),
    }
}

/// The pieces of a body as they arrive. Ends at the first failure.
pub(crate) struct Arriving {
    payload: Payload,
    bounds: Bounds,
    started: Instant,
    received: usize,
    /// When the next piece, or the end, has to be there.
    due: Pin<Box<Sleep>>,
    ended: bool,
}

impl Arriving {
    pub(crate) fn new(payload: Payload, bounds: Bounds) -> Arriving {
        let started = Instant::now();
        let due = Box::pin(sleep_until(started + bounds.patience.min(bounds.timeout)));
        Arriving { payload, bounds, started, received: 0, due, ended: false }
    }

    /// Whether the end, or a failure, has been seen.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Reads to the end. The usual body arrives in one piece and is not copied.
    pub(crate) async fn read_to_end(mut self) -> Result<Bytes, Failure> {
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        while let Some(chunk) = self.next().await {
            let chunk = chunk?;
            if first.is_empty() && rest.is_empty() {
                first = chunk;
            } else {
                if rest.is_empty() {
                    // No more than may come, and what does not come is never touched.
                    rest.reserve(self.bounds.declared);
                    rest.extend_from_slice(&std::mem::take(&mut first));
                }
                rest.extend_from_slice(&chunk);
            }
        }
        Ok(if rest.is_empty() { first } else { rest.freeze() })
    }

    fn patience(&self) -> Duration {
        self.bounds.patience + Duration::from_secs((self.received / BYTES_PER_SECOND) as u64)
    }

    fn accept(&mut self, chunk: Bytes) -> Result<Bytes, Failure> {
        self.received += chunk.len();
        if self.received > self.bounds.most.bytes {
            return Err(too_large(self.bounds.most));
        }
        Ok(chunk)
    }
}

impl Stream for Arriving {
    type Item = Result<Bytes, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let next = match self.payload.poll_next_unpin(context) {
            Poll::Ready(None) => None,
            Poll::Ready(Some(Ok(chunk))) => Some(self.accept(chunk)),
            Poll::Ready(Some(Err(_))) => {
                Some(Err(refused(ErrorCode::BadRequest, "The body ended early or is badly framed")))
            }
            Poll::Pending => {
                let patience = self.patience();
                let due = self.started + patience.min(self.bounds.timeout);
                if self.due.deadline() != due {
                    self.due.as_mut().reset(due);
                }
                match self.due.as_mut().poll(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(()) if self.bounds.timeout <= patience => Some(Err(too_late())),
                    Poll::Ready(()) => Some(Err(too_slow())),
                }
            }
        };
        self.ended = !matches!(next, Some(Ok(_)));
        Poll::Ready(next)
    }
}

pub(crate) fn refused(code: ErrorCode, message: impl Into<String>) -> Failure {
    ApiError::new(code, message).into()
}

pub(crate) fn too_large(MostBytes { what, limit, setting, .. }: MostBytes) -> Failure {
    refused(ErrorCode::PayloadTooLarge, format!("The {what} is larger than {limit} bytes ({setting})"))
}

fn too_late() -> Failure {
    ServeError::DeadlineExceeded.into()
}

fn too_slow() -> Failure {
    refused(ErrorCode::RequestTimeout, "The body did not arrive in time")
}
