//! `StringConcat`: joins strings element by element, with broadcasting.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::tract_ndarray::Zip;
use tract_onnx::prelude::{DatumType, IntoTensor, TValue, TVec, TractResult, tvec};

use crate::broadcast::{broadcast, broadcast_shape};
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::tensors::{exactly, expect_strings};

const NAME: &str = "StringConcat";

#[derive(Debug)]
struct StringConcat;

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    Eager::boxed(node, StringConcat)
}

impl Kernel for StringConcat {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [left, right] = exactly(NAME, inputs)?;
        expect_strings(NAME, left.datum_type)?;
        expect_strings(NAME, right.datum_type)?;
        let shape = broadcast_shape(&[&left.shape, &right.shape])?;
        Ok(tvec!(Fact { datum_type: DatumType::String, shape }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [left, right] = exactly(NAME, &inputs)?;
        let shape = broadcast_shape(&[left.shape(), right.shape()])?;
        let (left, right) = (left.to_plain_array_view::<String>()?, right.to_plain_array_view::<String>()?);
        let joined = Zip::from(broadcast(NAME, &left, &shape)?)
            .and(broadcast(NAME, &right, &shape)?)
            .map_collect(|left, right| [left.as_str(), right.as_str()].concat());
        Ok(tvec!(joined.into_tensor().into()))
    }
}
