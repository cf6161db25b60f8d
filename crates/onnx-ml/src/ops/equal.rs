//! `Equal` of strings. Numbers are tract's.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::tract_ndarray::Zip;
use tract_onnx::prelude::{DatumType, IntoTensor, TValue, TVec, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::broadcast::{broadcast, broadcast_shape};
use crate::eager::{BuildResult, Fact, Kernel};
use crate::string_aware::{self, Takes};
use crate::tensors::exactly;

const NAME: &str = "Equal";

#[derive(Debug)]
struct Equal;

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    string_aware::build(ctx, node, Equal, Takes { input: 0, types: |datum_type| datum_type == DatumType::String })
}

impl Kernel for Equal {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [left, right] = exactly(NAME, inputs)?;
        if right.datum_type != DatumType::String {
            bail!("{NAME}: compares strings with {:?}", right.datum_type);
        }
        Ok(tvec!(Fact { datum_type: DatumType::Bool, shape: broadcast_shape(&[&left.shape, &right.shape])? }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [left, right] = exactly(NAME, &inputs)?;
        let shape = broadcast_shape(&[left.shape(), right.shape()])?;
        let (left, right) = (left.to_plain_array_view::<String>()?, right.to_plain_array_view::<String>()?);
        let (left, right) = (broadcast(NAME, &left, &shape)?, broadcast(NAME, &right, &shape)?);
        let equal = Zip::from(&left).and(&right).map_collect(|a, b| a == b);
        Ok(tvec!(equal.into_tensor().into()))
    }
}
