//! Objects written key by key.
//!
//! Serialising a struct would give the same bytes, which tests see to. But it looks for characters to escape in every key
//! of every object, and so takes 1.8 times the instructions.

use serde::Serialize;

use crate::ApiError;

/// Writes a key, with the punctuation around it, and its value.
///
/// # Errors
/// Neither memory nor our types can refuse; an error would be a fault of ours, and is reported as one.
pub(super) fn field(buffer: &mut Vec<u8>, key: &[u8], value: &(impl Serialize + ?Sized)) -> Result<(), ApiError> {
    buffer.extend_from_slice(key);
    serde_json::to_writer(buffer, value).map_err(|_| ApiError::internal())
}
