//! `TfIdfVectorizer`: counts the n-grams of a pool in rows of tokens, and weighs them.
//!
//! An n-gram matches tokens that follow each other, and also tokens with up to `max_skip_count` others between each two
//! of them, the same number between all. A single token skips nothing, and is counted once.

use std::collections::HashMap;
use std::hash::Hash;

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{DatumType, TDim, TValue, TVec, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::ngrams::Ngrams;
use crate::tensors::{exactly, numbers, tensor, values};

const NAME: &str = "TfIdfVectorizer";

/// More columns than any vocabulary has: a row of them takes 64 MB.
const MAX_COLUMNS: usize = 1 << 24;

#[derive(Debug)]
struct TfIdfVectorizer {
    tokens: Tokens,
    ngrams: Ngrams,
    lengths: (usize, usize),
    max_skips: usize,
    /// By n-gram.
    columns: Vec<usize>,
    /// By n-gram; all ones for mode `TF`.
    weights: Vec<f32>,
    /// Whether an n-gram that is found again changes nothing: mode `IDF`.
    once: bool,
    width: usize,
}

/// The number of each token that is part of an n-gram.
#[derive(Debug)]
enum Tokens {
    Ints(HashMap<i64, u32>),
    Strings(HashMap<String, u32>),
}

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let (ints, strings) = (attributes.ints("pool_int64s")?, attributes.strings("pool_strings")?);
    let (tokens, pool) = match (ints.is_empty(), strings.is_empty()) {
        (false, true) => number(ints.iter().copied(), Tokens::Ints),
        (true, false) => number(strings.into_iter(), Tokens::Strings),
        _ => bail!("{NAME}: exactly one of pool_int64s and pool_strings must be set"),
    };
    let lengths = (length(attributes, "min_gram_length")?, length(attributes, "max_gram_length")?);
    let (grams, ngrams) = read_pool(attributes, &pool, lengths)?;
    let columns = read_columns(attributes, grams)?;
    let (weights, once) = read_weights(attributes, columns.len())?;
    let Some(max_skips) = attributes.int("max_skip_count")?.and_then(|count| usize::try_from(count).ok()) else {
        bail!("{NAME}: max_skip_count must be set to a count")
    };
    let width = columns.iter().max().map_or(0, |column| column + 1);
    Eager::boxed(node, TfIdfVectorizer { tokens, ngrams, lengths, max_skips, columns, weights, once, width })
}

/// Numbers the different tokens of the pool, and the pool as numbers.
fn number<T: Eq + Hash>(pool: impl Iterator<Item = T>, of: fn(HashMap<T, u32>) -> Tokens) -> (Tokens, Vec<u32>) {
    let mut numbers: HashMap<T, u32> = HashMap::new();
    let pool = pool
        .map(|token| {
            let next = numbers.len() as u32;
            *numbers.entry(token).or_insert(next)
        })
        .collect();
    (of(numbers), pool)
}

fn length(attributes: Attributes<'_>, name: &str) -> TractResult<usize> {
    match attributes.int(name)?.and_then(|length| usize::try_from(length).ok()) {
        Some(length) if length > 0 => Ok(length),
        _ => bail!("{NAME}: {name} must be set to a positive length"),
    }
}

/// How many n-grams the pool holds, and those of the wanted lengths. `ngram_counts` says where in the pool the single
/// tokens begin, then the pairs, ...
fn read_pool(attributes: Attributes<'_>, pool: &[u32], lengths: (usize, usize)) -> TractResult<(usize, Ngrams)> {
    let starts = attributes.ints("ngram_counts")?;
    if lengths.0 > lengths.1 || lengths.1 > starts.len() {
        let count = starts.len();
        bail!("{NAME}: min_gram_length, max_gram_length are {lengths:?}, ngram_counts has {count} values");
    }
    let mut grams = 0;
    let mut ngrams = Ngrams::new();
    for (position, &start) in starts.iter().enumerate() {
        let size = position + 1;
        let end = starts.get(size).copied().unwrap_or(pool.len() as i64);
        let range = usize::try_from(start).and_then(|start| Ok(start..usize::try_from(end)?));
        let part = range.ok().and_then(|range| pool.get(range));
        let Some(part) = part.filter(|part| part.len().is_multiple_of(size)) else {
            bail!(
                "{NAME}: ngram_counts[{position}] says that n-grams of {size} are at {start}..{end} in a pool of {}",
                pool.len()
            )
        };
        for gram in part.chunks_exact(size) {
            if (lengths.0..=lengths.1).contains(&size) {
                ngrams.insert(NAME, gram.iter().copied(), grams)?;
            }
            grams += 1;
        }
    }
    Ok((grams, ngrams))
}

