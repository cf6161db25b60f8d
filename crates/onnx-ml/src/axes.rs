//! Axes as attributes and inputs name them: negative ones count from the last.

use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

/// The axis `axis` of a tensor of rank `rank`.
///
/// # Errors
/// When there is no such axis.
pub(crate) fn axis(operator: &str, axis: i64, rank: usize) -> TractResult<usize> {
    let counted = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
    match usize::try_from(counted) {
        Ok(found) if found < rank => Ok(found),
        _ => bail!("{operator}: axis is {axis}, the input has rank {rank}"),
    }
}
