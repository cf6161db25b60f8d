//! Lists of different lengths as one tensor: the shorter ones are padded.
//!
//! One long text among many short ones makes a large tensor of little text, so a request of a few kilobytes could ask for
//! gigabytes. Hence the limit.

use tract_onnx::prelude::{TValue, TractResult};
use tract_onnx::tract_hir::internal::bail;

use crate::tensors::tensor;

/// A thousand texts of four thousand tokens each.
const MAX_STRINGS: usize = 1 << 22;

/// `lists`, one per element of a tensor of shape `shape`, on an axis behind all others.
///
/// # Errors
/// When that is more than [`MAX_STRINGS`].
pub(crate) fn pad(operator: &str, shape: &[usize], lists: &[Vec<&str>], padding: &str) -> TractResult<TValue> {
    let length = lists.iter().map(Vec::len).max().unwrap_or(0);
    let Some(size) = length.checked_mul(lists.len()).filter(|&size| size <= MAX_STRINGS) else {
        bail!("{operator}: {} rows of up to {length} strings are too many at once", lists.len())
    };
    let mut strings: Vec<String> = Vec::with_capacity(size);
    for list in lists {
        let end = strings.len() + length;
        strings.extend(list.iter().map(|&string| string.to_owned()));
        strings.resize(end, padding.to_owned());
    }
    let shape: Vec<usize> = shape.iter().copied().chain([length]).collect();
    tensor(&shape, strings)
}
