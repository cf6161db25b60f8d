//! `MatMul` of integers, in wrapping arithmetic as in numpy. tract's is of floating point numbers, and panics.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::tract_ndarray::{ArrayView1, Axis, Zip};
use tract_onnx::prelude::tract_num_traits::{WrappingAdd, WrappingMul, Zero};
use tract_onnx::prelude::{Datum, DatumType, TDim, TValue, TVec, Tensor, TractResult, tvec};
use tract_onnx::tract_hir::internal::{DimLike, bail};

use crate::broadcast::{broadcast, broadcast_shape};
use crate::by_type::{self, Takes};
use crate::eager::{BuildResult, Fact, Kernel};
use crate::tensors::{exactly, tensor};

const NAME: &str = "MatMul";

#[derive(Debug)]
struct MatMul;

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let types = |datum_type| {
        matches!(datum_type, DatumType::I32 | DatumType::I64 | DatumType::U32 | DatumType::U64 | DatumType::TDim)
    };
    by_type::build(ctx, node, MatMul, Takes { input: 0, types })
}

/// The shape of the product; a vector on the left is a row, on the right a column, and what it adds is left out.
fn product_shape<D: DimLike>(left: &[D], right: &[D]) -> TractResult<TVec<D>> {
    let (left_batch, rows, shared) = match left {
        [width] => (&[][..], None, width),
        [batch @ .., rows, width] => (batch, Some(rows), width),
        [] => bail!("{NAME}: of a scalar"),
    };
    let (right_batch, height, columns) = match right {
        [height] => (&[][..], height, None),
        [batch @ .., height, columns] => (batch, height, Some(columns)),
        [] => bail!("{NAME}: of a scalar"),
    };
    // Symbols that differ may turn out to be the same length.
    if matches!((shared.to_i64(), height.to_i64()), (Ok(shared), Ok(height)) if shared != height) {
        bail!("{NAME}: of shapes {left:?} and {right:?}");
    }
    let mut shape = broadcast_shape(&[left_batch, right_batch])?;
    shape.extend(rows.into_iter().chain(columns).cloned());
    Ok(shape)
}

impl Kernel for MatMul {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [left, right] = exactly(NAME, inputs)?;
        if left.datum_type != right.datum_type {
            bail!("{NAME}: of {:?} and {:?}", left.datum_type, right.datum_type);
        }
        let shape: TVec<TDim> = product_shape(&left.shape, &right.shape)?;
        Ok(tvec!(Fact { datum_type: left.datum_type, shape }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [left, right] = exactly(NAME, &inputs)?;
        let product = match left.datum_type() {
            DatumType::I32 => product::<i32>(left, right),
            DatumType::I64 => product::<i64>(left, right),
            DatumType::U32 => product::<u32>(left, right),
            DatumType::U64 => product::<u64>(left, right),
            other => bail!("{NAME}: of {other:?}"),
        };
        Ok(tvec!(product?))
    }
}

fn product<T: Datum + Copy + Zero + WrappingAdd + WrappingMul>(left: &Tensor, right: &Tensor) -> TractResult<TValue> {
    let shape = product_shape(left.shape(), right.shape())?;
    let (mut left, mut right) = (left.to_plain_array_view::<T>()?, right.to_plain_array_view::<T>()?);
    if left.ndim() == 1 {
        left.insert_axis_inplace(Axis(0));
    }
    if right.ndim() == 1 {
        right.insert_axis_inplace(Axis(1));
    }
    // As [..., rows, 1, shared] and [..., 1, columns, shared]: an element of the product is a pair of lanes.
    let last = right.ndim() - 1;
    right.swap_axes(last - 1, last);
    let (left, right) = (left.view().insert_axis(Axis(left.ndim() - 1)), right.view().insert_axis(Axis(last - 1)));
    let pairs = broadcast_shape(&[left.shape(), right.shape()])?;
    let shared = Axis(pairs.len() - 1);
    let (left, right) = (broadcast(NAME, &left, &pairs)?, broadcast(NAME, &right, &pairs)?);
    let dot = |left: ArrayView1<'_, T>, right: ArrayView1<'_, T>| {
        let products = left.iter().zip(right).map(|(left, right)| left.wrapping_mul(right));
        products.fold(T::zero(), |sum, product| sum.wrapping_add(&product))
    };
    let values = Zip::from(left.lanes(shared)).and(right.lanes(shared)).map_collect(dot);
    tensor(&shape, values.into_iter().collect())
}
