//! What is said to whoever may not use a route: 401 without a valid key, 403 with one that is good for less.
//!
//! Without a key nobody learns which paths there are.

use ferrocast_access::{Limited, Principal, Scope};
use ferrocast_protocol::{ApiError, ErrorCode};

use super::request_context::RequestContext;
use crate::access::{Identity, Need};
use crate::dialect::Dialect;

/// Why a request got to no route, if that is because of who sent it.
pub(crate) fn of(context: &RequestContext, dialect: Dialect) -> Option<ApiError> {
    match (context.identity(), context.denied()) {
        (Identity::Unknown(None), _) => Some(unauthenticated()),
        (Identity::Unknown(Some(limited)), _) => Some(guessed_too_often(limited)),
        (Identity::Known(principal), Some(need)) if need.scope().is_some_and(|scope| !principal.may(scope)) => {
            Some(forbidden(principal, need))
        }
        // What this listener does not have is not there, whatever the key.
        (Identity::Anybody | Identity::Known(_), Some(_)) => Some(dialect.no_such_path()),
        (Identity::Anybody | Identity::Known(_), None) => None,
    }
}

fn forbidden(principal: &Principal, need: Need) -> ApiError {
    let lacking = need.scope().map_or("this", Scope::as_str);
    let message = format!("This key is good for {} and not for {lacking} (scopes in auth.keys_file)", principal.scopes);
    ApiError::new(ErrorCode::Forbidden, message)
}

fn unauthenticated() -> ApiError {
    let message = "A valid key is needed: Authorization: Bearer <key>, or X-API-Key: <key>";
    ApiError::new(ErrorCode::Unauthenticated, message)
}

fn guessed_too_often(limited: &Limited) -> ApiError {
    let message = format!("Too many wrong keys from this address (at most {} a minute)", limited.limit);
    ApiError::new(ErrorCode::RateLimited, message).with_retry_after(limited.retry_after)
}
