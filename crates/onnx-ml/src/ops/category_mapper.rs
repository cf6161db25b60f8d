//! `CategoryMapper`: strings to integers or integers to strings, as the input asks.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager};
use crate::lookup::{Column, Lookup};
use crate::mapper::Mapper;

const NAME: &str = "CategoryMapper";

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let strings = Column::Strings(attributes.strings("cats_strings")?);
    let ints = Column::ints(attributes.ints("cats_int64s")?);
    attributes.expect_same_length(("cats_strings", strings.len()), ("cats_int64s", ints.len()))?;
    if ints.len() == 0 {
        bail!("{NAME}: cats_strings and cats_int64s are empty");
    }
    let tables = Lookup::both_ways(NAME, attributes, strings, ints)?;
    Eager::boxed(node, Mapper { operator: NAME, tables })
}
