//! A body on its way: not compressed, within its size, in time. What it means is for others to say.

use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, BytesMut, Data};
use ferrocast_protocol::{ApiError, ErrorCode};
use ferrocast_serving::ServeError;
use futures_util::{Stream, StreamExt};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::body_budget::HeldBytes;
use crate::error::Failure;
use crate::extract::request_head::RequestHead;
use crate::extract::waiting_pieces::WaitingPieces;
use crate::middleware::request_context::RequestContext;
use crate::state::State;

/// For every so many bytes that have arrived, a client may take one second more: slower than this is an attack.
const BYTES_PER_SECOND: usize = 1024;

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
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    most: MostBytes,
    head: RequestHead,
    /// For a body that arrives at once.
    patience: Duration,
    /// Where it counts, if it does.
    held: Option<Arc<HeldBytes>>,
}

impl Bounds {
    /// Everything that the headers alone decide about a body.
    ///
    /// # Errors
    /// If it is compressed, larger than it may be, or too much beside those that other requests hold.
    pub(crate) fn of(request: &HttpRequest, state: &State, most: MostBytes) -> Result<Bounds, Failure> {
        check_encoding(request.headers())?;
        Bounds::of_any_encoding(&*RequestContext::of(request)?, request.headers(), state, most)
    }

    /// The same for a body that may be compressed: what counts is its size as it arrives.
    ///
    /// # Errors
    /// If it is larger than it may be, or too much beside those that other requests hold.
    pub(crate) fn of_any_encoding(
        context: &RequestContext,
        headers: &HeaderMap,
        state: &State,
        most: MostBytes,
    ) -> Result<Bounds, Failure> {
        let head = RequestHead::of(context, headers, state)?;
        if head.length.is_some_and(|length| length > most.bytes) {
            return Err(too_large(most));
        }
        let held = HeldBytes::counts(head.length).then(|| context.held(&state.bodies));
        if let Some(held) = &held {
            held.grow_to(head.length.unwrap_or(0))?;
        }
        Ok(Bounds { most, head, patience: state.body_timeout, held })
    }

    /// When the time of the request is over.
    pub(crate) fn deadline(&self) -> std::time::Instant {
        self.head.deadline()
    }

    /// Bytes that the head says will come; 0 if it does not say.
    pub(crate) fn declared(&self) -> usize {
        self.head.length.unwrap_or(0)
    }
}

/// What every route has: they are only ever mounted together with the state.
pub(crate) fn state(request: &HttpRequest) -> Result<&Data<State>, Failure> {
    Ok(request.app_data::<Data<State>>().ok_or_else(ApiError::internal)?)
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
    received: usize,
    waiting: WaitingPieces,
    /// What is done where there is nothing yet.
    wait: Wait,
    /// Goes off when the next piece, or the end, has to be there. Set once a body is really waited for: most come with their
    /// head, and to set it and take it back costs more than to read them.
    alarm: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

/// How the next piece is waited for. Nothing is there at the first look: the HTTP library hands on what came with the head after
/// that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// There will be another look without a word.
    Expected,
    /// There has to be another look soon.
    First,
    /// It is late, and there has to be another look when it is too late.
    Late,
}

impl Arriving {
    pub(crate) fn new(payload: Payload, bounds: Bounds) -> Arriving {
        Arriving {
            payload,
            bounds,
            received: 0,
            waiting: WaitingPieces::default(),
            wait: Wait::First,
            alarm: None,
            ended: false,
        }
    }

    /// The same where the HTTP library itself looks again once it has handed on what came with the head, and with whatever comes
    /// after that: nobody in between waits for a word. That word would cost a turn of the connection in which nothing is left to
    /// do. If nothing comes at all, [`Turn`](crate::listen::Turn) sees to another look.
    pub(crate) fn expected(payload: Payload, bounds: Bounds) -> Arriving {
        Arriving { wait: Wait::Expected, ..Arriving::new(payload, bounds) }
    }

    /// Whether the end, or a failure, has been seen.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// All of it. The usual body arrives in one piece and is not copied.
    pub(crate) fn whole(self) -> WholeBody {
        WholeBody { arriving: self, first: Bytes::new(), rest: BytesMut::new() }
    }

    fn patience(&self) -> Duration {
        self.bounds.patience + Duration::from_secs((self.received / BYTES_PER_SECOND) as u64)
    }

    /// Ready once it has taken too long.
    fn poll_too_late(&mut self, context: &mut Context<'_>) -> Poll<Failure> {
        match mem::replace(&mut self.wait, Wait::Late) {
            Wait::Expected => return Poll::Pending,
            Wait::First => {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Wait::Late => {}
        }
        let (patience, head) = (self.patience(), self.bounds.head);
        let due = Instant::from_std(head.started + patience.min(head.timeout));
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if alarm.deadline() != due {
            alarm.as_mut().reset(due);
        }
        ready!(alarm.as_mut().poll(context));
        Poll::Ready(if head.timeout <= patience { too_late() } else { too_slow() })
    }

    fn accept(&mut self, chunk: Bytes) -> Result<Bytes, Failure> {
        self.received += chunk.len();
        self.waiting.take_one();
        if self.received > self.bounds.most.bytes {
            return Err(too_large(self.bounds.most));
        }
        if let Some(held) = &self.bounds.held {
            held.grow_to(self.received + self.waiting.queue_bytes())?;
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
        let polled = match self.wait {
            Wait::Expected => self.payload.poll_next_unpin(&mut Context::from_waker(Waker::noop())),
            Wait::First | Wait::Late => self.payload.poll_next_unpin(context),
        };
        let next = match polled {
            Poll::Ready(None) => None,
            Poll::Ready(Some(Ok(chunk))) => Some(self.accept(chunk)),
            Poll::Ready(Some(Err(_))) => {
                Some(Err(refused(ErrorCode::BadRequest, "The body ended early or is badly framed")))
            }
            Poll::Pending => {
                self.waiting.none_left();
                Some(Err(ready!(self.poll_too_late(context))))
            }
        };
        self.ended = !matches!(next, Some(Ok(_)));
        Poll::Ready(next)
    }
}

/// A body that is read to its end.
pub(crate) struct WholeBody {
    arriving: Arriving,
    first: Bytes,
    /// All of it, if there is a second piece.
    rest: BytesMut,
}

impl WholeBody {
    fn add(&mut self, chunk: Bytes) {
        if self.first.is_empty() && self.rest.is_empty() {
            self.first = chunk;
            return;
        }
        if self.rest.is_empty() {
            // No more than may come, and what does not come is never touched.
            self.rest.reserve(self.arriving.bounds.declared());
            self.rest.extend_from_slice(&mem::take(&mut self.first));
        }
        self.rest.extend_from_slice(&chunk);
    }
}

impl Future for WholeBody {
    type Output = Result<Bytes, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        while let Some(chunk) = ready!(self.arriving.poll_next_unpin(context)) {
            self.add(chunk?);
        }
        Poll::Ready(Ok(if self.rest.is_empty() {
            mem::take(&mut self.first)
        } else {
            mem::take(&mut self.rest).freeze()
        }))
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
