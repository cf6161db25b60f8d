//! Every rule as the one that walks know: whether a column is at most a bound.
//!
//! - `x < t` is `x <= t'`, with `t'` the last number before `t`: [`Bound::Below`].
//! - `x > t` is `x <= t` with its children exchanged; `x >= t` likewise.
//! - `x == t`, and `x` in a set, are searches in the sorted members: halving until `x` is known to be one of them or to
//!   lie between two. A set of n members takes about 2 + log2 n comparisons, where files that spell sets out as chains of
//!   `==` (LightGBM's exporter for categories) take n: see [`super::chains`].
//! - A missing value is put below or above everything, whichever side leads where it has to go.

use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

use super::columns::{Column, Columns, Missing};
use super::graph::{Branch, Graph, Test};
use super::key::{Key, Rounding};
use super::rule::Rule;

/// A comparison: is the column at most the bound?
///
/// All splits of a forest are in memory at once, so a bound is here as its kind and its threshold, which together need less.
#[derive(Clone, Copy, Debug)]
pub(super) struct Split {
    threshold: f64,
    pub(super) column: u32,
    /// Where it goes on: `[yes, no]`.
    pub(super) children: [Child; 2],
    kind: Kind,
}

/// The kinds of [`Bound`].
#[derive(Clone, Copy, Debug)]
enum Kind {
    Never,
    AtMost,
    Below,
    Always,
}

impl Split {
    fn new(column: u32, bound: Bound, children: [Child; 2]) -> Split {
        let (kind, threshold) = match bound {
            Bound::Never => (Kind::Never, 0.0),
            Bound::AtMost(threshold) => (Kind::AtMost, threshold),
            Bound::Below(threshold) => (Kind::Below, threshold),
            Bound::Always => (Kind::Always, 0.0),
        };
        Split { threshold, column, children, kind }
    }

