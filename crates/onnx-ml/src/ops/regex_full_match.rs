//! `RegexFullMatch`: whether strings match a regular expression from the first character to the last. Regular
//! expressions are those of [`re2`].

use regex::Regex;
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{Arc, DatumType, TValue, TVec, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::re2;
use crate::row_program::{Buffer, Inputs, RowStep, View, only};
use crate::tensors::{exactly, expect_strings, tensor, values};

const NAME: &str = "RegexFullMatch";

#[derive(Debug)]
struct RegexFullMatch {
    /// With anchors at both ends.
    expression: Regex,
}

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    match Attributes::new(node).string("pattern")? {
        Some(pattern) => {
            Eager::boxed(node, RegexFullMatch { expression: re2::compile_anchored(NAME, "pattern", pattern)? })
        }
        None => bail!("{NAME}: pattern must be set"),
    }
}

impl Kernel for RegexFullMatch {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        expect_strings(NAME, input.datum_type)?;
        Ok(tvec!(Fact { datum_type: DatumType::Bool, shape: input.shape.clone() }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        let matches = values::<String>(input)?.iter().map(|text| self.expression.is_match(text));
        Ok(tvec!(tensor(input.shape(), matches.collect())?))
    }

    fn row_step(self: Arc<Self>, _inputs: &[Fact]) -> Option<Arc<dyn RowStep>> {
        Some(self)
    }
}

impl RowStep for RegexFullMatch {
    fn run(&self, _rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        let View::Str(strings) = inputs.get(0)?.0 else { bail!("{NAME}: the input holds no strings") };
        only(outputs)?.bools().extend(strings.iter().map(|text| self.expression.is_match(text)));
        Ok(())
    }
}
