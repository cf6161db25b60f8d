//! How large the headers of a request may be: the HTTP library takes twice as much, and says by no word what was wrong.

use actix_web::http::header::HeaderMap;
use ferrocast_protocol::{ApiError, ErrorCode};

use crate::error::Failure;

/// Bytes of all names and values together.
const MOST_BYTES: usize = 64 << 10;

/// Lets headers pass that are small enough.
///
/// # Errors
/// If they are not.
pub(super) fn check(headers: &HeaderMap) -> Result<(), Failure> {
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > MOST_BYTES {
        let message = format!("The headers are larger than {MOST_BYTES} bytes, all of them together");
        return Err(ApiError::new(ErrorCode::HeadersTooLarge, message).into());
    }
    Ok(())
}
