//! One row down all trees.
//!
//! The trees go in step, ten at a time, as rows do in one tree. All take as many steps as leaves are deep in the mean, which is
//! where about half of them have arrived. Those that have not go on together, a few steps at a time, until all have. So
//! nobody waits for the deepest of ten, which is twice as deep as the mean one, and no jump depends on the row but the
//! few at the end of a round.

use std::array;

use super::columns::{Feature, Rows};
use super::entry::{CONSTANT, Entry};
use super::forest::{Depth, Forest, Tree};
use super::key::Key;
use super::leaves::Leaves;
use super::places::{LARGE, MIDDLE, Places, SMALL};

/// Trees that go in step. Ten divide the hundred trees that libraries grow by default, so that no lane is idle.
const LANES: usize = 10;

/// Trees whose places are kept until they vote, which is in their order.
const KEPT: usize = 12 * LANES;

/// More than are kept: the lower bits of a number are always inside.
const WALKS: usize = KEPT.next_power_of_two();

/// The places of walks, by the number of the tree.
type Walks = [u32; WALKS];

/// Numbers of trees, those that count first. There are as many as a byte can count, so that none needs a check.
type Numbers = [u8; 1 << 8];

/// Steps before anybody is asked, at most: a chain of branches has deep leaves to which few rows come.
const MOST_STEPS: u32 = 24;

/// Steps of those that are late, before they are asked again. Measured.
const LATER_STEPS: u32 = 3;

impl<E: Entry> Forest<E> {
    /// Folds the votes for each row from `first` on into its scores, row after row.
    pub(super) fn fold_rows<F: Feature>(
        &self,
        rows: Rows<'_, F>,
        first: usize,
        targets: usize,
        scores: &mut [f64],
        vote: &impl Fn(f64, f64) -> f64,
    ) {
        if scores.is_empty() {
            return;
        }
        let mut keys = E::row(self.columns.len() + 1);
        let mut walks = [0; WALKS];
        for (row, scores) in (first..).zip(scores.chunks_exact_mut(targets)) {
            rows.fill(row, &self.columns, keys.as_mut().get_mut(1..).unwrap_or_default());
            let Some(columns) = E::window(keys.as_ref()) else { continue };
            for trees in self.trees.chunks(KEPT) {
                self.walk(trees, columns, &mut walks);
                match (&self.leaves, &mut *scores) {
                    // The one score of boosted trees and of most forests stays in a register.
                    (Leaves::Inline, [score]) => {
                        let votes = walks.iter().take(trees.len()).map(|&place| self.payload(place).weight());
                        *score = votes.fold(*score, vote);
                    }
                    (_, scores) => {
                        for (tree, place) in trees.iter().zip(walks) {
                            self.count(tree, &[place], targets, scores, vote);
                        }
                    }
                }
            }
        }
    }

    /// Takes walks to the leaves at which a row arrives in these trees, [`KEPT`] at most.
    fn walk(&self, trees: &[Tree], columns: &E::Window<1>, walks: &mut Walks) {
        let (entries, depth) = (self.entries(), self.depth);
        if let Ok(entries) = <&[E; SMALL]>::try_from(entries) {
            walk(entries, trees, depth, columns, walks);
        } else if let Ok(entries) = <&[E; MIDDLE]>::try_from(entries) {
            walk(entries, trees, depth, columns, walks);
        } else if let Ok(entries) = <&[E; LARGE]>::try_from(entries) {
            walk(entries, trees, depth, columns, walks);
        } else {
            walk(entries, trees, depth, columns, walks);
        }
    }
}

/// Takes walks to their leaves.
///
/// Not compiled into its caller: there the processor has too few registers for all lanes.
#[inline(never)]
fn walk<E: Entry>(
    entries: &(impl Places<E> + ?Sized),
    trees: &[Tree],
    depth: Depth,
    columns: &E::Window<1>,
    walks: &mut Walks,
) {
    let steps = depth.usual.min(MOST_STEPS);
    let (groups, rest) = trees.as_chunks::<LANES>();
    let (places, _) = walks.as_chunks_mut::<LANES>();
    for (group, places) in groups.iter().zip(&mut *places) {
        *places = stepped(entries, group.each_ref().map(|tree| tree.root), steps, columns);
    }
    if let ([last, ..], Some(places)) = (rest, places.get_mut(groups.len())) {
        // Lanes without a tree go where another one goes.
        let roots = array::from_fn(|lane| rest.get(lane).unwrap_or(last).root);
        *places = stepped(entries, roots, steps, columns);
    }
    if depth.most <= steps {
        return;
    }
    let mut late: Numbers = array::from_fn(|number| number as u8);
    let mut waiting = ask(entries, walks, &mut late, trees.len() as u8);
    while waiting > 0 {
        let first = late[0];
        late.iter_mut().skip(waiting.into()).take(LANES).for_each(|number| *number = first);
        for numbers in late.as_chunks::<LANES>().0.iter().take(usize::from(waiting).div_ceil(LANES)) {
            let places = stepped(entries, numbers.map(|number| *of(walks, number)), LATER_STEPS, columns);
            for (&number, place) in numbers.iter().zip(places) {
                *of(walks, number) = place;
            }
        }
        waiting = ask(entries, walks, &mut late, waiting);
    }
}

/// Keeps those of the first numbers whose walks have not arrived; returns how many these are.
#[inline(never)]
#[allow(clippy::indexing_slicing, reason = "no byte is outside")]
fn ask<E: Entry>(entries: &(impl Places<E> + ?Sized), walks: &mut Walks, late: &mut Numbers, waiting: u8) -> u8 {
    let mut left = 0u8;
    for asked in 0..waiting {
        let number = late[usize::from(asked)];
        late[usize::from(left)] = number;
        let is_late = entries.at(*of(walks, number)).column() != CONSTANT as usize;
        left = left.wrapping_add(is_late.into());
    }
    left
}

/// The walk of this number.
#[inline(always)]
#[allow(clippy::indexing_slicing, reason = "a remainder is less than what it is the remainder of")]
fn of(walks: &mut Walks, number: u8) -> &mut u32 {
    &mut walks[usize::from(number) % WALKS]
}

/// Where walks are after so many steps.
#[inline(always)]
fn stepped<E: Entry>(
    entries: &(impl Places<E> + ?Sized),
    mut places: [u32; LANES],
    steps: u32,
    columns: &E::Window<1>,
) -> [u32; LANES] {
    for _ in 0..steps {
        for place in &mut places {
            *place = entries.at(*place).next(columns, 0);
        }
    }
    places
}
