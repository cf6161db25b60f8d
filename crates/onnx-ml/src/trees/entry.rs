//! One step of a walk, as it lies in memory.
//!
//! An entry compares a column with a key, and goes on at one of two neighbours: at `child` if the column is at most the
//! key, at `child + 1` if it is more. So next place is a sum, with no jump in it. A leaf is an entry that goes on at
//! itself: it asks for the first column, which is [`Key::LOWEST`] in every row and thus at most anything, and so its key
//! is free to say what the leaf votes for.

use std::fmt::Debug;

use super::key::Key;

/// The column of leaves: constant. Those of features follow it.
pub(super) const CONSTANT: u32 = 0;

/// An entry in one of its layouts.
pub(super) trait Entry: Copy + Debug + Send + Sync + 'static {
    type Key: Key;

    /// The columns of `LANES` rows in a shape that every column number of such an entry is inside of.
    type Window<const LANES: usize>: ?Sized;

    /// Room for the columns of one row. On the stack, if they are few: an allocation is a tenth of a short walk.
    type Row: AsMut<[[Self::Key; 1]]> + AsRef<[[Self::Key; 1]]>;

    /// How many columns a window must have.
    const WINDOW: usize;

    /// Columns have numbers below this.
    const COLUMNS: u64;

    /// Children have places below this.
    const PLACES: u64;

    fn new(column: u32, key: Self::Key, child: u32) -> Self;

    /// The same, its child so many places further on.
    fn moved(self, places: u32) -> Self;

    fn key(self) -> Self::Key;

    fn column(self) -> usize;

    fn child(self) -> u32;

    /// Room for so many columns of a row, each [`Key::LOWEST`].
    fn row(columns: usize) -> Self::Row;

    /// The window at the start of `columns`, if there are [`Entry::WINDOW`] of them.
    fn window<const LANES: usize>(columns: &[[Self::Key; LANES]]) -> Option<&Self::Window<LANES>>;

    /// Where a row goes on, whose columns are at `lane` of the window.
    fn next<const LANES: usize>(self, window: &Self::Window<LANES>, lane: usize) -> u32;
}

/// 8 bytes, eight to a cache line: for thresholds in single precision and few columns, which is nearly always.
#[derive(Clone, Copy, Debug)]
pub(super) struct Narrow {
    key: u32,
    /// The column in the low 8 bits, the child above them.
    packed: u32,
}

impl Entry for Narrow {
    type Key = u32;

    /// As many columns as 8 bits can name, so that no number needs a check. Those that the forest does not have lie
    /// in the next window, or behind the last.
    type Window<const LANES: usize> = [[u32; LANES]; 256];
    type Row = [[u32; 1]; 256];

    const WINDOW: usize = 256;
    const COLUMNS: u64 = 1 << 8;
    const PLACES: u64 = 1 << 24;

    fn new(column: u32, key: u32, child: u32) -> Narrow {
        Narrow { key, packed: column | child << 8 }
    }

    fn moved(self, places: u32) -> Narrow {
        Narrow { packed: self.packed + (places << 8), ..self }
    }

    fn key(self) -> u32 {
        self.key
    }

    fn column(self) -> usize {
        (self.packed & 0xff) as usize
    }

    fn child(self) -> u32 {
        self.packed >> 8
    }

    fn row(_columns: usize) -> [[u32; 1]; 256] {
        [[u32::LOWEST]; 256]
    }

    fn window<const LANES: usize>(columns: &[[u32; LANES]]) -> Option<&[[u32; LANES]; 256]> {
        columns.first_chunk()
    }

    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "8 bits are inside of 256 columns; lanes are given by constants")]
    fn next<const LANES: usize>(self, window: &[[u32; LANES]; 256], lane: usize) -> u32 {
        let above = self.key < window[self.column()][lane];
        self.child().wrapping_add(above.into())
    }
}

/// 16 bytes: for double thresholds, many columns, and forests of more than 16 million nodes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wide {
    key: u64,
    column: u32,
    child: u32,
}

impl Entry for Wide {
    type Key = u64;
    type Window<const LANES: usize> = [[u64; LANES]];
    type Row = Vec<[u64; 1]>;

    const WINDOW: usize = 0;
    const COLUMNS: u64 = 1 << 32;
    const PLACES: u64 = 1 << 32;

    fn new(column: u32, key: u64, child: u32) -> Wide {
        Wide { key, column, child }
    }

    fn moved(self, places: u32) -> Wide {
        Wide { child: self.child + places, ..self }
    }

    fn key(self) -> u64 {
        self.key
    }

    fn column(self) -> usize {
        self.column as usize
    }

    fn child(self) -> u32 {
        self.child
    }

    fn row(columns: usize) -> Vec<[u64; 1]> {
        vec![[u64::LOWEST]; columns]
    }

    fn window<const LANES: usize>(columns: &[[u64; LANES]]) -> Option<&[[u64; LANES]]> {
        Some(columns)
    }

    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "the forest has numbered the columns; lanes are given by constants")]
    fn next<const LANES: usize>(self, window: &[[u64; LANES]], lane: usize) -> u32 {
        let above = self.key < window[self.column()][lane];
        self.child().wrapping_add(above.into())
    }
}
