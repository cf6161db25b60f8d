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
            Integers::One(list) => wide.extend(within(list, range).iter().map(|&byte| i64::from(byte))),
            Integers::Two(list) => {
                wide.extend(within(list, range).iter().map(|&bytes| i64::from(u16::from_le_bytes(bytes))));
            }
            Integers::Four(list) => {
                wide.extend(within(list, range).iter().map(|&bytes| i64::from(u32::from_le_bytes(bytes))));
            }
            Integers::Eight(list) => wide.extend_from_slice(within(list, range)),
            Integers::Zeros(_) => wide.resize(length, 0),
        }
    }

    pub(super) fn iter(self) -> impl Iterator<Item = i64> + Clone + 'a {
        (0..self.len()).map_while(move |position| self.get(position))
    }
}

fn within<T>(list: &[T], range: Range<usize>) -> &[T] {
    list.get(range).unwrap_or_default()
}

/// The same positions of several lists of one length, a block at a time: widened, so that a loop over them is one over plain
/// numbers that lie in the nearest cache.
pub(super) struct Blocks<'a, const LISTS: usize> {
    lists: [Integers<'a>; LISTS],
    wide: [Vec<i64>; LISTS],
}

impl<'a, const LISTS: usize> Blocks<'a, LISTS> {
    pub(super) fn new(lists: [Integers<'a>; LISTS]) -> Blocks<'a, LISTS> {
        Blocks { lists, wide: [const { vec![] }; LISTS] }
    }

    /// The integers at `range` of each list.
    pub(super) fn at(&mut self, range: Range<usize>) -> [&[i64]; LISTS] {
        for (list, wide) in self.lists.iter().zip(&mut self.wide) {
            list.widen(range.clone(), wide);
        }
        self.wide.each_ref().map(Vec::as_slice)
    }

    /// Ranges of so many positions that a block of them is worth its overhead.
    pub(super) fn ranges(length: usize) -> impl Iterator<Item = Range<usize>> {
        const LENGTH: usize = 1024;
        (0..length).step_by(LENGTH).map(move |start| start..length.min(start + LENGTH))
    }
}

/// A list of integers as a decoder meets them, in the fewest bytes that hold all of them.
#[derive(Clone, Debug)]
pub struct PackedIntegers {
    list: Width,
    /// How many there will be at most: room for them is made at once, as a list that grows is copied into ever more memory.
    most: usize,
}

#[derive(Clone, Debug)]
enum Width {
    /// There are no integers yet.
    None,
    One(Vec<[u8; 1]>),
    Two(Vec<[u8; 2]>),
    Four(Vec<[u8; 4]>),
    /// Some are negative or large: they are not packed.
    Eight(Vec<i64>),
}

impl PackedIntegers {
    /// An empty list, for so many integers at most.
    pub fn with_capacity(most: usize) -> PackedIntegers {
        PackedIntegers { list: Width::None, most }
    }

    /// Whether the operators take the list `name` in this form.
    pub fn are_taken(name: &str) -> bool {
        PACKABLE.contains(&name)
    }

    /// Appends integers: many at a time, as their widths are compared first.
    pub fn extend(&mut self, integers: &[i64]) {
        let bits = integers.iter().fold(0, |bits, integer| bits | integer.cast_unsigned());
        self.widen(64 - bits.leading_zeros());
        match &mut self.list {
            Width::None => {}
            Width::One(list) => list.extend(integers.iter().map(|&integer| (integer as u8).to_le_bytes())),
            Width::Two(list) => list.extend(integers.iter().map(|&integer| (integer as u16).to_le_bytes())),
            Width::Four(list) => list.extend(integers.iter().map(|&integer| (integer as u32).to_le_bytes())),
            Width::Eight(list) => list.extend_from_slice(integers),
        }
    }

    /// Makes room for integers of so many bits.
    fn widen(&mut self, bits: u32) {
        self.list = match (&self.list, bits) {
            (Width::One(_), ..=8) | (Width::Two(_), ..=16) | (Width::Four(_), ..=32) | (Width::Eight(_), _) => return,
            (Width::None, ..=8) => Width::One(self.wider(|known| (known as u8).to_le_bytes())),
            (Width::None | Width::One(_), ..=16) => Width::Two(self.wider(|known| (known as u16).to_le_bytes())),
            (Width::None | Width::One(_) | Width::Two(_), ..=32) => {
                Width::Four(self.wider(|known| (known as u32).to_le_bytes()))
            }
            _ => Width::Eight(self.wider(|known| known)),
        };
    }

    fn wider<T>(&self, of: impl Fn(i64) -> T) -> Vec<T> {
        let mut list = Vec::with_capacity(self.most);
        list.extend(self.iter().map(of));
        list
    }

    /// The integers.
    pub fn iter(&self) -> impl Iterator<Item = i64> {
        let list = match &self.list {
            Width::None => Integers::Zeros(0),
            Width::One(list) => Integers::One(list.as_flattened()),
            Width::Two(list) => Integers::Two(list),
            Width::Four(list) => Integers::Four(list),
            Width::Eight(list) => Integers::Eight(list),
        };
        list.iter()
    }

    /// Puts the list into `attribute`: packed, if its integers are small, and else as `ints`.
    pub fn store(self, attribute: &mut AttributeProto) {
        let (data_type, length, raw_data) = match self.list {
            Width::None => (DataType::Uint8, 0, vec![]),
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

#[cfg(test)]
mod tests {
    use tract_onnx::pb::attribute_proto::AttributeType;
    use tract_onnx::pb::{AttributeProto, NodeProto};

    use super::{Integers, PackedIntegers};
    use crate::attributes::Attributes;

    const NAME: &str = "nodes_treeids";

    fn packed(integers: &[i64]) -> AttributeProto {
        let mut packed = PackedIntegers::with_capacity(3);
        integers.chunks(2).for_each(|part| packed.extend(part));
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
