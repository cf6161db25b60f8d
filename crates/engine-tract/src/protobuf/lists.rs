//! Lists of which each element is a field of its own, one loop for each kind.
//!
//! Each takes as many fields of the list as come first, and returns what is behind them.

use ferrocast_onnx_ml::mode_byte;

use super::field::{Field, Wire, varint};

/// So many integers are decoded before they are passed on: enough to do it in lanes, few enough to stay in the nearest cache.
const BLOCK: usize = 512;

/// Appends the values of fields `floats`.
pub(super) fn floats<'a>(list: &mut Vec<f32>, bytes: &'a [u8]) -> &'a [u8] {
    let (fields, behind) = float_fields(bytes);
    list.extend(fields.iter().map(|&[_, a, b, c, d]| f32::from_le_bytes([a, b, c, d])));
    behind
}

/// Reads past fields `floats`.
pub(super) fn skip_floats(bytes: &[u8]) -> &[u8] {
    float_fields(bytes).1
}

/// The fields `floats` that come first, all of one length; and what is behind them.
fn float_fields(bytes: &[u8]) -> (&[[u8; 5]], &[u8]) {
    const KEY: u8 = 7 << 3 | 5;
    let (fields, _) = bytes.as_chunks::<5>();
    let others = fields.iter().position(|&[key, ..]| key != KEY).unwrap_or(fields.len());
    let (fields, _) = fields.split_at(others);
    (fields, bytes.get(fields.as_flattened().len()..).unwrap_or_default())
}

/// How many fields `ints` there are in `bytes` at most.
pub(super) fn most_integers(bytes: &[u8]) -> usize {
    bytes.len() / 2
}

/// Passes `first` and the values of the fields `ints` behind it to `take`, in blocks.
pub(super) fn integers(first: u64, mut bytes: &[u8], mut take: impl FnMut(&[i64])) -> &[u8] {
    let mut block = [first.cast_signed(); BLOCK];
    // The first one is there already.
    let mut start = 1;
    loop {
        let (length, behind) = fill(block.get_mut(start..).unwrap_or_default(), bytes);
        take(block.get(..start + length).unwrap_or_default());
        if length == 0 {
            return behind;
        }
        (start, bytes) = (0, behind);
    }
}

/// Writes the values of fields `ints` to a block; returns how many there were for it.
fn fill<'a>(block: &mut [i64], mut bytes: &'a [u8]) -> (usize, &'a [u8]) {
    let mut length = 0;
    for quad in block.as_chunks_mut::<4>().0 {
        if let Some((values, behind)) = four_of_one_byte(bytes) {
            *quad = values;
            bytes = behind;
            length += 4;
            continue;
        }
        for slot in quad {
            let Some((value, behind)) = integer(bytes) else { return (length, bytes) };
            *slot = value;
            bytes = behind;
            length += 1;
        }
    }
    (length, bytes)
}

const INTEGER: u8 = 8 << 3;

/// The values of four fields `ints`, if each has one byte: most lists are of small numbers.
#[inline(always)]
fn four_of_one_byte(bytes: &[u8]) -> Option<([i64; 4], &[u8])> {
    const KEYS: u64 = u64::from_le_bytes([INTEGER, 0, INTEGER, 0, INTEGER, 0, INTEGER, 0]);
    const MASK: u64 = u64::from_le_bytes([0xff, 0x80, 0xff, 0x80, 0xff, 0x80, 0xff, 0x80]);
    let (&fields, behind) = bytes.split_first_chunk::<8>()?;
    let [_, a, _, b, _, c, _, d] = fields;
    (u64::from_le_bytes(fields) & MASK == KEYS).then_some(([a, b, c, d].map(i64::from), behind))
}

/// The value of a field `ints`.
#[inline(always)]
fn integer(bytes: &[u8]) -> Option<(i64, &[u8])> {
    if let [INTEGER, low @ 0x80..=0xff, high @ 0..=0x7f, behind @ ..] = bytes {
        return Some((i64::from(low & 0x7f) | i64::from(*high) << 7, behind));
    }
    let (value, behind) = varint(bytes.strip_prefix(&[INTEGER])?)?;
    Some((value.cast_signed(), behind))
}

/// Appends the bytes of the modes in fields `strings`.
pub(super) fn modes<'a>(list: &mut Vec<u8>, mut bytes: &'a [u8]) -> &'a [u8] {
    /// The bytes of the shortest field, that of a leaf.
    const SHORTEST: usize = 6;
    list.reserve(bytes.len() / SHORTEST);
    /// There are seven modes, and forests have two.
    const MOST: usize = 8;
    let mut met: Vec<MetMode> = Vec::with_capacity(MOST);
    loop {
        let known = bytes.first_chunk().and_then(|&bytes| {
            let word = u128::from_le_bytes(bytes);
            met.iter().find(|mode| word & mode.mask == mode.field)
        });
        let behind = if let Some(mode) = known {
            list.push(mode.byte);
            bytes.get(mode.length..).unwrap_or_default()
        } else if let Some((byte, behind)) = mode(bytes) {
            list.push(byte);
            met.extend(MetMode::new(bytes, bytes.len() - behind.len(), byte).filter(|_| met.len() < MOST));
            behind
        } else {
            return bytes;
        };
        bytes = behind;
    }
}

/// A mode that was met, with its whole field as a number, which compares at once.
struct MetMode {
    field: u128,
    /// The bits of the field, of a number of all bytes from there on.
    mask: u128,
    length: usize,
    byte: u8,
}

impl MetMode {
    /// The mode whose field is the first `length` of `bytes`, if a number has room for it.
    fn new(bytes: &[u8], length: usize, byte: u8) -> Option<MetMode> {
        let mask = (1u128.checked_shl(8 * u32::try_from(length).ok()?)?).wrapping_sub(1);
        Some(MetMode { field: u128::from_le_bytes(*bytes.first_chunk()?) & mask, mask, length, byte })
    }
}

/// The byte of the mode in a field `strings`.
fn mode(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (field, behind) = Field::read(bytes).filter(|(field, _)| (field.number, field.wire) == (9, Wire::Bytes))?;
    Some((mode_byte(field.bytes)?, behind))
}
