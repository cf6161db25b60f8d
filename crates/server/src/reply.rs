//! A JSON answer whose bytes are ready, with the type that describes it in the API description.

use std::marker::PhantomData;
use std::time::SystemTime;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{AGE, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder};
use apistos::reference_or::ReferenceOr;
use apistos::{ApiComponent, Schema};
use ferrocast_cache::{Entry, Hit};
use ferrocast_protocol::ApiError;
use serde::Serialize;

use crate::error::Failure;
use crate::lap::Lap;
use crate::middleware::request_context::RequestContext;
use crate::question::{Answered, Took};
use crate::server_timing;

/// As a value, it is neither checked nor copied for every answer.
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Where an answer came from: `hit`, `shared`, `remote` or `miss`.
const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// Where an answer came from, and how many seconds ago it was made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    hit: Hit,
    age: Option<u64>,
    /// How long it took to find it there, or to find that it is not there and to make it.
    looked: Option<Lap>,
}

impl Kept {
    /// Where an answer came from, and how it is kept if it is.
    pub(crate) fn new(hit: Hit, entry: Option<&Entry>) -> Kept {
        let age = entry.filter(|_| hit != Hit::Miss).map(|entry| entry.age(SystemTime::now()).as_secs());
        Kept { hit, age, looked: None }
    }

    /// The same with how long it took.
    pub(crate) fn found_in(self, looked: Lap) -> Kept {
        Kept { looked: Some(looked), ..self }
    }

    /// Whether it was there, and how long it took to find that out.
    pub(crate) fn looked(self) -> Option<(bool, Lap)> {
        self.looked.map(|lap| (self.hit != Hit::Miss, lap))
    }

    /// Says so in the headers of an answer.
    pub(crate) fn tell(self, headers: &mut HeaderMap) {
        headers.insert(X_CACHE, HeaderValue::from_static(self.hit.as_str()));
        if let Some(age) = self.age {
            headers.insert(AGE, HeaderValue::from(age));
        }
    }
}

/// An answer of the shape `T`.
#[derive(Debug)]
pub(crate) struct Reply<T> {
    status: StatusCode,
    body: Bytes,
    took: Option<Took>,
    kept: Option<Kept>,
    /// As it is kept, if it is.
    entry: Option<Entry>,
    shape: PhantomData<T>,
}

impl<T> Reply<T> {
    /// 200 with a body that is JSON already.
    pub(crate) fn json(body: impl Into<Bytes>) -> Reply<T> {
        Reply { status: StatusCode::OK, body: body.into(), took: None, kept: None, entry: None, shape: PhantomData }
    }

    /// A model's answer.
    pub(crate) fn answered(answered: Answered) -> Reply<T> {
        Reply::json(answered.body).with_took(answered.took)
    }

    /// The same answer with where the time went.
    pub(crate) fn with_took(self, took: Took) -> Reply<T> {
        Reply { took: Some(took), ..self }
    }

    /// The same answer with where it came from.
    pub(crate) fn with_kept(self, kept: Kept) -> Reply<T> {
        Reply { kept: Some(kept), ..self }
    }

    /// The same answer with how it is kept, for whoever can give it again without asking here.
    pub(crate) fn with_entry(self, entry: Option<Entry>) -> Reply<T> {
        Reply { entry, ..self }
    }

    /// The same body with another status.
    pub(crate) fn with_status(self, status: StatusCode) -> Reply<T> {
        Reply { status, ..self }
    }
}

impl<T: Serialize> Reply<T> {
    /// 200 with the value as JSON.
    ///
    /// # Errors
    /// If the value cannot be written, which is a fault of ours.
    pub(crate) fn of(value: &T) -> Result<Reply<T>, Failure> {
        Ok(Reply::json(serde_json::to_vec(value).map_err(|_| ApiError::internal())?))
    }
}

impl<T> Reply<T> {
    /// The response to the request with this context, which hears where the time went.
    pub(crate) fn into_response(self, context: &RequestContext) -> HttpResponse {
        let mut response = HttpResponse::with_body(self.status, BoxBody::new(self.body));
        response.headers_mut().insert(CONTENT_TYPE, JSON);
        if let Some(took) = self.took {
            context.note(|phases| phases.took = Some(took));
            took.timing.iter().for_each(|timing| server_timing::write(timing, response.headers_mut()));
        }
        if let Some(kept) = self.kept {
            context.note(|phases| phases.looked = kept.looked());
            kept.tell(response.headers_mut());
        }
        if let Some(entry) = self.entry {
            response.extensions_mut().insert(entry);
        }
        response
    }
}

impl<T> Responder for Reply<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        match RequestContext::of(request) {
            Ok(context) => self.into_response(&context),
            Err(failure) => HttpResponse::from_error(failure),
        }
    }
}

impl<T: ApiComponent> ApiComponent for Reply<T> {
    fn child_schemas() -> Vec<(String, ReferenceOr<Schema>)> {
        T::child_schemas()
    }

    fn schema() -> Option<(String, ReferenceOr<Schema>)> {
        T::schema()
    }
}
