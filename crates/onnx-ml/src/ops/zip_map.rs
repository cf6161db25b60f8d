//! `ZipMap`: names the columns of a tensor of probabilities.
//!
//! Its output would be a sequence of maps, a type that tract does not have. Here the tensor passes as it is; whoever
//! wants the names reads them from the node's attributes.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{Arc, TValue, TVec, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel, is_table};
use crate::labels::Labels;
use crate::row_program::{Pass, RowStep};
use crate::tensors::{exactly, expect_numbers, known_width, rows};

const NAME: &str = "ZipMap";

#[derive(Debug)]
struct ZipMap {
    /// Number of names, and so of columns.
    names: usize,
}

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let names = Labels::read(Attributes::new(node), "classlabels_int64s", "classlabels_strings")?.len();
    Eager::boxed(node, ZipMap { names })
}

impl ZipMap {
    fn expect_width(&self, width: usize) -> TractResult<()> {
        if width == self.names {
            return Ok(());
        }
        bail!("{NAME}: classlabels has {} names, the input {width} columns", self.names)
    }
}

impl Kernel for ZipMap {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        expect_numbers(NAME, input.datum_type)?;
        let (_, width) = rows(NAME, &input.shape)?;
        known_width(&width).map_or(Ok(()), |width| self.expect_width(width))?;
        Ok(tvec!(input.clone()))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        self.expect_width(rows(NAME, input.shape())?.1)?;
        Ok(inputs)
    }
    fn row_step(self: Arc<Self>, inputs: &[Fact]) -> Option<Arc<dyn RowStep>> {
        if is_table(inputs) { Some(Arc::new(Pass)) } else { None }
    }
}