    pub(super) fn bound(&self) -> Bound {
        match self.kind {
            Kind::Never => Bound::Never,
            Kind::AtMost => Bound::AtMost(self.threshold),
            Kind::Below => Bound::Below(self.threshold),
            Kind::Always => Bound::Always,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Bound {
    /// No number is at most this; a missing value may be.
    Never,
    AtMost(f64),
    Below(f64),
    /// All numbers are at most this; a missing value may not be.
    Always,
}

/// Where a walk goes on: a [`Place`] in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Child(u32);

/// What is there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// A split, by its position in a list of them.
    Split(u32),
    /// A leaf, by its number.
    Leaf(u32),
}

impl Child {
    /// The bit that marks a leaf. Numbers are below it: see [`super::graph::MAX_NODES`].
    const LEAF: u32 = 1 << 31;

    pub(super) fn leaf(number: u32) -> Child {
        Child(number | Child::LEAF)
    }

    /// The split at `position`, if so many fit.
    pub(super) fn split(position: usize) -> Option<Child> {
        u32::try_from(position).ok().filter(|&position| position < Child::LEAF).map(Child)
    }

    pub(super) fn place(self) -> Place {
        if self.0 < Child::LEAF { Place::Split(self.0) } else { Place::Leaf(self.0 - Child::LEAF) }
    }
}

impl Bound {
    /// The bound as a key.
    pub(super) fn key<K: Key>(self) -> K {
        match self {
            Bound::Never => K::LOWEST,
            Bound::AtMost(threshold) => K::of_double(threshold, Rounding::Up),
            Bound::Below(threshold) => K::of_double(threshold, Rounding::Up).before(),
            Bound::Always => K::HIGHEST.before(),
        }
    }

    /// Whether keys of this kind tell the threshold from its neighbours.
    pub(super) fn fits<K: Key>(self) -> bool {
        match self {
            Bound::AtMost(threshold) | Bound::Below(threshold) => K::holds(threshold),
            Bound::Never | Bound::Always => true,
        }
    }

    /// How columns round that are compared with it.
    fn rounding(self) -> Rounding {
        match self {
            Bound::Never | Bound::AtMost(_) | Bound::Always => Rounding::Up,
            Bound::Below(_) => Rounding::Down,
        }
    }
}

/// Writes branches as splits.
#[derive(Debug)]
pub(super) struct Splitter {
    pub(super) columns: Columns,
    pub(super) splits: Vec<Split>,
    /// Per split, the most steps that it takes to a leaf.
    depths: Vec<u32>,
}

impl Splitter {
    /// With room for so many splits.
    pub(super) fn with_capacity(splits: usize) -> Splitter {
        Splitter { columns: Columns::default(), splits: Vec::with_capacity(splits), depths: Vec::with_capacity(splits) }
    }

    /// Adds the splits of a branch of `graph` whose children are `[yes, no]`; returns where it begins.
    pub(super) fn branch(&mut self, graph: &Graph<'_>, branch: &Branch, [yes, no]: [Child; 2]) -> TractResult<Child> {
        let on_missing = if branch.missing_true { yes } else { no };
        // To that side of the bound where `child` is.
        let towards = |first: Child| if on_missing == first { Missing::Lowest } else { Missing::Highest };
        let feature = branch.feature;
        match branch.test {
            Test::Compare(Rule::LessOrEqual, t) => self.split(feature, towards(yes), at_most(t), [yes, no]),
            Test::Compare(Rule::Less, t) => self.split(feature, towards(yes), below(t), [yes, no]),
            Test::Compare(Rule::Greater, t) => self.split(feature, towards(no), exchanged(at_most(t)), [no, yes]),
            Test::Compare(Rule::GreaterOrEqual, t) => self.split(feature, towards(no), exchanged(below(t)), [no, yes]),
            Test::Compare(Rule::Equal | Rule::Member, t) => self.set(feature, &[t], [yes, no], on_missing),
            Test::Compare(Rule::NotEqual, t) if t.is_nan() => self.set(feature, &[], [yes, no], on_missing),
            Test::Compare(Rule::NotEqual, t) => self.set(feature, &[t], [no, yes], on_missing),
            Test::Member { start, end } => self.set(feature, graph.members(start, end), [yes, no], on_missing),
        }
    }

    fn split(&mut self, feature: u32, missing: Missing, bound: Bound, children: [Child; 2]) -> TractResult<Child> {
        let Some(split) = Child::split(self.splits.len()) else {
            bail!("a forest has more than {} comparisons", self.splits.len())
        };
        let column = self.columns.number(Column { feature, missing, rounding: bound.rounding() });
        let [yes, no] = children.map(|child| self.depth(child));
        self.splits.push(Split::new(column, bound, children));
        self.depths.push(yes.max(no).saturating_add(1));
        Ok(split)
    }

    /// The most steps from `child` to a leaf.
    pub(super) fn depth(&self, child: Child) -> u32 {
        match child.place() {
            Place::Split(position) => self.depths.get(position as usize).copied().unwrap_or(0),
            Place::Leaf(_) => 0,
        }
    }

    /// Goes on at `inside` for the members of a set, at `outside` for other numbers.
    fn set(
        &mut self,
        feature: u32,
        members: &[f64],
        [inside, outside]: [Child; 2],
        on_missing: Child,
    ) -> TractResult<Child> {
        let mut members: Vec<f64> = members.iter().copied().filter(|member| !member.is_nan()).collect();
        members.sort_unstable_by(f64::total_cmp);
        members.dedup();
        // Below and at each member: an odd number of bounds below a value says that it is a member.
        let bounds: Vec<Bound> =
            members.iter().flat_map(|&member| [Bound::Below(member), Bound::AtMost(member)]).collect();
        let found = self.search(feature, &bounds, 0, [inside, outside])?;
        // Above all bounds, a missing value is outside.
        if on_missing == outside {
            return Ok(found);
        }
        self.split(feature, Missing::Lowest, Bound::Never, [on_missing, found])
    }

    /// Finds out how many of the bounds are below the feature, `passed` more being known to be.
    fn search(&mut self, feature: u32, bounds: &[Bound], passed: usize, ends: [Child; 2]) -> TractResult<Child> {
        let (below, above) = bounds.split_at(bounds.len() / 2);
        let Some((&bound, above)) = above.split_first() else {
            let [inside, outside] = ends;
            return Ok(if passed % 2 == 1 { inside } else { outside });
        };
        let no = self.search(feature, above, passed + below.len() + 1, ends)?;
        let yes = self.search(feature, below, passed, ends)?;
        self.split(feature, Missing::Highest, bound, [yes, no])
    }
}

/// `x <= threshold`.
fn at_most(threshold: f64) -> Bound {
    if threshold.is_nan() { Bound::Never } else { Bound::AtMost(threshold) }
}

/// `x < threshold`.
fn below(threshold: f64) -> Bound {
    if threshold.is_nan() { Bound::Never } else { Bound::Below(threshold) }
}

/// The bound whose children are exchanged. A comparison with NaN, which never holds, then always does.
fn exchanged(bound: Bound) -> Bound {
    if matches!(bound, Bound::Never) { Bound::Always } else { bound }
}
