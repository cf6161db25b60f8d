//! `StringNormalizer`: removes stop words and changes the case of strings.
//!
//! Case is changed by Unicode's rules, as Python does it, whatever `locale` says: the locales that ONNX names are those of
//! the machine that happens to run the model.
//!
//! Without stop words any shape passes, and an empty batch stays one. With them the strings that remain are counted at
//! run time, and where none remains ONNX wants one empty string.

use std::collections::HashSet;

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{Arc, DatumType, Symbol, TValue, TVec, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::row_program::{Buffer, Inputs, RowStep, View, only};
use crate::tensors::{exactly, expect_strings, tensor, values};

const NAME: &str = "StringNormalizer";

#[derive(Debug)]
struct StringNormalizer {
    case: Case,
    stop_words: Option<StopWords>,
}

/// What becomes of the case.
#[derive(Clone, Copy, Debug)]
enum Case {
    Kept,
    Lower,
    Upper,
}

#[derive(Debug)]
struct StopWords {
    /// In the case that strings are compared in.
    words: HashSet<String>,
    compared: Case,
    /// The number of strings that remain.
    remaining: Symbol,
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let case = match attributes.string("case_change_action")? {
        None | Some("NONE") => Case::Kept,
        Some("LOWER") => Case::Lower,
        Some("UPPER") => Case::Upper,
        Some(other) => bail!("{NAME}: case_change_action is {other:?}, expected NONE, LOWER or UPPER"),
    };
    let compared = match (attributes.int("is_case_sensitive")?, case) {
        (Some(sensitive), _) if sensitive != 0 => Case::Kept,
        (_, Case::Upper) => Case::Upper,
        _ => Case::Lower,
    };
    let words: HashSet<String> =
        attributes.strings("stopwords")?.into_iter().map(|word| compared.apply(&word)).collect();
    let stop_words = (!words.is_empty()).then(|| {
        let remaining = ctx.template.symbols.new_with_prefix("strings");
        StopWords { words, compared, remaining }
    });
    Eager::boxed(node, StringNormalizer { case, stop_words })
}

impl Case {
    fn apply(self, text: &str) -> String {
        match self {
            Case::Kept => text.to_owned(),
            Case::Lower => text.to_lowercase(),
            Case::Upper => text.to_uppercase(),
        }
    }
}

impl StopWords {
    fn contain(&self, text: &str) -> bool {
        match self.compared {
            Case::Kept => self.words.contains(text),
            other => self.words.contains(&other.apply(text)),
        }
    }
}

/// `[strings]` or `[1, strings]` with another number of them.
fn with_length<D: Clone + From<usize>>(shape: &[D], length: D) -> TractResult<TVec<D>> {
    match shape.len() {
        1 => Ok(tvec!(length)),
        2 => Ok(tvec!(D::from(1), length)),
        rank => bail!("{NAME}: the input has rank {rank}, expected [strings] or [1, strings]"),
    }
}

impl Kernel for StringNormalizer {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        expect_strings(NAME, input.datum_type)?;
        let shape = match &self.stop_words {
            None => input.shape.clone(),
            Some(stop_words) => with_length(&input.shape, stop_words.remaining.clone().into())?,
        };
        Ok(tvec!(Fact { datum_type: DatumType::String, shape }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        let strings = values::<String>(input)?.iter();
        let Some(stop_words) = &self.stop_words else {
            return Ok(tvec!(tensor(input.shape(), strings.map(|text| self.case.apply(text)).collect())?));
        };
        if matches!(input.shape(), [rows, _] if *rows != 1) {
            bail!("{NAME}: the input has shape {:?}, expected [strings] or [1, strings]", input.shape());
        }
        let mut remaining: Vec<String> =
            strings.filter(|text| !stop_words.contain(text)).map(|text| self.case.apply(text)).collect();
        if remaining.is_empty() {
            remaining.push(String::new());
        }
        let shape = with_length(input.shape(), remaining.len())?;
        Ok(tvec!(tensor(&shape, remaining)?))
    }

    fn mints_symbols(&self) -> bool {
        self.stop_words.is_some()
    }

    fn row_step(self: Arc<Self>, _inputs: &[Fact]) -> Option<Arc<dyn RowStep>> {
        if self.stop_words.is_none() { Some(self) } else { None }
    }
}

impl RowStep for StringNormalizer {
    fn run(&self, _rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        let View::Str(strings) = inputs.get(0)?.0 else { bail!("{NAME}: the input holds no strings") };
        only(outputs)?.strings().extend(strings.iter().map(|text| self.case.apply(text)));
        Ok(())
    }
}
