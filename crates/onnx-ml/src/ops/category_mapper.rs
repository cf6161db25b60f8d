//! `CategoryMapper`: strings to integers or integers to strings, as the input asks.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{DatumType, TValue, TVec, TractResult, tvec};

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::lookup::{Column, Lookup};
use crate::tensors::exactly;

const NAME: &str = "CategoryMapper";

#[derive(Debug)]
struct CategoryMapper {
    to_int: Lookup,
    to_string: Lookup,
}

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let strings = Column::Strings(attributes.strings("cats_strings")?);
    let ints = Column::ints(attributes.ints("cats_int64s")?);
    attributes.expect_same_length(("cats_strings", strings.len()), ("cats_int64s", ints.len()))?;
    let default_int = Column::ints(&[attributes.int("default_int64")?.unwrap_or(-1)]);
    let default_string = Column::Strings(vec![attributes.string("default_string")?.unwrap_or("_Unused").to_owned()]);
    let to_int = Lookup::new(NAME, strings.clone(), ints.clone(), default_int)?;
    let to_string = Lookup::new(NAME, ints, strings, default_string)?;
    Eager::boxed(node, CategoryMapper { to_int, to_string })
}

impl CategoryMapper {
    fn table(&self, input: DatumType) -> &Lookup {
        if input == DatumType::String { &self.to_int } else { &self.to_string }
    }
}

impl Kernel for CategoryMapper {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        let datum_type = self.table(input.datum_type).output_type(input.datum_type)?;
        Ok(tvec!(Fact { datum_type, shape: input.shape.clone() }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        Ok(tvec!(self.table(input.datum_type()).map(input)?))
    }
}
