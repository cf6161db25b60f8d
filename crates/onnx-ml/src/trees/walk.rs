//! The hot loop: rows down the trees.
//!
//! A walk is a chain of loads, each waiting for the last. So several walks go in step, and none of them jumps: a walk
//! that has arrived goes on at its leaf until the others have arrived too, which is looked for only now and then. Together
//! they are rows in one tree; those that are left over go down all trees one by one (`lone_row.rs`). Interleaving
//! walks is old advice; see Asadi, Lin and de Vries, "Runtime optimizations for tree-based machine learning models", 2014.
//!
//! Rows go through the forest in blocks, so that a tree is fetched into the cache once for many rows; each row meets the
//! trees in the order of the file, so its sums have the same bits in every batch.

use super::columns::{Feature, Rows};
use super::entry::Entry;
use super::forest::{Forest, Tree};
use super::key::Key;
use super::leaves::Leaves;

/// Rows that go in step through a tree. Measured: fewer wait for each other, more do not fit the registers.
const LANES: usize = 8;

/// Steps before they are asked whether they all have arrived. Measured.
const STEPS: u32 = 4;

/// Groups of rows that go through a tree before the next tree.
const BLOCK: usize = 32;

/// The columns of a block take at most this many bytes, a part of the second-level cache. One group they may always have.
const BLOCK_BYTES: usize = 1 << 17;

impl<E: Entry> Forest<E> {
    /// Folds the votes for each row into its scores, one per target.
    pub(super) fn fold<F: Feature>(
        &self,
        rows: Rows<'_, F>,
        targets: usize,
        scores: &mut [f64],
        vote: impl Fn(f64, f64) -> f64,
    ) {
        let in_step = scores.len() / targets / LANES * LANES;
        let (blocks, rest) = scores.split_at_mut(in_step * targets);
        self.fold_groups(rows, targets, blocks, &vote);
        self.fold_rows(rows, in_step, targets, rest, &vote);
    }

    /// Eight rows in step, tree after tree.
    fn fold_groups<F: Feature>(
        &self,
        rows: Rows<'_, F>,
        targets: usize,
        scores: &mut [f64],
        vote: &impl Fn(f64, f64) -> f64,
    ) {
        if scores.is_empty() {
            return;
        }
        let columns = self.columns.len() + 1;
        let groups = (BLOCK_BYTES / (columns * size_of::<[E::Key; LANES]>())).clamp(1, BLOCK);
        let groups = groups.min(scores.len() / targets / LANES);
        let mut keys = vec![[E::Key::LOWEST; LANES]; groups * columns + E::WINDOW];
        let mut first = 0;
        for scores in scores.chunks_mut(groups * LANES * targets) {
            for (keys, _) in keys.chunks_exact_mut(columns).zip(scores.chunks(LANES * targets)) {
                rows.fill(first, &self.columns, keys.get_mut(1..).unwrap_or_default());
                first += LANES;
            }
            for tree in &self.trees {
                for (group, scores) in scores.chunks_exact_mut(LANES * targets).enumerate() {
                    let Some(window) = keys.get(group * columns..).and_then(E::window) else { continue };
                    let places = rows_in_step(self.entries(), tree, window);
                    self.count(tree, &places, targets, scores, vote);
                }
            }
        }
    }

    /// Counts the votes of the leaves at `places` of a tree, each for one row of scores.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "the hot loop; a forest is correct by construction")]
    pub(super) fn count(
        &self,
        tree: &Tree,
        places: &[u32],
        targets: usize,
        scores: &mut [f64],
        vote: &impl Fn(f64, f64) -> f64,
    ) {
        for (&place, scores) in places.iter().zip(scores.chunks_exact_mut(targets)) {
            let payload = self.payload(place);
            match &self.leaves {
                Leaves::Inline => {
                    let score = &mut scores[tree.target as usize];
                    *score = vote(*score, payload.weight());
                }
                Leaves::Rows(weights) => {
                    let row = &weights[payload.index() * targets..][..targets];
                    scores.iter_mut().zip(row).for_each(|(score, &weight)| *score = vote(*score, weight));
                }
                Leaves::Lists { starts, votes } => {
                    let list = payload.index();
                    for &(target, weight) in &votes[starts[list] as usize..starts[list + 1] as usize] {
                        let score = &mut scores[target as usize];
                        *score = vote(*score, weight);
                    }
                }
            }
        }
    }

    /// What the leaf at `place` says.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "the hot loop; a forest is correct by construction")]
    pub(super) fn payload(&self, place: u32) -> E::Key {
        self.entries()[place as usize].key()
    }
}

/// The places of the leaves at which eight rows arrive, each in its lane of the columns.
#[inline(always)]
fn rows_in_step<E: Entry>(entries: &[E], tree: &Tree, columns: &E::Window<LANES>) -> [u32; LANES] {
    let mut places = [tree.root; LANES];
    for _ in 0..tree.depth / STEPS {
        for _ in 1..STEPS {
            step(entries, columns, &mut places);
        }
        if !step(entries, columns, &mut places) {
            return places;
        }
    }
    for _ in 0..tree.depth % STEPS {
        step(entries, columns, &mut places);
    }
    places
}

/// Takes each walk one step; returns whether any has moved. Not a closure: those are not always compiled into their
/// callers, and then the places are no registers.
#[inline(always)]
#[allow(clippy::indexing_slicing, reason = "the hot loop; a forest is correct by construction")]
fn step<E: Entry>(entries: &[E], columns: &E::Window<LANES>, places: &mut [u32; LANES]) -> bool {
    let mut moved = 0;
    for (lane, place) in places.iter_mut().enumerate() {
        let from = *place;
        *place = entries[from as usize].next(columns, lane);
        moved |= *place ^ from;
    }
    moved != 0
}
