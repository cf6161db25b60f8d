//! The fields of a message, as they lie in its bytes.

/// How a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    Varint,
    Eight,
    Bytes,
    Four,
}

/// One field of a message.
pub(super) struct Field<'a> {
    pub(super) number: u64,
    pub(super) wire: Wire,
    /// The value of a [`Wire::Varint`].
    pub(super) varint: u64,
    /// The value of every other field.
    pub(super) bytes: &'a [u8],
}

impl<'a> Field<'a> {
    /// The first field of `bytes` and what is behind it; nothing at the end, and if it is not well-formed.
    #[inline(always)]
    pub(super) fn read(bytes: &'a [u8]) -> Option<(Field<'a>, &'a [u8])> {
        let (key, bytes) = varint(bytes)?;
        let of = |wire, length, bytes: &'a [u8]| {
            let (value, behind) = bytes.split_at_checked(length)?;
            Some((Field { number: key >> 3, wire, varint: 0, bytes: value }, behind))
        };
        match key & 7 {
            0 => {
                let (value, behind) = varint(bytes)?;
                Some((Field { number: key >> 3, wire: Wire::Varint, varint: value, bytes: &[] }, behind))
            }
            1 => of(Wire::Eight, 8, bytes),
            2 => {
                let (length, bytes) = varint(bytes)?;
                of(Wire::Bytes, usize::try_from(length).ok()?, bytes)
            }
            5 => of(Wire::Four, 4, bytes),
            _ => None,
        }
    }
}

/// An integer of seven bits a byte, the lowest first, and what is behind it.
#[inline(always)]
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (&first, behind) = bytes.split_first()?;
    if first < 0x80 {
        return Some((u64::from(first), behind));
    }
    let mut value = u64::from(first & 0x7f);
    let mut rest = behind;
    // The tenth byte has room for one bit.
    for shift in (7..64).step_by(7) {
        let (&byte, behind) = rest.split_first()?;
        if shift == 63 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << shift;
        rest = behind;
        if byte < 0x80 {
            return Some((value, rest));
        }
    }
    None
}
