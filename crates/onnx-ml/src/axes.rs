//! Axes as attributes and inputs name them: negative ones count from the last.

use tract_onnx::prelude::{Arc, Tensor, TractResult};
use tract_onnx::tract_hir::infer::{InferenceResult, Solver, TensorProxy};
use tract_onnx::tract_hir::internal::bail;

use crate::tensors::numbers;

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

/// A rule that fails unless the first input has the axes `listed`, and those that the second input lists, if there is one.
///
/// It belongs before the rules of tract, which take the axes for what there is.
pub(crate) fn expect_axes<'r, 'p: 'r>(
    operator: &'static str,
    listed: &'p [i64],
    solver: &mut Solver<'r>,
    inputs: &'p [TensorProxy],
) -> InferenceResult {
    let Some((data, others)) = inputs.split_first() else { bail!("{operator}: no input") };
    let expect = move |axes: &[i64], rank: i64| {
        axes.iter().try_for_each(|&given| axis(operator, given, usize::try_from(rank)?).map(drop))
    };
    solver.given(&data.rank, move |_, rank| expect(listed, rank))?;
    if let Some(axes) = others.first() {
        solver.given_2(&data.rank, &axes.value, move |_, rank, axes: Arc<Tensor>| {
            expect(&numbers::<i64>(operator, &axes)?, rank)
        })?;
    }
    Ok(())
}
