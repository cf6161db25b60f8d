//! Tells whether what is read is what was written: SQLite does not look whether a disk changed a byte of it.

use rusqlite::types::ValueRef;

/// A digest long enough for accidents.
pub(super) type Seal = [u8; 8];

/// The seal of these values, in their order.
pub(super) fn seal<'a>(values: impl IntoIterator<Item = ValueRef<'a>>) -> Seal {
    let mut hasher = blake3::Hasher::new();
    let mut part = |kind: u8, bytes: &[u8]| {
        hasher.update(&[kind]);
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    for value in values {
        match value {
            ValueRef::Null => part(0, &[]),
            ValueRef::Integer(number) => part(1, &number.to_le_bytes()),
            ValueRef::Real(number) => part(2, &number.to_le_bytes()),
            ValueRef::Text(bytes) => part(3, bytes),
            ValueRef::Blob(bytes) => part(4, bytes),
        }
    }
    let mut seal = Seal::default();
    hasher.finalize_xof().fill(&mut seal);
    seal
}
