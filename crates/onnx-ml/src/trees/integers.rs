//! Lists of integers, in as few bytes as they need.
//!
//! Of a forest's file, most are ids: six lists with a number for every node, three with one for every vote. ONNX gives each
//! number 64 bits, and they need 8 or 16. So a decoder may hand such a list over in [`PackedIntegers`]: an attribute of type
//! `TENSOR` in place of `INTS`, whose elements are unsigned, of 8, 16 or 32 bits. Both forms are read here.

use std::ops::Range;

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{AttributeProto, TensorProto};
use tract_onnx::prelude::TractResult;

use crate::attributes::Attributes;

/// Where missing values go, of every node: 1 for the true child.
pub(super) const TRACKS: &str = "nodes_missing_value_tracks_true";

/// The attributes that may be packed.
const PACKABLE: [&str; 16] = [
    "nodes_treeids",
    "nodes_nodeids",
    "nodes_featureids",
    "nodes_truenodeids",
    "nodes_falsenodeids",
    TRACKS,
    "nodes_trueleafs",
    "nodes_falseleafs",
    "class_treeids",
    "class_nodeids",
    "class_ids",
    "target_treeids",
    "target_nodeids",
    "target_ids",
    "leaf_targetids",
    "tree_roots",
];

/// A list of integers, in either form.
#[derive(Clone, Copy, Debug)]
pub(super) enum Integers<'a> {
    One(&'a [u8]),
    Two(&'a [[u8; 2]]),
    Four(&'a [[u8; 4]]),
    Eight(&'a [i64]),
    /// So many zeros.
    Zeros(usize),
}

impl<'a> Integers<'a> {
    /// Reads the list `name`, which is empty if it is absent.
    ///
    /// # Errors
    /// When it is neither integers nor packed ones.
    pub(super) fn read(attributes: Attributes<'a>, name: &str) -> TractResult<Integers<'a>> {
        if !attributes.is(name, AttributeType::Tensor) {
            return attributes.ints(name).map(Integers::Eight);
        }
        let packed = attributes.tensor(name, &[DataType::Uint8, DataType::Uint16, DataType::Uint32])?;
        Ok(packed.map_or(Integers::Zeros(0), |packed| match packed.data_type() {
            DataType::Uint8 => Integers::One(&packed.raw_data),
            DataType::Uint16 => Integers::Two(packed.raw_data.as_chunks().0),
            _ => Integers::Four(packed.raw_data.as_chunks().0),
        }))
    }

    /// The same, or `length` zeros if there is no such list.
    ///
    /// # Errors
    /// As [`Integers::read`].
    pub(super) fn read_or_zeros(attributes: Attributes<'a>, name: &str, length: usize) -> TractResult<Integers<'a>> {
        let list = Integers::read(attributes, name)?;
        Ok(if list.is_empty() { Integers::Zeros(length) } else { list })
    }

    pub(super) fn len(self) -> usize {
        match self {
            Integers::One(list) => list.len(),
            Integers::Two(list) => list.len(),
            Integers::Four(list) => list.len(),
            Integers::Eight(list) => list.len(),
            Integers::Zeros(length) => length,
        }
    }

    pub(super) fn is_empty(self) -> bool {
        self.len() == 0
    }

    pub(super) fn get(self, position: usize) -> Option<i64> {
        Some(match self {
            Integers::One(list) => i64::from(*list.get(position)?),
            Integers::Two(list) => i64::from(u16::from_le_bytes(*list.get(position)?)),
            Integers::Four(list) => i64::from(u32::from_le_bytes(*list.get(position)?)),
            Integers::Eight(list) => *list.get(position)?,
            Integers::Zeros(length) => (position < length).then_some(0)?,
        })
    }

    /// Replaces `wide` by the integers at `range`.
    pub(super) fn widen(self, range: Range<usize>, wide: &mut Vec<i64>) {
        wide.clear();
        let length = range.len();
        match self {
            Integers::One(list) => wide.extend(list.get(range).into_iter().flatten().map(|&byte| i64::from(byte))),
            Integers::Two(list) => {
                wide.extend(list.get(range).into_iter().flatten().map(|&bytes| i64::from(u16::from_le_bytes(bytes))));
            }
            Integers::Four(list) => {
                wide.extend(list.get(range).into_iter().flatten().map(|&bytes| i64::from(u32::from_le_bytes(bytes))));
            }
            Integers::Eight(list) => wide.extend_from_slice(list.get(range).unwrap_or_default()),
            Integers::Zeros(_) => wide.resize(length, 0),
        }
    }

    pub(super) fn iter(self) -> impl Iterator<Item = i64> + Clone + 'a {
        (0..self.len()).map_while(move |position| self.get(position))
    }
}

/// A list of integers as a decoder meets them, in the fewest bytes that hold all of them.
#[derive(Clone, Debug)]
pub struct PackedIntegers(Width);

#[derive(Clone, Debug)]
enum Width {
    One(Vec<[u8; 1]>),
    Two(Vec<[u8; 2]>),
    Four(Vec<[u8; 4]>),
    /// Some are negative or large: they are not packed.
    Eight(Vec<i64>),
}

impl Default for PackedIntegers {
    fn default() -> PackedIntegers {
        PackedIntegers(Width::One(vec![]))
    }
}

impl PackedIntegers {
    /// Whether the operators take the list `name` in this form.
    pub fn are_taken(name: &str) -> bool {
        PACKABLE.contains(&name)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, Width::One(list) if list.is_empty())
    }

    /// Appends integers.
    pub fn extend(&mut self, mut integers: impl Iterator<Item = i64>) {
        loop {
            let wider = match &mut self.0 {
                Width::One(list) => fill(list, &mut integers),
                Width::Two(list) => fill(list, &mut integers),
                Width::Four(list) => fill(list, &mut integers),
                Width::Eight(list) => return list.extend(integers),
            };
            match wider {
                Some(integer) => self.widen(integer),
                None => return,
            }
        }
    }

    /// Makes room for an integer that does not fit, and appends it.
    fn widen(&mut self, integer: i64) {
        self.0 = match 64 - integer.cast_unsigned().leading_zeros() {
            0..=16 => Width::Two(self.iter().map(|known| (known as u16).to_le_bytes()).collect()),
            17..=32 => Width::Four(self.iter().map(|known| (known as u32).to_le_bytes()).collect()),
            _ => Width::Eight(self.iter().collect()),
        };
        self.extend(std::iter::once(integer));
    }

    /// The integers.
    pub fn iter(&self) -> impl Iterator<Item = i64> {
        let list = match &self.0 {
            Width::One(list) => Integers::One(list.as_flattened()),
            Width::Two(list) => Integers::Two(list),
            Width::Four(list) => Integers::Four(list),
            Width::Eight(list) => Integers::Eight(list),
        };
        list.iter()
    }

    /// Puts the list into `attribute`: packed, if its integers are small, and else as `ints`.
    pub fn store(self, attribute: &mut AttributeProto) {
        let (data_type, length, raw_data) = match self.0 {
            Width::One(list) => (DataType::Uint8, list.len(), list.into_flattened()),
            Width::Two(list) => (DataType::Uint16, list.len(), list.into_flattened()),
            Width::Four(list) => (DataType::Uint32, list.len(), list.into_flattened()),
            Width::Eight(list) => return attribute.ints = list,
        };
        let dims = vec![length as i64];
        attribute.set_type(AttributeType::Tensor);
        attribute.t = Some(TensorProto { dims, data_type: data_type.into(), raw_data, ..TensorProto::default() });
    }
}

/// Appends integers as long as they fit into `BYTES`; returns the first that does not.
fn fill<const BYTES: usize>(list: &mut Vec<[u8; BYTES]>, integers: &mut impl Iterator<Item = i64>) -> Option<i64> {
    for integer in integers {
        match integer.to_le_bytes().first_chunk() {
            Some(&low) if integer.cast_unsigned() >> (8 * BYTES) == 0 => list.push(low),
            _ => return Some(integer),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use tract_onnx::pb::attribute_proto::AttributeType;
    use tract_onnx::pb::{AttributeProto, NodeProto};

    use super::{Integers, PackedIntegers};
    use crate::attributes::Attributes;

    const NAME: &str = "nodes_treeids";

    fn packed(integers: &[i64]) -> AttributeProto {
        let mut packed = PackedIntegers::default();
        integers.chunks(2).for_each(|part| packed.extend(part.iter().copied()));
        assert!(packed.iter().eq(integers.iter().copied()));
        let mut attribute = AttributeProto { name: NAME.to_owned(), ..AttributeProto::default() };
        attribute.set_type(AttributeType::Ints);
        packed.store(&mut attribute);
        attribute
    }

    #[test]
    fn a_list_is_read_as_it_was_packed() {
        let lists: [&[i64]; 6] = [
            &[],
            &[0, 255],
            &[7, 256, 1, 65_535],
            &[255, 65_536, 256, u32::MAX.into()],
            &[3, -1, 4],
            &[0, 1 << 32, i64::MAX, i64::MIN, 1],
        ];
        for list in lists {
            let node = NodeProto { attribute: vec![packed(list)], ..NodeProto::default() };
            let read = Integers::read(Attributes::new(&node), NAME).unwrap();
            assert_eq!((read.len(), read.is_empty()), (list.len(), list.is_empty()));
            assert!(read.iter().eq(list.iter().copied()), "{list:?}");
        }
    }

    #[test]
    fn a_list_takes_as_few_bytes_as_its_largest_integer() {
        let bytes = |list| packed(list).t.map(|tensor| tensor.raw_data.len());
        assert_eq!(bytes(&[1, 255, 0]), Some(3));
        assert_eq!(bytes(&[1, 256, 0]), Some(6));
        assert_eq!(bytes(&[1, 65_536, 0]), Some(12));
        assert_eq!(bytes(&[1, -1, 0]), None);
    }
}
