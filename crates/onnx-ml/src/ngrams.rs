//! The n-grams of `TfIdfVectorizer`, found by walking a tree of them.
//!
//! Tokens become numbers first, so that each is hashed once. The tree then has one look-up per token of an n-gram, and a
//! walk ends with the first token that no n-gram continues with: the usual case, as most words stand in no pair.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

/// A set of n-grams over tokens, which are numbers that the caller gives them.
#[derive(Debug, Default)]
pub(crate) struct Ngrams {
    /// Nodes by the one before and the token between; the root is node 0.
    next: HashMap<(u32, u32), u32>,
    /// Of each node, the n-gram that ends there.
    ends: Vec<Option<usize>>,
}

impl Ngrams {
    pub(crate) fn new() -> Ngrams {
        Ngrams { next: HashMap::new(), ends: vec![None] }
    }

    /// Adds n-gram number `gram`.
    ///
    /// # Errors
    /// When it is in the set already, or the set is full.
    pub(crate) fn insert(
        &mut self,
        operator: &str,
        tokens: impl IntoIterator<Item = u32>,
        gram: usize,
    ) -> TractResult<()> {
        let mut node = 0;
        for token in tokens {
            let Ok(new) = u32::try_from(self.ends.len()) else { bail!("{operator}: the pool is too large") };
            node = *self.next.entry((node, token)).or_insert(new);
            if node == new {
                self.ends.push(None);
            }
        }
        match self.ends.get_mut(node as usize) {
            Some(end @ None) => *end = Some(gram),
            _ => bail!("{operator}: the pool holds n-gram {gram} twice"),
        }
        Ok(())
    }

    /// Calls `found` for each n-gram in `tokens`, `None` being a token of no n-gram: those of so many tokens as `lengths`
    /// says, each token `distance` behind the last.
    pub(crate) fn find(
        &self,
        tokens: &[Option<u32>],
        lengths: RangeInclusive<usize>,
        distance: usize,
        mut found: impl FnMut(usize),
    ) {
        for start in 0..tokens.len() {
            let mut node = 0;
            let walked = tokens.iter().skip(start).step_by(distance);
            for (token, length) in walked.zip(1..=*lengths.end()) {
                let Some(&next) = token.and_then(|token| self.next.get(&(node, token))) else { break };
                node = next;
                if let (true, Some(Some(gram))) = (lengths.contains(&length), self.ends.get(node as usize)) {
                    found(*gram);
                }
            }
        }
    }
}
