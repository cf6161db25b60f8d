//! Two passes over a picture: each row to its new width, each column to its new height, in Pillow's order.
//!
//! To the bit what Pillow's `ImagingResample` computes for bytes: sums of bytes and 22-bit weights, rounded to a byte after
//! each pass. Only what is wanted of the result is computed, and a row is handed on as soon as it is finished.
//!
//! Sums of 16-bit products are the widest that every processor of the last twenty years adds up in pairs
//! (`pmaddwd` on x86-64, `smull` on ARM), so a weight is taken in two halves of 11 bits: `w = upper * 2^11 + lower`. Pixels
//! come in pairs too: those that are neighbours in the direction of the pass. The sum of all fits into 32 bits; those of the
//! halves may not (a small negative weight has a large lower half), but they wrap, and put together they are the sum again.

use bytemuck::cast;
use ferrocast_schema::Filter;
use wide::{i16x8, i32x4, i32x8, u8x16};

use super::geometry::{Axis, Geometry};
use super::picture::{CHANNELS, Picture};
use super::weights::{PRECISION, Window, windows};

/// Bits of a weight's lower half.
const LOWER: u32 = 11;

/// Half of a unit, so that cutting a sum off rounds it.
const HALF: i32 = 1 << (PRECISION - 1);

/// Rows that are taken through the first pass at a time, so that weights are loaded once for all of them.
const ROWS: usize = 4;

/// Bytes that the second pass takes at a time.
const COLUMNS: usize = 16;

/// Bytes that may be read behind the last pixel of a row: pixels are taken in pairs.
const OVERHANG: usize = CHANNELS;

/// Resizes the picture and gives the wanted rows to `row`, top to bottom, each with its number from 0.
pub(super) fn resample(picture: &Picture, geometry: &Geometry, filter: Filter, mut row: impl FnMut(usize, &[u8])) {
    let across: Vec<Taps> = windows(filter, &geometry.across).iter().map(Taps::of).collect();
    let down: Vec<Taps> = windows(filter, &geometry.down).iter().map(Taps::of).collect();
    if across.is_empty() {
        return;
    }
    if rows_first(geometry) {
        merged(&narrowed(picture, &across, &down), &down, across.len() * CHANNELS, &mut row);
    } else {
        merged_first(picture, &across, &down, &mut row);
    }
}

/// Pillow 13 shortens the columns first if their height shrinks by more than twice of what the width does. Up to Pillow 12 it
/// never did; as the passes round, results differ where contrasts are sharp.
fn rows_first(Geometry { across, down }: &Geometry) -> bool {
    let shrinks = |axis: &Axis| axis.picture as i64 - axis.resized as i64;
    shrinks(down) <= 0 || shrinks(down) <= 2 * shrinks(across)
}

/// Lines of bytes, one after the other.
struct Lines {
    bytes: Vec<u8>,
    /// Bytes from one to the next.
    stride: usize,
    /// The number of the first one in the picture.
    first: usize,
}

/// The first pass over the rows that the second one needs.
fn narrowed(picture: &Picture, across: &[Taps], down: &[Taps]) -> Lines {
    let first = down.iter().map(|taps| taps.start).min().unwrap_or(0);
    let end = down.iter().map(|taps| taps.end).max().unwrap_or(0);
    let stride = line_bytes(across);
    // The rows beyond the last that make the number a whole one are never looked at.
    let mut bytes = vec![0; (end - first).next_multiple_of(ROWS) * stride];
    let from = picture.stride();
    let rows = picture.pixels().get(first * from..end * from).unwrap_or_default();
    for (number, to) in bytes.chunks_exact_mut(ROWS * stride).enumerate() {
        let wanted = number * ROWS * from..(number + 1) * ROWS * from + OVERHANG;
        // Reading on behind the last row would leave the picture.
        let mut last = Vec::new();
        let block = rows.get(wanted.clone()).unwrap_or_else(|| {
            last.extend_from_slice(rows.get(wanted.start..).unwrap_or_default());
            last.resize(wanted.len(), 0);
            &last
        });
        narrow(block, from, across, to, stride);
    }
    Lines { bytes, stride, first }
}

/// The second pass, to rows of `length` bytes.
fn merged(lines: &Lines, down: &[Taps], length: usize, row: &mut impl FnMut(usize, &[u8])) {
    let mut line = vec![0; lines.stride];
    for (number, taps) in down.iter().enumerate() {
        merge(&lines.bytes, lines.stride, taps.start - lines.first, taps, &mut line);
        row(number, line.get(..length).unwrap_or_default());
    }
}

