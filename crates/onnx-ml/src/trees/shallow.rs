//! Trees of at most three levels, as boosting makes them: for many rows no walk at all, but arithmetic.
//!
//! Such a tree is padded to a complete one, seven branches and eight leaves, without any index between them. All seven
//! comparisons of all rows of a block are made, then seven selections from the leaves upwards. Rows lie in columns, so
//! one instruction does several rows, and none is a jump. The idea of `QuickScorer` and its vector form (Lucchese et
//! al., 2015 and 2016), comparing everywhere instead of walking; its bit vectors pay for larger trees only.
//!
//! Each row meets the trees in the order of the file: its sum is that of a walk, to the last bit.

use super::columns::{Column, Feature, Rows};
use super::entry::{Entry, Narrow};
use super::forest::{self, Forest};
use super::key::Key;
use super::leaves::Leaves;

const LEVELS: usize = 3;
const BRANCHES: usize = (1 << LEVELS) - 1;
const LEAVES: usize = 1 << LEVELS;

/// A block costs less than this many walks of one row, even if the rest of it stays empty.
const LEAST_ROWS: usize = 4;

/// Trees that vote before their votes are added: in one loop with the doubles of the sums, the compiler takes two lanes at a
/// time instead of four.
const TREES: usize = 16;

/// A complete tree: the children of branch `i` are `2i + 1` and `2i + 2`, the last of them leaves.
#[derive(Clone, Debug)]
struct Tree {
    columns: [u32; BRANCHES],
    keys: [i32; BRANCHES],
    /// Of floats, the bits.
    weights: [u32; LEAVES],
    /// Which target all leaves vote for.
    target: u32,
}

/// A forest of small trees, each of which votes for one target.
#[derive(Debug)]
pub(super) struct Shallow {
    trees: Vec<Tree>,
}

impl Shallow {
    /// The same forest, if it has the shape.
    pub(super) fn of(forest: &Forest<Narrow>) -> Option<Shallow> {
        if !matches!(forest.leaves, Leaves::Inline) || forest.trees.iter().any(|tree| tree.depth > LEVELS as u32) {
            return None;
        }
        let trees = forest.trees.iter().map(|tree| Tree::of(forest.entries(), tree)).collect::<Option<_>>()?;
        Some(Shallow { trees })
    }

    /// Adds the votes for rows from the first on to their sums, but for the last few rows; returns how many were taken.
    pub(super) fn add_votes<F: Feature>(
        &self,
        rows: Rows<'_, F>,
        columns: &[Column],
        targets: usize,
        sums: &mut [f64],
    ) -> usize {
        let count = sums.len() / targets;
        let done = self.add_blocks::<F, 16>(rows, columns, targets, sums, (0, count / 16 * 16));
        // What is left for blocks of eight, one of which may be in part empty.
        let left = count - done;
        let taken = if left % 8 < LEAST_ROWS { left / 8 * 8 } else { left };
        self.add_blocks::<F, 8>(rows, columns, targets, sums, (done, done + taken))
    }

    /// Takes the rows `first..end` in blocks; returns `end`.
    fn add_blocks<F: Feature, const LANES: usize>(
        &self,
        rows: Rows<'_, F>,
        columns: &[Column],
        targets: usize,
        sums: &mut [f64],
        (mut first, end): (usize, usize),
    ) -> usize {
        if first == end {
            return end;
        }
        // The first column is that of leaves.
        let mut keys = vec![[u32::LOWEST; LANES]; columns.len() + 1];
        let mut signed = vec![[i32::MIN; LANES]; columns.len() + 1];
        let mut totals = vec![[0.0; LANES]; targets];
        for sums in sums.get_mut(first * targets..end * targets).unwrap_or_default().chunks_mut(LANES * targets) {
            rows.fill(first, columns, keys.get_mut(1..).unwrap_or_default());
            for (signed, keys) in signed.iter_mut().zip(&keys) {
                *signed = keys.map(in_signed_order);
            }
            totals.fill([0.0; LANES]);
            self.add_block(&signed, &mut totals);
            for (lane, row) in sums.chunks_exact_mut(targets).enumerate() {
                for (sum, total) in row.iter_mut().zip(&totals) {
                    *sum = total.get(lane).copied().unwrap_or_default();
                }
            }
            first += LANES;
        }
        end
    }

