//! What the outermost layer and those inside it tell each other about a request.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use actix_web::{HttpMessage, HttpRequest};
use ferrocast_access::Principal;
use ferrocast_protocol::ApiError;
use ferrocast_serving::Deployment;
use ferrocast_telemetry::TraceContext;

use super::places::Place;
use super::request_id::RequestId;
use crate::access::{Admitted, Grants, Identity, Need};
use crate::body_budget::{BodyBudget, HeldBytes};
use crate::error::Failure;
use crate::extract::request_head::RequestHead;
use crate::lap::Lap;
use crate::question::{RowsAsked, Took};
use crate::routes::guarded::FoundRoute;

/// Goes with every request that the outermost layer has seen.
#[derive(Debug)]
pub(crate) struct RequestContext {
    id: RequestId,
    started: Instant,
    identity: Identity,
    grants: Grants,
    /// What a route needed and the request had not.
    denied: Cell<Option<Need>>,
    found: OnceCell<FoundRoute>,
    model: OnceCell<Arc<Deployment>>,
    rows: Cell<Option<RowsAsked>>,
    phases: Cell<Phases>,
    trace: Option<TraceContext>,
    head: Cell<Option<RequestHead>>,
    is_body_read: Cell<bool>,
    held: OnceCell<Arc<HeldBytes>>,
}

/// Where the time of a request went, as far as it went anywhere.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Phases {
    /// To read what was asked.
    pub(crate) parsed: Option<Lap>,
    /// To answer it.
    pub(crate) took: Option<Took>,
    /// To look for an earlier answer, and to make it if there was none: whether there was, and how long.
    pub(crate) looked: Option<(bool, Lap)>,
}

impl RequestContext {
    /// Of a request that has just come in; its body is not read.
    pub(crate) fn begin(
        id: RequestId,
        started: Instant,
        admitted: Admitted,
        trace: Option<TraceContext>,
    ) -> RequestContext {
        RequestContext {
            id,
            started,
            identity: admitted.identity,
            grants: admitted.grants,
            denied: Cell::new(None),
            found: OnceCell::new(),
            model: OnceCell::new(),
            rows: Cell::new(None),
            phases: Cell::default(),
            trace,
            head: Cell::new(None),
            is_body_read: Cell::new(false),
            held: OnceCell::new(),
        }
    }

    /// That of a request which a route answers.
    ///
    /// # Errors
    /// If the outermost layer has not seen it, which is a fault of ours.
    pub(crate) fn of(request: &HttpRequest) -> Result<Rc<RequestContext>, Failure> {
        let extensions = request.extensions();
        let context = extensions.get::<Rc<RequestContext>>().cloned();
        context.ok_or_else(|| ApiError::internal().into())
    }

    /// When the request came in.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// The word under which the request is known.
    pub(crate) fn id(&self) -> &RequestId {
        &self.id
    }

    /// Whose key it came with.
    pub(crate) fn principal(&self) -> Option<&Arc<Principal>> {
        self.identity.principal()
    }

    /// Whether it may ask for that.
    pub(crate) fn may(&self, need: Need) -> bool {
        self.grants.has(need)
    }

    /// Whether it may enter the route that was found for it.
    pub(crate) fn enter(&self, found: &FoundRoute, need: Need) -> bool {
        self.found.get_or_init(|| FoundRoute::clone(found));
        let may = self.may(need);
        if !may {
            self.denied.set(Some(need));
        }
        may
    }

    /// Says which route the request is for, where it does not get there.
    pub(crate) fn note_found(&self, found: &FoundRoute) {
        self.found.get_or_init(|| FoundRoute::clone(found));
    }

    /// What was found for its path, if a model was to answer; `keeps` whether its answer has been kept.
    pub(crate) fn place(&self, keeps: bool) -> Option<Place> {
        let (route, model) = (self.found.get()?, self.model.get()?);
        Some(Place { route: FoundRoute::clone(route), model: Arc::downgrade(model), rows: self.rows.get(), keeps })
    }

    /// Says that rows are asked for in its body.
    pub(crate) fn note_rows(&self, rows: RowsAsked) {
        self.rows.set(Some(rows));
    }

    /// The route that was found for it.
    pub(crate) fn found(&self) -> Option<&FoundRoute> {
        self.found.get()
    }

    /// Says which model is to answer.
    pub(crate) fn note_model(&self, model: &Arc<Deployment>) {
        self.model.get_or_init(|| Arc::clone(model));
    }

    /// The model that was to answer.
    pub(crate) fn model(&self) -> Option<&Deployment> {
        self.model.get().map(|model| &**model)
    }

    /// Says where time went.
    pub(crate) fn note(&self, note: impl FnOnce(&mut Phases)) {
        let mut phases = self.phases.get();
        note(&mut phases);
        self.phases.set(phases);
    }

    /// Where the time went.
    pub(crate) fn phases(&self) -> Phases {
        self.phases.get()
    }

    /// The trace that it is part of, for what comes after its answer.
    pub(crate) fn trace(&self) -> Option<TraceContext> {
        self.trace
    }

    /// Who sent it.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What a route needed and the request had not.
    pub(crate) fn denied(&self) -> Option<Need> {
        self.denied.get()
    }

    /// What its head says, if somebody has read it.
    pub(crate) fn head(&self) -> Option<RequestHead> {
        self.head.get()
    }

    /// Keeps what its head says.
    pub(crate) fn note_head(&self, head: RequestHead) {
        self.head.set(Some(head));
    }

    /// What the request holds of the budget, until it has been answered.
    pub(crate) fn held(&self, budget: &Arc<BodyBudget>) -> Arc<HeldBytes> {
        let none = || Arc::new(HeldBytes::none_of(Arc::clone(budget)));
        Arc::clone(self.held.get_or_init(none))
    }

    /// Says that the request's body has been read to the end: the connection can carry another request.
    pub(crate) fn note_body_read(&self) {
        self.is_body_read.set(true);
    }

    /// Whether somebody has said so.
    pub(crate) fn is_body_read(&self) -> bool {
        self.is_body_read.get()
    }
}
