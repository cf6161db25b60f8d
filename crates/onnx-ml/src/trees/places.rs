//! Entries by their places.

/// Sizes to which forests are filled up with entries that nobody goes to: 8, 64 and 512 KiB of them. A place in one of them is
/// inside of it by its bits alone, which takes two of nine instructions off each step.
pub(super) const SMALL: usize = 1 << 10;
pub(super) const MIDDLE: usize = 1 << 13;
pub(super) const LARGE: usize = 1 << 16;

/// The size to which so many entries are filled up; as many if there are more than in the largest.
pub(super) fn filled_up(entries: usize) -> usize {
    [SMALL, MIDDLE, LARGE].into_iter().find(|&size| size >= entries).unwrap_or(entries)
}

/// All entries of a forest.
pub(super) trait Places<E> {
    /// The one at this place, which has to be one of the forest's.
    fn at(&self, place: u32) -> E;
}

impl<E: Copy> Places<E> for [E] {
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "the hot loop; a forest is correct by construction")]
    fn at(&self, place: u32) -> E {
        self[place as usize]
    }
}

/// Of a size that is a power of two.
impl<E: Copy, const SIZE: usize> Places<E> for [E; SIZE] {
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "a remainder is less than what it is the remainder of")]
    fn at(&self, place: u32) -> E {
        self[place as usize % SIZE]
    }
}