    #[allow(clippy::indexing_slicing, reason = "the hot loop; a forest is correct by construction")]
    fn add_block<const LANES: usize>(&self, columns: &[[i32; LANES]], totals: &mut [[f64; LANES]]) {
        let mut votes = [[0; LANES]; TREES];
        for trees in self.trees.chunks(TREES) {
            for (votes, tree) in votes.iter_mut().zip(trees) {
                *votes = tree.votes(columns);
            }
            for (votes, tree) in votes.iter().zip(trees) {
                for (total, &vote) in totals[tree.target as usize].iter_mut().zip(votes) {
                    *total += f64::from(f32::from_bits(vote));
                }
            }
        }
    }
}

/// Vector units compare signed integers only.
fn in_signed_order(key: u32) -> i32 {
    (key ^ 1 << 31).cast_signed()
}

impl Tree {
    /// What the rows of a block are voted, from the leaves upwards: the bits of floats.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "the hot loop; a tree has as many weights as it has leaves")]
    fn votes<const LANES: usize>(&self, columns: &[[i32; LANES]]) -> [u32; LANES] {
        let pair = |first: usize| [[self.weights[first]; LANES], [self.weights[first + 1]; LANES]];
        let left = [self.choose(columns, 3, pair(0)), self.choose(columns, 4, pair(2))];
        let right = [self.choose(columns, 5, pair(4)), self.choose(columns, 6, pair(6))];
        self.choose(columns, 0, [self.choose(columns, 1, left), self.choose(columns, 2, right)])
    }

    /// Of each lane, the side that the branch takes, in bits.
    ///
    /// Not a closure, not an `if`, and always inlined: the compiler now and then calls such small functions, or jumps to one of
    /// the sides, and a block takes three times as long.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "the hot loop; a forest is correct by construction")]
    fn choose<const LANES: usize>(
        &self,
        columns: &[[i32; LANES]],
        branch: usize,
        [yes, no]: [[u32; LANES]; 2],
    ) -> [u32; LANES] {
        let (column, key) = (&columns[self.columns[branch] as usize], self.keys[branch]);
        std::array::from_fn(|lane| {
            let above = u32::from(column[lane] > key).wrapping_neg();
            yes[lane] ^ ((yes[lane] ^ no[lane]) & above)
        })
    }

    fn of(entries: &[Narrow], tree: &forest::Tree) -> Option<Tree> {
        // Level after level: the branches of one are the parents of the next. A leaf that comes early goes on at itself
        // and what is beside it; it is chosen whatever its own lanes compare, as its column is at most any key.
        let mut level = vec![tree.root];
        let (mut columns, mut keys) = ([0; BRANCHES], [0; BRANCHES]);
        let mut slots = columns.iter_mut().zip(&mut keys);
        for _ in 0..LEVELS {
            let mut next = Vec::with_capacity(2 * level.len());
            for place in level {
                let entry: &Narrow = entries.get(place as usize)?;
                let (column, key) = slots.next()?;
                (*column, *key) = (entry.column() as u32, in_signed_order(entry.key()));
                next.extend([entry.child(), entry.child().wrapping_add(1)]);
            }
            level = next;
        }
        let mut weights = [0; LEAVES];
        for (weight, place) in weights.iter_mut().zip(level) {
            // Beside a leaf that came early there may be nothing, or another tree.
            *weight = entries.get(place as usize).map_or(0, |entry| (entry.key().weight() as f32).to_bits());
        }
        Some(Tree { columns, keys, weights, target: tree.target })
    }
}