/// Both passes the other way round, a few rows of the result at a time.
fn merged_first(picture: &Picture, across: &[Taps], down: &[Taps], row: &mut impl FnMut(usize, &[u8])) {
    let from = picture.stride().next_multiple_of(COLUMNS);
    let mut block = vec![0; ROWS * from + OVERHANG];
    let stride = line_bytes(across);
    let mut lines = vec![0; ROWS * stride];
    for (number, group) in down.chunks(ROWS).enumerate() {
        for (taps, line) in group.iter().zip(block.chunks_exact_mut(from)) {
            merge(picture.pixels(), picture.stride(), taps.start, taps, line);
        }
        narrow(&block, from, across, &mut lines, stride);
        for (offset, line) in lines.chunks_exact(stride).take(group.len()).enumerate() {
            row(number * ROWS + offset, line.get(..across.len() * CHANNELS).unwrap_or_default());
        }
    }
}

/// Bytes of a line between the passes: whole lanes, and one behind the last pixel, as pixels are written four bytes at a time.
fn line_bytes(across: &[Taps]) -> usize {
    (across.len() * CHANNELS + 1).next_multiple_of(COLUMNS)
}

/// The pixels that count for a new one, and their weights as the passes take them.
struct Taps {
    /// The first pixel.
    start: usize,
    /// One behind the last.
    end: usize,
    pairs: Vec<Pair>,
}

/// The weights of two neighbours, each pair repeated for all lanes.
#[derive(Clone, Copy)]
struct Pair {
    upper: i16x8,
    lower: i16x8,
}

impl Taps {
    fn of(window: &Window) -> Taps {
        let pairs = window.weights.chunks(2).map(|pair| {
            let [first, second] = [pair.first(), pair.get(1)].map(|weight| weight.copied().unwrap_or(0));
            let halves = |half: fn(i32) -> i32| {
                // A weight is far below 2^26 in size, so that its upper half fits.
                let [first, second] = [half(first) as i16, half(second) as i16];
                i16x8::new([first, second, first, second, first, second, first, second])
            };
            Pair { upper: halves(|weight| weight >> LOWER), lower: halves(|weight| weight & ((1 << LOWER) - 1)) }
        });
        Taps { start: window.start, end: window.end(), pairs: pairs.collect() }
    }
}

/// The sums of four values at a time.
#[derive(Clone, Copy)]
struct Sums {
    upper: i32x4,
    lower: i32x4,
}

impl Sums {
    fn new() -> Sums {
        Sums { upper: i32x4::splat(0), lower: i32x4::splat(HALF) }
    }

    #[inline(always)]
    fn add(&mut self, pixels: i16x8, weights: &Pair) {
        self.upper += pixels.dot(weights.upper);
        self.lower += pixels.dot(weights.lower);
    }

    /// Rounded.
    #[inline(always)]
    fn whole(self) -> i32x4 {
        let sum: i32x4 = (self.upper << LOWER as i32) + self.lower;
        sum >> PRECISION as i32
    }
}

/// The sums of four groups of four, each kept within what a byte holds: filters with negative weights overshoot.
#[inline(always)]
fn bytes([a, b, c, d]: [Sums; 4]) -> [[u8; 4]; 4] {
    let narrowed = |first: Sums, second: Sums| {
        let both: i32x8 = cast([first.whole(), second.whole()]);
        i16x8::from_i32x8_saturate(both)
    };
    cast(u8x16::narrow_i16x8(narrowed(a, b), narrowed(c, d)))
}

/// One pass over as many rows as are taken at a time: `from` bytes each before, `stride` behind it.
fn narrow(block: &[u8], from: usize, across: &[Taps], to: &mut [u8], stride: usize) {
    let (to_a, to) = to.split_at_mut(stride);
    let (to_b, to) = to.split_at_mut(stride);
    let (to_c, to_d) = to.split_at_mut(stride);
    for (place, taps) in across.iter().enumerate() {
        let start = taps.start * CHANNELS;
        let (a, b) = (pixel_pairs(block, start), pixel_pairs(block, start + from));
        let (c, d) = (pixel_pairs(block, start + 2 * from), pixel_pairs(block, start + 3 * from));
        let [mut sums_a, mut sums_b, mut sums_c, mut sums_d] = [Sums::new(); ROWS];
        // One counter for all of them, which is why they are written out.
        for ((((a, b), c), d), pair) in a.iter().zip(b).zip(c).zip(d).zip(&taps.pairs) {
            sums_a.add(neighbours(a), pair);
            sums_b.add(neighbours(b), pair);
            sums_c.add(neighbours(c), pair);
            sums_d.add(neighbours(d), pair);
        }
        let [a, b, c, d] = bytes([sums_a, sums_b, sums_c, sums_d]);
        put(to_a, place, a);
        put(to_b, place, b);
        put(to_c, place, c);
        put(to_d, place, d);
    }
}

