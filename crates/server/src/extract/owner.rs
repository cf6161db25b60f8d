//! Whose a task is: whoever comes with the same key. Where none is needed, whoever sends the same `X-API-Key` all the same.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::{FromRequest, HttpRequest};
use ferrocast_cache::CacheKey;

use crate::access::X_API_KEY;
use crate::error::Failure;
use crate::extract::parameter::described_by;
use crate::middleware::request_context::RequestContext;

/// A digest of the key; `None` if none is sent. The key itself is not stored.
#[derive(Debug, Clone)]
pub(crate) struct Owner(pub(crate) Option<String>);

impl FromRequest for Owner {
    type Error = Failure;
    type Future = Ready<Result<Owner, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(RequestContext::of(request).map(|context| owner(&context, request.headers())))
    }
}

fn owner(context: &RequestContext, headers: &HeaderMap) -> Owner {
    if let Some(principal) = context.principal() {
        return Owner(Some(principal.id.to_string()));
    }
    let key = headers.get(X_API_KEY);
    Owner(key.map(|key| CacheKey::builder("owner").part(key.as_bytes()).finish().to_string()))
}

described_by!(Owner, Vec::new());
