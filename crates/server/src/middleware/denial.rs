//! What is said to whoever may not use a route: 401 without a valid key, 403 with one that is good for less.
//!
//! Without a key nobody learns which paths there are.

use actix_web::{HttpMessage, HttpRequest};
use ferrocast_access::Limited;
use ferrocast_protocol::{ApiError, ErrorCode};

use super::request_context::RequestContext;
use crate::access::Identity;

/// Why a request got to no route, if that is because of who sent it.
pub(crate) fn of(request: &HttpRequest) -> Option<ApiError> {
    let extensions = request.extensions();
    let context = extensions.get::<RequestContext>()?;
    match (context.identity(), context.denied()) {
        (Identity::Unknown(None), _) => Some(unauthenticated()),
        (Identity::Unknown(Some(limited)), _) => Some(guessed_too_often(limited)),
        (Identity::Known(principal), Some(need)) => {
            // What this listener does not have is not there, whatever the key.
            let lacking = need.scope().filter(|scope| !principal.may(*scope))?;
            let message = format!(
                "This key is good for {} and not for {} (scopes in auth.keys_file)",
                principal.scopes,
                lacking.as_str()
            );
            Some(ApiError::new(ErrorCode::Forbidden, message))
        }
        (Identity::Anybody | Identity::Known(_), _) => None,
    }
}

fn unauthenticated() -> ApiError {
    let message = "A valid key is needed: Authorization: Bearer <key>, or X-API-Key: <key>";
    ApiError::new(ErrorCode::Unauthenticated, message)
}

fn guessed_too_often(limited: &Limited) -> ApiError {
    let message = format!("Too many wrong keys from this address (at most {} a minute)", limited.limit);
    ApiError::new(ErrorCode::RateLimited, message).with_retry_after(limited.retry_after)
}
