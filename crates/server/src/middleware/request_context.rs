//! What the outermost layer and those inside it tell each other about a request.

use std::cell::{Cell, OnceCell};
use std::sync::Arc;
use std::time::Instant;

use actix_web::{HttpMessage, HttpRequest};

use super::request_id::RequestId;
use crate::body_budget::{BodyBudget, HeldBytes};
use crate::extract::request_head::RequestHead;

/// Goes with every request that the outermost layer has seen.
#[derive(Debug)]
pub(crate) struct RequestContext {
    id: RequestId,
    started: Instant,
    head: Cell<Option<RequestHead>>,
    is_body_read: Cell<bool>,
    held: OnceCell<Arc<HeldBytes>>,
}

impl RequestContext {
    /// Of a request that has just come in; its body is not read.
    pub(crate) fn begin(id: RequestId) -> RequestContext {
        RequestContext {
            id,
            started: Instant::now(),
            head: Cell::new(None),
            is_body_read: Cell::new(false),
            held: OnceCell::new(),
        }
    }

    /// When the request came in.
    pub(crate) fn started(request: &HttpRequest) -> Instant {
        request.extensions().get::<RequestContext>().map_or_else(Instant::now, |context| context.started)
    }

    /// The word under which the request is known.
    pub(crate) fn id_of(request: &HttpRequest) -> RequestId {
        let extensions = request.extensions();
        extensions.get::<RequestContext>().map_or_else(RequestId::make, |context| context.id.clone())
    }

    /// What its head says, if somebody has read it.
    pub(crate) fn head(request: &HttpRequest) -> Option<RequestHead> {
        request.extensions().get::<RequestContext>()?.head.get()
    }

    /// Keeps what its head says.
    pub(crate) fn note_head(request: &HttpRequest, head: RequestHead) {
        if let Some(context) = request.extensions().get::<RequestContext>() {
            context.head.set(Some(head));
        }
    }

    /// What the request holds of the budget, until it has been answered.
    pub(crate) fn held(request: &HttpRequest, budget: &Arc<BodyBudget>) -> Arc<HeldBytes> {
        let none = || Arc::new(HeldBytes::none_of(Arc::clone(budget)));
        let extensions = request.extensions();
        extensions.get::<RequestContext>().map_or_else(none, |context| Arc::clone(context.held.get_or_init(none)))
    }

    /// Says that the request's body has been read to the end: the connection can carry another request.
    pub(crate) fn note_body_read(request: &HttpRequest) {
        if let Some(context) = request.extensions().get::<RequestContext>() {
            context.is_body_read.set(true);
        }
    }

    /// Whether somebody has said so.
    pub(crate) fn is_body_read(request: &HttpRequest) -> bool {
        request.extensions().get::<RequestContext>().is_some_and(|context| context.is_body_read.get())
    }
}
