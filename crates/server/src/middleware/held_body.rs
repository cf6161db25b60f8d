//! Bodies in chunks that nobody reads to their end.
//!
//! Once such a body is nobody's any more, the HTTP library goes on reading it behind the answer, for as long as the client
//! likes to send or to be silent. While it is somebody's, the library closes the connection behind the answer instead, as it
//! does with bodies of a declared length. So each is held until its answer has been sent.

use std::cell::RefCell;
use std::error::Error;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_http::Request;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::TRANSFER_ENCODING;
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpResponse};
use futures_util::{Stream, StreamExt};

/// A body that comes in chunks.
pub(super) struct HeldBody(Rc<RefCell<Payload>>);

impl HeldBody {
    /// That of the request, which is read through this from now on, if it comes in chunks.
    pub(super) fn of(request: &mut Request) -> Option<HeldBody> {
        if !request.headers().contains_key(TRANSFER_ENCODING) {
            return None;
        }
        let body = Rc::new(RefCell::new(request.take_payload()));
        *request.payload() = Payload::Stream { payload: Box::pin(Lent(Rc::clone(&body))) };
        Some(HeldBody(body))
    }

    /// Holds it as long as the answer is on its way.
    pub(super) fn behind(self, response: HttpResponse) -> HttpResponse {
        response.map_body(|_, answer| BoxBody::new(Answer { answer, _request: self.0 }))
    }
}

/// The body for whoever reads it.
struct Lent(Rc<RefCell<Payload>>);

impl Stream for Lent {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.borrow_mut().poll_next_unpin(context)
    }
}

/// An answer with the body of its request.
struct Answer {
    answer: BoxBody,
    _request: Rc<RefCell<Payload>>,
}

impl MessageBody for Answer {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.answer.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.answer).poll_next(context)
    }
}