/// Writes a pixel, and a fourth byte that the next one overwrites.
#[inline(always)]
fn put(line: &mut [u8], place: usize, pixel: [u8; 4]) {
    if let Some(bytes) = line.get_mut(place * CHANNELS..).and_then(|rest| rest.first_chunk_mut()) {
        *bytes = pixel;
    }
}

/// From `start` on, the bytes of two pixels at a time.
#[inline(always)]
fn pixel_pairs(block: &[u8], start: usize) -> &[[u8; 2 * CHANNELS]] {
    block.get(start..).unwrap_or_default().as_chunks().0
}

/// Of r g b R G B the pairs r R, g G, b B.
#[inline(always)]
fn neighbours(pixels: &[u8; 2 * CHANNELS]) -> i16x8 {
    // Two words that overlap are fewer instructions than words without what is not wanted in them.
    let ([first @ .., _, _], [_, _, second @ ..]) = (pixels, pixels);
    let first: u8x16 = cast([u32::from_ne_bytes(*first), 0, 0, 0]);
    let second: u8x16 = cast([(u32::from_le_bytes(*second) >> 8).to_le(), 0, 0, 0]);
    widened(u8x16::unpack_low(first, second))
}

/// The first eight bytes as 16 bits each.
#[inline(always)]
fn widened(bytes: u8x16) -> i16x8 {
    let [first, second] = zeros_behind(bytes);
    cast(u8x16::unpack_low(first, second))
}

/// The last eight bytes as 16 bits each.
#[inline(always)]
fn widened_last(bytes: u8x16) -> i16x8 {
    let [first, second] = zeros_behind(bytes);
    cast(u8x16::unpack_high(first, second))
}

/// In the order in which this machine stores the bytes of a number.
#[inline(always)]
fn zeros_behind(bytes: u8x16) -> [u8x16; 2] {
    let zeros = u8x16::splat(0);
    if cfg!(target_endian = "little") { [bytes, zeros] } else { [zeros, bytes] }
}

/// The other pass: one row out of those from `first` on.
fn merge(rows: &[u8], stride: usize, first: usize, taps: &Taps, line: &mut [u8]) {
    let (line, _) = line.as_chunks_mut::<COLUMNS>();
    for (column, to) in line.iter_mut().enumerate() {
        let mut sums = [Sums::new(); COLUMNS / 4];
        let mut start = first * stride + column * COLUMNS;
        for pair in &taps.pairs {
            // The last of an odd number has no neighbour, which then counts for nothing.
            let [above, below] = [start, start + stride].map(|start| columns(rows, start));
            for (sums, pixels) in sums.iter_mut().zip(column_pairs(above, below)) {
                sums.add(pixels, pair);
            }
            start += 2 * stride;
        }
        *to = cast(bytes(sums));
    }
}

/// Bytes from `start` on; behind the last there are zeros.
#[inline(always)]
fn columns(rows: &[u8], start: usize) -> u8x16 {
    match rows.get(start..).and_then(|rest| rest.first_chunk::<COLUMNS>()) {
        Some(bytes) => cast(*bytes),
        None => last_columns(rows.get(start..).unwrap_or_default()),
    }
}

#[cold]
fn last_columns(rest: &[u8]) -> u8x16 {
    let mut bytes = [0; COLUMNS];
    bytes.iter_mut().zip(rest).for_each(|(byte, last)| *byte = *last);
    cast(bytes)
}

/// The pairs of what stands above each other, four at a time.
#[inline(always)]
fn column_pairs(above: u8x16, below: u8x16) -> [i16x8; COLUMNS / 4] {
    let (left, right) = (u8x16::unpack_low(above, below), u8x16::unpack_high(above, below));
    [widened(left), widened_last(left), widened(right), widened_last(right)]
}

#[cfg(test)]
mod tests {
    use ferrocast_schema::{ImageSize, Resize};

