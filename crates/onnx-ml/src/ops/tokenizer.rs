//! `Tokenizer` of the domain `com.microsoft`: cuts strings into tokens.
//!
//! The operator is an [extension] that ONNX Runtime brings and exporters of text models use. Three ways to cut: into
//! characters; by separators, regular expressions that each cut what the ones before it left; or into what a regular
//! expression matches. Regular expressions are those of [`re2`].
//!
//! The output has one axis more than the input, as long as the string with the most tokens needs it; the others are
//! padded. Its length is a symbol that tract binds at run time, so that a batch stays symbolic.
//!
//! [extension]: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.Tokenizer

use regex::Regex;
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{DatumType, Symbol, TValue, TVec, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::ragged::pad;
use crate::re2;
use crate::tensors::{exactly, expect_strings, values};

const NAME: &str = "Tokenizer";

/// Marks before the first and behind the last token: the control characters "start of text" and "end of text".
const MARKS: [&str; 2] = ["\u{2}", "\u{3}"];

#[derive(Debug)]
struct Tokenizer {
    cut: Cut,
    /// Shorter tokens, in characters, are left out. At least one.
    min_characters: usize,
    marks: bool,
    padding: String,
    /// The length of the last axis.
    tokens: Symbol,
}

#[derive(Debug)]
enum Cut {
    IntoCharacters,
    /// At whatever matches the first, then the pieces at whatever matches the second, ...
    At(Vec<Regex>),
    /// Into whatever matches.
    Into(Regex),
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let min_characters = attributes.int("mincharnum")?.and_then(|count| usize::try_from(count).ok());
    let Some(min_characters) = min_characters.filter(|&count| count > 0) else {
        bail!("{NAME}: mincharnum must be set to a positive length")
    };
    let cut = read_cut(attributes)?;
    if matches!(cut, Cut::IntoCharacters) && min_characters > 1 {
        bail!("{NAME}: mincharnum is {min_characters}, but characters have length 1");
    }
    let Some(padding) = attributes.string("pad_value")? else { bail!("{NAME}: pad_value must be set") };
    let marks = attributes.int("mark")?.unwrap_or(0) != 0;
    let tokens = ctx.template.symbols.new_with_prefix("tokens");
    Eager::boxed(node, Tokenizer { cut, min_characters, marks, padding: padding.to_owned(), tokens })
}

fn read_cut(attributes: Attributes<'_>) -> TractResult<Cut> {
    let separators = attributes.strings("separators")?;
    let expression = attributes.string("tokenexp")?.filter(|expression| !expression.is_empty());
    match (separators.as_slice(), expression) {
        ([separator], None) if separator.is_empty() => Ok(Cut::IntoCharacters),
        ([], Some(".")) => Ok(Cut::IntoCharacters),
        ([], Some(expression)) => Ok(Cut::Into(re2::compile(NAME, "tokenexp", expression)?)),
        ([_, ..], None) => {
            if separators.iter().any(String::is_empty) {
                bail!("{NAME}: separators holds an empty one among others");
            }
            let compiled = separators.iter().map(|separator| re2::compile(NAME, "separators", separator));
            Ok(Cut::At(compiled.collect::<TractResult<_>>()?))
        }
        _ => bail!("{NAME}: exactly one of separators and tokenexp must be set"),
    }
}

impl Tokenizer {
    fn cut<'t>(&self, text: &'t str) -> Vec<&'t str> {
        match &self.cut {
            Cut::IntoCharacters => text
                .char_indices()
                .filter_map(|(start, character)| text.get(start..start + character.len_utf8()))
                .collect(),
            Cut::Into(expression) => {
                expression.find_iter(text).map(|found| found.as_str()).filter(|token| self.is_token(token)).collect()
            }
            Cut::At(separators) => separators.iter().fold(vec![text], |pieces, separator| {
                pieces
                    .into_iter()
                    .flat_map(|piece| separator.split(piece))
                    .filter(|piece| self.is_token(piece))
                    .collect()
            }),
        }
    }

    fn is_token(&self, piece: &str) -> bool {
        piece.chars().nth(self.min_characters - 1).is_some()
    }
}

impl Kernel for Tokenizer {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        expect_strings(NAME, input.datum_type)?;
        if !(1..=2).contains(&input.shape.len()) {
            bail!("{NAME}: the input has rank {}, expected [C] or [N, C]", input.shape.len());
        }
        let mut shape = input.shape.clone();
        shape.push(self.tokens.clone().into());
        Ok(tvec!(Fact { datum_type: DatumType::String, shape }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        let mut cut: Vec<Vec<&str>> = values::<String>(input)?.iter().map(|text| self.cut(text)).collect();
        // Where there are no tokens there are no marks either.
        if self.marks && cut.iter().any(|tokens| !tokens.is_empty()) {
            let [start, end] = MARKS;
            for tokens in &mut cut {
                tokens.insert(0, start);
                tokens.push(end);
            }
        }
        Ok(tvec!(pad(NAME, input.shape(), &cut, &self.padding)?))
    }

    fn mints_symbols(&self) -> bool {
        true
    }
}
