//! The elements of a tensor as one flat array, row-major.

use ferrocast_engine::{Dtype, Tensor};

use crate::ApiError;
use crate::oip::datatype::for_number;

/// Writes `[…]`. What is not finite is `null`.
pub(super) fn write(body: &mut Vec<u8>, tensor: &Tensor) -> Result<(), ApiError> {
    let written = for_number!(tensor.dtype(), T => serde_json::to_writer(body, &tensor.as_slice::<T>()), other => match other {
        Dtype::Bool => serde_json::to_writer(body, &tensor.as_slice::<bool>()),
        Dtype::Str => serde_json::to_writer(body, &tensor.as_slice::<String>()),
        _ => return Err(ApiError::internal()),
    });
    written.map_err(|_| ApiError::internal())
}
