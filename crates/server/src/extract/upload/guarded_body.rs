//! A form's body between the connection and the parser.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use ferrocast_protocol::ErrorCode;
use futures_util::{Stream, StreamExt};

use crate::error::Failure;
use crate::extract::body::{Arriving, refused};

/// Bytes before the first boundary: there is no reason for any.
const PREAMBLE: usize = 1024;

const END_OF_LINE: &[u8] = b"\r\n";
/// Of a boundary behind which there is no part.
const END_OF_LAST: &[u8] = b"--\r\n";

/// A body of which the parser gets what is good. It stays with its owner, since the parser does not give it back.
pub(super) struct GuardedBody {
    arriving: RefCell<Arriving>,
    preamble: RefCell<Preamble>,
    /// Why it ended early: the parser's errors have no room for it.
    pub(super) failure: Cell<Option<Failure>>,
}

impl GuardedBody {
    pub(super) fn new(arriving: Arriving, boundary: &str) -> GuardedBody {
        GuardedBody {
            arriving: RefCell::new(arriving),
            preamble: RefCell::new(Preamble::before(boundary)),
            failure: Cell::new(None),
        }
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        let next = ready!(self.arriving.borrow_mut().poll_next_unpin(context));
        Poll::Ready(next.map(|chunk| {
            let chunk = chunk?;
            self.preamble.borrow_mut().check(&chunk)?;
            Ok(chunk)
        }))
    }

    /// Reads what comes behind the last boundary, so that the connection can go on.
    pub(super) async fn drain(&self) -> Result<(), Failure> {
        let ended = || self.arriving.borrow().has_ended();
        while !ended() {
            std::future::poll_fn(|context| self.poll(context)).await.transpose()?;
        }
        Ok(())
    }
}

/// The body as the parser takes one.
pub(super) fn for_parser(body: &Rc<GuardedBody>) -> Payload {
    Payload::Stream { payload: Box::pin(ForParser(Rc::clone(body))) }
}

struct ForParser(Rc<GuardedBody>);

impl Stream for ForParser {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(self.0.poll(context));
        Poll::Ready(next.map(|chunk| {
            chunk.map_err(|failure| {
                self.0.failure.set(Some(failure));
                PayloadError::Overflow
            })
        }))
    }
}

/// What comes before the first boundary, which is a line of its own (RFC 2046, 5.1.1). The parser would look for one in all
/// of a body, line by line.
struct Preamble {
    delimiter: Vec<u8>,
    /// Its beginning, until the boundary has been seen.
    seen: Option<Vec<u8>>,
}

impl Preamble {
    fn before(boundary: &str) -> Preamble {
        Preamble { delimiter: format!("--{boundary}").into_bytes(), seen: Some(Vec::new()) }
    }

    fn check(&mut self, chunk: &[u8]) -> Result<(), Failure> {
        let Some(seen) = &mut self.seen else { return Ok(()) };
        let most = PREAMBLE + self.delimiter.len() + END_OF_LAST.len();
        seen.extend(chunk.iter().take(most - seen.len()));
        let is_boundary = |line: &[u8]| {
            let behind = line.strip_prefix(self.delimiter.as_slice());
            behind.is_some_and(|behind| behind == END_OF_LINE || behind == END_OF_LAST)
        };
        if seen.split_inclusive(|&byte| byte == b'\n').any(is_boundary) {
            self.seen = None;
        } else if seen.len() == most {
            let message = format!("The form does not begin: its boundary is not among the first {PREAMBLE} bytes");
            return Err(refused(ErrorCode::BadRequest, message));
        }
        Ok(())
    }
}