fn read_columns(attributes: Attributes<'_>, grams: usize) -> TractResult<Vec<usize>> {
    let indexes = attributes.ints("ngram_indexes")?;
    if indexes.len() < grams || indexes.is_empty() {
        bail!("{NAME}: ngram_indexes has {} values, the pool {grams} n-grams", indexes.len());
    }
    let column = |&index: &i64| usize::try_from(index).ok().filter(|&column| column < MAX_COLUMNS);
    match indexes.iter().map(column).collect() {
        Some(columns) => Ok(columns),
        None => bail!("{NAME}: ngram_indexes holds a column that is not in 0..{MAX_COLUMNS}"),
    }
}

/// A weight per n-gram, and whether each n-gram counts once.
fn read_weights(attributes: Attributes<'_>, grams: usize) -> TractResult<(Vec<f32>, bool)> {
    let weights = attributes.floats("weights")?;
    if !weights.is_empty() {
        attributes.expect_same_length(("ngram_indexes", grams), ("weights", weights.len()))?;
    }
    let weights = if weights.is_empty() { vec![1.0; grams] } else { weights.to_vec() };
    match attributes.string("mode")? {
        Some("TF") => Ok((vec![1.0; grams], false)),
        Some("TFIDF") => Ok((weights, false)),
        Some("IDF") => Ok((weights, true)),
        other => bail!("{NAME}: mode is {:?}, expected TF, IDF or TFIDF", other.unwrap_or_default()),
    }
}

impl TfIdfVectorizer {
    /// Adds what is found in one row of tokens to its row of the output.
    fn count(&self, tokens: &[Option<u32>], row: &mut [f32]) {
        let mut found = |gram| {
            let element = self.columns.get(gram).and_then(|&column| row.get_mut(column));
            if let (Some(element), Some(&weight)) = (element, self.weights.get(gram)) {
                *element = if self.once { weight } else { *element + weight };
            }
        };
        let (min, max) = self.lengths;
        if min == 1 {
            self.ngrams.find(tokens, 1..=1, 1, &mut found);
        }
        if max > 1 {
            // Beyond the length of the row there is nothing to skip to.
            for distance in 1..=self.max_skips.saturating_add(1).min(tokens.len()) {
                self.ngrams.find(tokens, min.max(2)..=max, distance, &mut found);
            }
        }
    }
}

/// `[tokens]` or `[rows, tokens]` with columns in place of tokens.
fn counted_shape<D: Clone + From<usize>>(shape: &[D], width: usize) -> TractResult<TVec<D>> {
    match shape {
        [_] => Ok(tvec!(width.into())),
        [rows, _] => Ok(tvec!(rows.clone(), width.into())),
        _ => bail!("{NAME}: the input has rank {}, expected [tokens] or [rows, tokens]", shape.len()),
    }
}

impl Kernel for TfIdfVectorizer {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        match (&self.tokens, input.datum_type) {
            (Tokens::Ints(_), DatumType::I32 | DatumType::I64) | (Tokens::Strings(_), DatumType::String) => {}
            (Tokens::Ints(_), other) => bail!("{NAME}: the pool holds integers, the input {other:?}"),
            (Tokens::Strings(_), other) => bail!("{NAME}: the pool holds strings, the input {other:?}"),
        }
        let shape: TVec<TDim> = counted_shape(&input.shape, self.width)?;
        Ok(tvec!(Fact { datum_type: DatumType::F32, shape }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        let tokens: Vec<Option<u32>> = match &self.tokens {
            Tokens::Ints(known) => numbers::<i64>(NAME, input)?.iter().map(|token| known.get(token).copied()).collect(),
            Tokens::Strings(known) => values::<String>(input)?.iter().map(|token| known.get(token).copied()).collect(),
        };
        let shape = counted_shape(input.shape(), self.width)?;
        let rows = if let [rows, _] = input.shape() { *rows } else { 1 };
        let Some(size) = rows.checked_mul(self.width) else { bail!("{NAME}: the output is too large") };
        let mut counts = vec![0.0; size];
        // Rows without tokens are rows of zeros.
        if let Some(length) = tokens.len().checked_div(rows).filter(|&length| length > 0) {
            for (tokens, row) in tokens.chunks_exact(length).zip(counts.chunks_exact_mut(self.width)) {
                self.count(tokens, row);
            }
        }
        Ok(tvec!(tensor(&shape, counts)?))
    }
}
