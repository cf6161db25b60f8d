//! The features of rows as the walks read them: keys, one column for each way a feature is asked for.
//!
//! Whatever can be decided about a value before the walk is decided here, once, and not at every branch it meets:
//! to which side it goes when it is missing, and to which single-precision neighbour a double between two of them
//! rounds, if thresholds are single (up for `x <= t`, down for `x < t`: either way the answer is that of the doubles).
//! Mostly a feature is asked for in one way and has one column; XGBoost, which learns a side for missing values at
//! each branch, needs two.

use std::collections::HashMap;

use super::key::{Key, Rounding};

/// One way to ask for a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Column {
    pub(super) feature: u32,
    pub(super) missing: Missing,
    pub(super) rounding: Rounding,
}

/// What a missing value (NaN) counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Missing {
    /// Less than any threshold.
    Lowest,
    /// More than any.
    Highest,
}

/// The columns of a forest, numbered as they are met.
#[derive(Debug, Default)]
pub(super) struct Columns {
    numbers: HashMap<Column, u32>,
    columns: Vec<Column>,
    /// The last columns met, each at the place of its feature: a forest asks for few of them, again and again.
    recent: [Option<(Column, u32)>; RECENT],
}

const RECENT: usize = 32;

impl Columns {
    /// The number of `column`, from 0.
    pub(super) fn number(&mut self, column: Column) -> u32 {
        let place = column.feature as usize % RECENT;
        if let Some(&Some((met, number))) = self.recent.get(place)
            && met == column
        {
            return number;
        }
        let next = self.columns.len() as u32;
        let number = *self.numbers.entry(column).or_insert(next);
        if number == next {
            self.columns.push(column);
        }
        if let Some(recent) = self.recent.get_mut(place) {
            *recent = Some((column, number));
        }
        number
    }

    pub(super) fn into_vec(self) -> Vec<Column> {
        self.columns
    }
}

/// A feature's value, single or double.
pub(super) trait Feature: Copy {
    fn is_nan(self) -> bool;

    /// The key of a value that is not NaN.
    fn key<K: Key>(self, rounding: Rounding) -> K;
}

impl Feature for f32 {
    fn is_nan(self) -> bool {
        self.is_nan()
    }

    fn key<K: Key>(self, _rounding: Rounding) -> K {
        K::of_single(self)
    }
}

impl Feature for f64 {
    fn is_nan(self) -> bool {
        self.is_nan()
    }

    fn key<K: Key>(self, rounding: Rounding) -> K {
        K::of_double(self, rounding)
    }
}

impl Column {
    fn key<F: Feature, K: Key>(self, value: F) -> K {
        let missing = match self.missing {
            Missing::Lowest => K::LOWEST,
            Missing::Highest => K::HIGHEST,
        };
        if value.is_nan() { missing } else { value.key(self.rounding) }
    }
}

/// Features of rows, one row after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows<'a, F> {
    pub(super) features: &'a [F],
    /// How many of them belong to a row.
    pub(super) width: usize,
}

impl<F: Feature> Rows<'_, F> {
    /// The rows but for the first few.
    pub(super) fn skip(self, count: usize) -> Self {
        Rows { features: self.features.get(count * self.width..).unwrap_or_default(), ..self }
    }

    /// The keys of `LANES` rows from `first` on, by column; lanes behind the last row keep what they have.
    #[allow(clippy::indexing_slicing, reason = "the ensemble has checked that rows have all features of the columns")]
    pub(super) fn fill<K: Key, const LANES: usize>(self, first: usize, columns: &[Column], keys: &mut [[K; LANES]]) {
        let rows = self.skip(first).features;
        for (column, keys) in columns.iter().zip(keys) {
            for (key, row) in keys.iter_mut().zip(rows.chunks_exact(self.width)) {
                *key = column.key(row[column.feature as usize]);
            }
        }
    }
}
