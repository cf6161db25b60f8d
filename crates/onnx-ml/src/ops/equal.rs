//! `Equal` of strings and of booleans. Numbers are tract's.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::tract_ndarray::Zip;
use tract_onnx::prelude::{Datum, DatumType, IntoTensor, TValue, TVec, Tensor, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::broadcast::{broadcast, broadcast_shape};
use crate::by_type::{self, Takes};
use crate::eager::{BuildResult, Fact, Kernel};
use crate::tensors::exactly;

const NAME: &str = "Equal";

#[derive(Debug)]
struct Equal;

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let types = |datum_type| matches!(datum_type, DatumType::String | DatumType::Bool);
    by_type::build(ctx, node, Equal, Takes { input: 0, types })
}

impl Kernel for Equal {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [left, right] = exactly(NAME, inputs)?;
        if right.datum_type != left.datum_type {
            bail!("{NAME}: compares {:?} with {:?}", left.datum_type, right.datum_type);
        }
        Ok(tvec!(Fact { datum_type: DatumType::Bool, shape: broadcast_shape(&[&left.shape, &right.shape])? }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [left, right] = exactly(NAME, &inputs)?;
        let equal = match left.datum_type() {
            DatumType::Bool => equal::<bool>(left, right),
            _ => equal::<String>(left, right),
        };
        Ok(tvec!(equal?))
    }
}

fn equal<T: Datum + PartialEq>(left: &Tensor, right: &Tensor) -> TractResult<TValue> {
    let shape = broadcast_shape(&[left.shape(), right.shape()])?;
    let (left, right) = (left.to_plain_array_view::<T>()?, right.to_plain_array_view::<T>()?);
    let (left, right) = (broadcast(NAME, &left, &shape)?, broadcast(NAME, &right, &shape)?);
    Ok(Zip::from(&left).and(&right).map_collect(|a, b| a == b).into_tensor().into())
}
