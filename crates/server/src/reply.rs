//! A JSON answer whose bytes are ready, with the type that describes it in the API description.

use std::marker::PhantomData;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use actix_web::{HttpRequest, HttpResponse, Responder};
use apistos::reference_or::ReferenceOr;
use apistos::{ApiComponent, Schema};
use ferrocast_protocol::ApiError;
use ferrocast_serving::Timing;
use serde::Serialize;

use crate::error::Failure;
use crate::server_timing::{self, SERVER_TIMING};

/// As a value, it is neither checked nor copied for every answer.
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An answer of the shape `T`.
#[derive(Debug)]
pub(crate) struct Reply<T> {
    status: StatusCode,
    body: Vec<u8>,
    timing: Option<HeaderValue>,
    shape: PhantomData<T>,
}

impl<T> Reply<T> {
    /// 200 with a body that is JSON already.
    pub(crate) fn json(body: Vec<u8>) -> Reply<T> {
        Reply { status: StatusCode::OK, body, timing: None, shape: PhantomData }
    }

    /// The same answer with where the time went.
    pub(crate) fn with_timing(self, timing: &Timing) -> Reply<T> {
        Reply { timing: server_timing::header(timing), ..self }
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

impl<T> Responder for Reply<T> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::build(self.status).content_type(JSON).body(self.body);
        if let Some(timing) = self.timing {
            response.headers_mut().insert(SERVER_TIMING, timing);
        }
        response
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
