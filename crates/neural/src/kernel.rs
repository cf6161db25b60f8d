//! The computations over one picture, each compiled for every set of instructions.
//!
//! All of them are generic over [`Simd`](fearless_simd::Simd) and inlined into one function for each set of instructions, where
//! [`dispatch`](fearless_simd::dispatch) calls them: a call in between would leave that set again.
//!
//! Sums are kept in registers for a *tile* of results: some pixels of a row, times some blocks of channels. The more of
//! both, the more often a value counts that was loaded once; there must be enough sums that none waits for the one before it
//! (8 for two units of 4 cycles each), and not more than there are registers. What pictures of 224 pixels are halved to (112,
//! 56, 28, 14, 7) are multiples of seven, and so are the tiles of AVX-512.

pub(crate) mod dense;
pub(crate) mod depthwise;
pub(crate) mod elements;
pub(crate) mod finish;
pub(crate) mod layout;
pub(crate) mod planar;
pub(crate) mod pointwise;
pub(crate) mod pool;
pub(crate) mod spatial;

use fearless_simd::{Level, f32x16, prelude::*};

use crate::packed::Group;

/// Runs the body for each number below `$count`, a constant of at most 14, written out: left as loops, the compiler does not
/// take them apart before it decides that sums in an array stay in memory, and the product is three times as slow.
macro_rules! each {
    ($count:expr, $number:ident => $body:expr) => {
        each!(@ $count, $number, $body, 0 1 2 3 4 5 6 7 8 9 10 11 12 13)
    };
    (@ $count:expr, $number:ident, $body:expr, $($value:literal)*) => {{
        $(if $value < $count {
            let $number: usize = $value;
            $body;
        })*
    }};
}
pub(crate) use each;

/// Numbers in a vector of the set of instructions, which say how many registers of what size there are.
pub(crate) const WIDE: usize = 16;
pub(crate) const MIDDLE: usize = 8;

/// Pixels of a tile where vectors have four numbers: ARM has twice the registers of SSE.
pub(crate) const NARROW_PIXELS: usize = if cfg!(target_arch = "aarch64") { 6 } else { 2 };

/// Runs the body with a tile's pixels and blocks of output channels as constants: as many as the set of instructions has
/// registers for, of a [group](crate::packed::Group) of `$blocks`.
macro_rules! in_tiles {
    ($simd:ty, $blocks:expr, |$pixels:ident, $together:ident| $body:expr) => {
        $crate::kernel::in_tiles!(@ $simd, $blocks, $pixels, $together, $body,
            ($crate::kernel::WIDE, 1) => (14, 1),
            ($crate::kernel::WIDE, 2) => (14, 2),
            ($crate::kernel::WIDE, _) => (7, 3),
            ($crate::kernel::MIDDLE, _) => (6, 1),
            (_, _) => ($crate::kernel::NARROW_PIXELS, 1))
    };
    (@ $simd:ty, $blocks:expr, $pixels:ident, $together:ident, $body:expr, $($case:pat => ($tile:expr, $count:expr)),*) => {
        match (<$simd as fearless_simd::Simd>::f32s::LEN, $blocks) {
            $($case => {
                const $pixels: usize = $tile;
                const $together: usize = $count;
                $body
            })*
        }
    };
}
pub(crate) use in_tiles;

/// The blocks of output channels that a tile takes together: two registers for each sum and more leave no room for others.
pub(crate) fn most_blocks(level: Level) -> usize {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    if level.as_avx512().is_some() {
        return 3;
    }
    // Asked for on any processor, so that the argument is used on all of them.
    usize::from(!level.is_fallback()).max(1)
}

/// Sums that begin with what is added to each output channel.
#[inline(always)]
#[allow(clippy::indexing_slicing, reason = "of constant length; a group has as many lanes of it as blocks")]
pub(crate) fn begun<S: Simd, const PIXELS: usize, const BLOCKS: usize>(
    simd: S,
    group: &Group,
) -> [[f32x16<S>; PIXELS]; BLOCKS] {
    let mut sums = [[f32x16::splat(simd, 0.0); PIXELS]; BLOCKS];
    each!(BLOCKS, block => {
        let bias = f32x16::load_array_ref(simd, &group.bias[block].0);
        each!(PIXELS, pixel => sums[block][pixel] = bias);
    });
    sums
}

/// Every set of instructions that this processor has.
#[cfg(test)]
pub(crate) fn levels() -> Vec<Level> {
    let best = Level::new();
    #[cfg(target_arch = "x86_64")]
    return [
        best.as_sse2().map(Level::Sse2),
        best.as_sse4_2().map(Level::Sse4_2),
        best.as_avx2().map(Level::Avx2),
        best.as_avx512().map(Level::Avx512),
    ]
    .into_iter()
    .flatten()
    .collect();
    #[cfg(not(target_arch = "x86_64"))]
    vec![best]
}