    use super::*;

    /// Numbers that look random, the same ones always.
    fn noise(count: usize) -> Vec<u8> {
        let next = |state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
        std::iter::successors(Some(7), next).map(|state| (state >> 24) as u8).take(count).collect()
    }

    /// One pass as its formula says: lines of `old` values to lines of as many as there are windows.
    fn pass(values: &[u8], old: usize, windows: &[Window]) -> Vec<u8> {
        let value = |line: &[u8], window: &Window| {
            let weighted = line[window.start..].iter().zip(&window.weights);
            let sum =
                weighted.fold(i64::from(HALF), |sum, (&value, &weight)| sum + i64::from(value) * i64::from(weight));
            (sum >> PRECISION).clamp(0, 255) as u8
        };
        values.chunks_exact(old).flat_map(|line| windows.iter().map(move |window| value(line, window))).collect()
    }

    /// Columns to rows.
    fn transposed(values: &[u8], width: usize) -> Vec<u8> {
        (0..width).flat_map(|column| values.iter().skip(column).step_by(width).copied()).collect()
    }

    fn by_the_book(picture: &Picture, geometry: &Geometry, filter: Filter) -> Vec<u8> {
        let (across, down) = (windows(filter, &geometry.across), windows(filter, &geometry.down));
        let (width, height) = (picture.width(), picture.height());
        let colour = |offset: usize| {
            let values: Vec<u8> = picture.pixels().iter().skip(offset).step_by(CHANNELS).copied().collect();
            if rows_first(geometry) {
                let narrowed = pass(&values, width, &across);
                transposed(&pass(&transposed(&narrowed, across.len()), height, &down), down.len())
            } else {
                let merged = transposed(&pass(&transposed(&values, width), height, &down), down.len());
                pass(&merged, width, &across)
            }
        };
        let colours = [0, 1, 2].map(colour);
        (0..colours[0].len()).flat_map(|index| colours.each_ref().map(|colour| colour[index])).collect()
    }

    #[test]
    fn lanes_change_nothing() {
        let sizes = [(2, 2), (3, 5), (64, 48), (61, 33), (200, 3), (3, 200)];
        for (old, new) in sizes.into_iter().flat_map(|old| sizes.map(|new| (old, new))) {
            let (width, height) = old;
            let picture = Picture::new(width, height, noise(width * height * CHANNELS)).unwrap();
            for filter in [Filter::Nearest, Filter::Bilinear, Filter::Bicubic, Filter::Lanczos] {
                for resize in [Resize::Exact, Resize::ShorterSide, Resize::Fit] {
                    let (width, height) = (new.0 as u32, new.1 as u32);
                    let size = ImageSize { width, height, resize, filter, ..ImageSize::default() };
                    let geometry = Geometry::of(&size, picture.width(), picture.height());
                    let mut all = Vec::new();
                    resample(&picture, &geometry, filter, |number, row| {
                        assert_eq!(number * geometry.across.wanted * CHANNELS, all.len());
                        all.extend_from_slice(row);
                    });
                    assert_eq!(
                        all,
                        by_the_book(&picture, &geometry, filter),
                        "{old:?} to {new:?} {filter:?} {resize:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn sums_of_many_small_weights_wrap_back() {
        let bright = noise(8192 * 2 * CHANNELS).into_iter().map(|value| value | 0xe0).collect();
        let picture = Picture::new(8192, 2, bright).unwrap();
        for (width, filter) in [(1, Filter::Lanczos), (2, Filter::Lanczos), (3, Filter::Bicubic)] {
            let size = ImageSize { width, height: 2, filter, ..ImageSize::default() };
            let geometry = Geometry::of(&size, 8192, 2);
            let mut all = Vec::new();
            resample(&picture, &geometry, filter, |_, row| all.extend_from_slice(row));
            assert_eq!(all, by_the_book(&picture, &geometry, filter), "{width} {filter:?}");
        }
    }

    #[test]
    fn extremes_do_not_overflow() {
        for value in [0, 255] {
            let picture = Picture::new(4096, 2, vec![value; 4096 * 2 * CHANNELS]).unwrap();
            let size = ImageSize { width: 2, height: 2, ..ImageSize::default() };
            let geometry = Geometry::of(&size, 4096, 2);
            resample(&picture, &geometry, Filter::Lanczos, |_, row| assert_eq!(row, [value; 2 * CHANNELS]));
        }
    }
}
