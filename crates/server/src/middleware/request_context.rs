//! What the outermost layer and those inside it tell each other about a request.

use std::cell::{Cell, OnceCell};
use std::sync::Arc;
use std::time::Instant;

use actix_web::{HttpMessage, HttpRequest};
use ferrocast_access::Principal;
use ferrocast_serving::Deployment;
use ferrocast_telemetry::TraceContext;

use super::places::Place;
use super::request_id::RequestId;
use crate::access::{Admitted, Grants, Identity, Need};
use crate::body_budget::{BodyBudget, HeldBytes};
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

    /// When the request came in.
    pub(crate) fn started(request: &HttpRequest) -> Instant {
        request.extensions().get::<RequestContext>().map_or_else(Instant::now, |context| context.started)
    }

    /// The word under which the request is known.
    pub(crate) fn id_of(request: &HttpRequest) -> RequestId {
        let extensions = request.extensions();
        extensions.get::<RequestContext>().map_or_else(RequestId::make, |context| context.id.clone())
    }

    /// Whose key it came with.
    pub(crate) fn principal(request: &HttpRequest) -> Option<Arc<Principal>> {
        request.extensions().get::<RequestContext>()?.identity.principal().cloned()
    }

    /// Whether it may ask for that.
    pub(crate) fn may(request: &HttpRequest, need: Need) -> bool {
        request.extensions().get::<RequestContext>().is_some_and(|context| context.grants.has(need))
    }

    /// Whether it may enter the route that was found for it.
    pub(crate) fn enter(&self, found: &FoundRoute, need: Need) -> bool {
        self.found.get_or_init(|| FoundRoute::clone(found));
        let may = self.grants.has(need);
        if !may {
            self.denied.set(Some(need));
        }
        may
    }

    /// Says which route the request is for, where it does not get there.
    pub(crate) fn note_found(request: &HttpRequest, found: &FoundRoute) {
        if let Some(context) = request.extensions().get::<RequestContext>() {
            context.found.get_or_init(|| FoundRoute::clone(found));
        }
    }

    /// What was found for its path, if a model was to answer; `keeps` whether its answer has been kept.
    pub(crate) fn place(request: &HttpRequest, keeps: bool) -> Option<Place> {
        let extensions = request.extensions();
        let context = extensions.get::<RequestContext>()?;
        let (route, model) = (context.found.get()?, context.model.get()?);
        Some(Place { route: FoundRoute::clone(route), model: Arc::downgrade(model), rows: context.rows.get(), keeps })
    }

    /// Says that rows are asked for in its body.
    pub(crate) fn note_rows(request: &HttpRequest, rows: RowsAsked) {
        if let Some(context) = request.extensions().get::<RequestContext>() {
            context.rows.set(Some(rows));
        }
    }

    /// The route that was found for it.
    pub(crate) fn found(&self) -> Option<&FoundRoute> {
        self.found.get()
    }

    /// Says which model is to answer.
    pub(crate) fn note_model(request: &HttpRequest, model: &Arc<Deployment>) {
        if let Some(context) = request.extensions().get::<RequestContext>() {
            context.model.get_or_init(|| Arc::clone(model));
        }
    }

    /// The model that was to answer.
    pub(crate) fn model(&self) -> Option<&Deployment> {
        self.model.get().map(|model| &**model)
    }

    /// Says where time went.
    pub(crate) fn note(request: &HttpRequest, note: impl FnOnce(&mut Phases)) {
        if let Some(context) = request.extensions().get::<RequestContext>() {
            let mut phases = context.phases.get();
            note(&mut phases);
            context.phases.set(phases);
        }
    }

    /// Where the time went.
    pub(crate) fn phases(&self) -> Phases {
        self.phases.get()
    }

    /// The trace that it is part of, for what comes after its answer.
    pub(crate) fn trace(request: &HttpRequest) -> Option<TraceContext> {
        request.extensions().get::<RequestContext>()?.trace
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
