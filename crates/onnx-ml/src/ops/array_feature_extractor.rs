//! `ArrayFeatureExtractor`: picks columns, that is indices of the last axis.
//!
//! The shape of the indices does not matter, only their number: one scalar index leaves a last axis of length one. A
//! single row `[C]` becomes `[1, indices]`. No indices at all are no error: exporters look labels up by the classes
//! of a batch, and a batch may be empty. An index below zero counts from the end, as in ONNX's reference: exporters pad
//! with -1. ONNX Runtime refuses it.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{Datum, DatumType, TDim, TValue, TVec, Tensor, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::refused_value::refuse;
use crate::tensors::{exactly, tensor, values};

const NAME: &str = "ArrayFeatureExtractor";

#[derive(Debug)]
struct ArrayFeatureExtractor;

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    Eager::boxed(node, ArrayFeatureExtractor)
}

/// The shape of the result: `shape` with `picked` in place of its last axis.
fn picked_shape<D: Clone + From<usize>>(shape: &[D], picked: D) -> TractResult<TVec<D>> {
    Ok(match shape {
        [] => bail!("{NAME}: the input is a scalar, expected at least one axis"),
        [_] => tvec!(D::from(1), picked),
        [outer @ .., _] => outer.iter().cloned().chain([picked]).collect(),
    })
}

/// Checks the indices against the length of the last axis.
fn columns(indices: &[i64], width: usize) -> TractResult<Vec<usize>> {
    let mut columns = Vec::with_capacity(indices.len());
    for &index in indices {
        let from_start = if index < 0 { index.saturating_add_unsigned(width as u64) } else { index };
        match usize::try_from(from_start) {
            Ok(column) if column < width => columns.push(column),
            _ => refuse!("{NAME}: index {index} is outside of the last axis, which has {width} elements"),
        }
    }
    Ok(columns)
}

fn pick<T: Datum>(input: &Tensor, columns: &[usize], width: usize, shape: &[usize]) -> TractResult<TValue> {
    // Without columns there are no values either, and no index is in range.
    let rows = values::<T>(input)?.chunks_exact(width.max(1));
    tensor(shape, rows.flat_map(|row| columns.iter().filter_map(|&column| row.get(column).cloned())).collect())
}

impl Kernel for ArrayFeatureExtractor {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input, indices] = exactly(NAME, inputs)?;
        if indices.datum_type != DatumType::I64 {
            bail!("{NAME}: the indices are {:?}, expected int64", indices.datum_type);
        }
        let picked: TDim = indices.shape.iter().product();
        Ok(tvec!(Fact { datum_type: input.datum_type, shape: picked_shape(&input.shape, picked)? }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input, indices] = exactly(NAME, &inputs)?;
        let width = input.shape().last().copied().unwrap_or(0);
        let columns = columns(values::<i64>(indices)?, width)?;
        let shape = picked_shape(input.shape(), columns.len())?;
        let output = match input.datum_type() {
            DatumType::F32 => pick::<f32>(input, &columns, width, &shape),
            DatumType::F64 => pick::<f64>(input, &columns, width, &shape),
            DatumType::I32 => pick::<i32>(input, &columns, width, &shape),
            DatumType::I64 => pick::<i64>(input, &columns, width, &shape),
            DatumType::Bool => pick::<bool>(input, &columns, width, &shape),
            DatumType::String => pick::<String>(input, &columns, width, &shape),
            other => bail!("{NAME}: does not pick from {other:?}"),
        };
        Ok(tvec!(output?))
    }
}
