//! ONNX's broadcasting: axes are matched from the last one backwards, and an axis of length one repeats.

use tract_onnx::prelude::tract_ndarray::{ArrayViewD, IxDyn};
use tract_onnx::prelude::{TVec, TractResult};
use tract_onnx::tract_core::broadcast::multi_broadcast;
use tract_onnx::tract_hir::internal::{DimLike, bail};

/// The common shape of several.
///
/// # Errors
/// When two axes differ and none of them has length one.
pub(crate) fn broadcast_shape<D: DimLike>(shapes: &[&[D]]) -> TractResult<TVec<D>> {
    multi_broadcast(shapes)
}

/// `array` repeated to `shape`, without a copy.
///
/// # Errors
/// When it does not repeat to that shape.
pub(crate) fn broadcast<'a, T>(
    operator: &str,
    array: &'a ArrayViewD<'_, T>,
    shape: &[usize],
) -> TractResult<ArrayViewD<'a, T>> {
    match array.broadcast(IxDyn(shape)) {
        Some(repeated) => Ok(repeated),
        None => bail!("{operator}: shape {:?} does not broadcast to {shape:?}", array.shape()),
    }
}
