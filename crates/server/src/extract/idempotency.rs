//! `Idempotency-Key`: a name that the client gives to what it hands in, so that handing it in twice does no harm.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::HeaderName;
use actix_web::{FromRequest, HttpRequest};
use apistos::paths::{Parameter, ParameterIn};
use ferrocast_schema::{Loc, Violation, code};

use crate::error::Failure;
use crate::extract::parameter::{described_by, optional_text};

/// The header's name as people write it.
const NAME: &str = "Idempotency-Key";

/// The same, ready to look up.
const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest key.
const MOST_BYTES: usize = 255;

/// The key, if there is one.
#[derive(Debug, Clone)]
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

impl FromRequest for IdempotencyKey {
    type Error = Failure;
    type Future = Ready<Result<IdempotencyKey, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(value) = request.headers().get(HEADER) else { return ready(Ok(IdempotencyKey(None))) };
        let key = value.to_str().map(str::trim).unwrap_or_default();
        ready(if key.is_empty() || key.len() > MOST_BYTES {
            let message = format!("Input should be 1 to {MOST_BYTES} printable ASCII characters");
            Err(Violation::new(Loc::root("header").field(NAME), code::VALUE_ERROR, message).into())
        } else {
            Ok(IdempotencyKey(Some(key.to_owned())))
        })
    }
}

described_by!(IdempotencyKey, vec![parameter()]);

/// The header in the API description.
pub(crate) fn parameter() -> Parameter {
    let description =
        "A name of your own for what you hand in. If it comes twice, the second answer names the first task";
    optional_text(NAME, ParameterIn::Header, description)
}
