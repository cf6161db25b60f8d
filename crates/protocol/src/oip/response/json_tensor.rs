//! The elements of a tensor as one flat array, row-major.

use ferrocast_engine::{Dtype, Tensor};

use crate::ApiError;

/// Writes `[…]`. What is not finite is `null`.
pub(super) fn write(body: &mut Vec<u8>, tensor: &Tensor) -> Result<(), ApiError> {
    let written = match tensor.dtype() {
        Dtype::Bool => serde_json::to_writer(body, &tensor.as_slice::<bool>()),
        Dtype::U8 => serde_json::to_writer(body, &tensor.as_slice::<u8>()),
        Dtype::U16 => serde_json::to_writer(body, &tensor.as_slice::<u16>()),
        Dtype::U32 => serde_json::to_writer(body, &tensor.as_slice::<u32>()),
        Dtype::U64 => serde_json::to_writer(body, &tensor.as_slice::<u64>()),
        Dtype::I8 => serde_json::to_writer(body, &tensor.as_slice::<i8>()),
        Dtype::I16 => serde_json::to_writer(body, &tensor.as_slice::<i16>()),
        Dtype::I32 => serde_json::to_writer(body, &tensor.as_slice::<i32>()),
        Dtype::I64 => serde_json::to_writer(body, &tensor.as_slice::<i64>()),
        Dtype::F32 => serde_json::to_writer(body, &tensor.as_slice::<f32>()),
        Dtype::F64 => serde_json::to_writer(body, &tensor.as_slice::<f64>()),
        Dtype::Str => serde_json::to_writer(body, &tensor.as_slice::<String>()),
        _ => return Err(ApiError::internal()),
    };
    written.map_err(|_| ApiError::internal())
}
