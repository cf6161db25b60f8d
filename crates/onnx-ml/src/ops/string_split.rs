//! `StringSplit`: cuts strings at a delimiter, or at white space.
//!
//! The substrings are on an axis of their own, as long as the string with the most of them needs it, the others padded
//! with empty strings. Its length is a symbol that tract binds at run time.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{DatumType, Symbol, TValue, TVec, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::ragged::pad;
use crate::tensors::{exactly, expect_strings, tensor, values};

const NAME: &str = "StringSplit";

#[derive(Debug)]
struct StringSplit {
    /// None to cut at white space, of which any amount is one delimiter, or none at either end.
    delimiter: Option<String>,
    /// The most substrings; the last is all the rest.
    limit: usize,
    /// The length of the last axis.
    substrings: Symbol,
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let delimiter = attributes.string("delimiter")?.filter(|delimiter| !delimiter.is_empty()).map(str::to_owned);
    let limit = match attributes.int("maxsplit")?.map(usize::try_from) {
        None => usize::MAX,
        Some(Ok(splits)) => splits.saturating_add(1),
        Some(Err(_)) => bail!("{NAME}: maxsplit is negative"),
    };
    let substrings = ctx.template.symbols.new_with_prefix("substrings");
    Eager::boxed(node, StringSplit { delimiter, limit, substrings })
}

impl StringSplit {
    fn cut<'t>(&self, text: &'t str) -> Vec<&'t str> {
        match &self.delimiter {
            _ if text.is_empty() => Vec::new(),
            Some(delimiter) => text.splitn(self.limit, delimiter).collect(),
            None => cut_at_white_space(text, self.limit),
        }
    }
}

fn cut_at_white_space(text: &str, limit: usize) -> Vec<&str> {
    let mut rest = text.trim();
    let mut substrings = Vec::new();
    while !rest.is_empty() {
        match rest.split_once(char::is_whitespace) {
            Some((substring, behind)) if substrings.len() + 1 < limit => {
                substrings.push(substring);
                rest = behind.trim_start();
            }
            _ => {
                substrings.push(rest);
                break;
            }
        }
    }
    substrings
}

impl Kernel for StringSplit {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        expect_strings(NAME, input.datum_type)?;
        let counts = Fact { datum_type: DatumType::I64, shape: input.shape.clone() };
        let mut shape = input.shape.clone();
        shape.push(self.substrings.clone().into());
        Ok(tvec!(Fact { datum_type: DatumType::String, shape }, counts))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        let cut: Vec<Vec<&str>> = values::<String>(input)?.iter().map(|text| self.cut(text)).collect();
        let counts: Vec<i64> = cut.iter().map(|substrings| substrings.len() as i64).collect();
        Ok(tvec!(pad(NAME, input.shape(), &cut, "")?, tensor(input.shape(), counts)?))
    }

    fn mints_symbols(&self) -> bool {
        true
    }
}
