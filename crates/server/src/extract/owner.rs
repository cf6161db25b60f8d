//! Whose a task is: whoever sends the same `X-API-Key`.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::HeaderName;
use actix_web::{FromRequest, HttpRequest};
use ferrocast_cache::CacheKey;

use crate::error::Failure;
use crate::extract::parameter::described_by;

const HEADER: HeaderName = HeaderName::from_static("x-api-key");

/// A digest of the key; `None` if none is sent. The key itself is not stored.
#[derive(Debug, Clone)]
pub(crate) struct Owner(pub(crate) Option<String>);

impl FromRequest for Owner {
    type Error = Failure;
    type Future = Ready<Result<Owner, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let key = request.headers().get(HEADER);
        ready(Ok(Owner(key.map(|key| CacheKey::builder("owner").part(key.as_bytes()).finish().to_string()))))
    }
}

described_by!(Owner, Vec::new());
