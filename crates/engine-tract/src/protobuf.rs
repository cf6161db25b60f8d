//! Bytes to protobuf messages, with lists of numbers taken at the speed of memory.
//!
//! The attributes of a forest are millions of numbers, and each of them is a field of its own: exporters do not pack them. The
//! general decoder asks for every field which one it is and whether it is well-formed; here that is asked in one loop over
//! plain bytes. Its ids, of 64 bits each, are packed into the few bits that they need, and the modes of its nodes, which would
//! be an allocation each, become bytes of one string: what is not touched needs no memory. All else, subgraphs and what is
//! malformed included, is left to the general decoder. Fields are numbered as in onnx.proto; the encoding is that of
//! <https://protobuf.dev/programming-guides/encoding/>.

use ferrocast_onnx_ml::{PackedIntegers, mode_byte, mode_name};
use prost::{DecodeError, Message};
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto};

/// The model in `bytes`.
///
/// # Errors
/// As [`Message::decode`].
pub(crate) fn model(bytes: &[u8]) -> Result<ModelProto, DecodeError> {
    merge(ModelProto::default(), bytes, &[(7, Wire::Bytes)], |model, field, behind| {
        model.graph = Some(graph(model.graph.take().unwrap_or_default(), field.bytes)?);
        Ok(behind)
    })
}

fn graph(graph: GraphProto, bytes: &[u8]) -> Result<GraphProto, DecodeError> {
    merge(graph, bytes, &[(1, Wire::Bytes)], |graph, field, behind| {
        graph.node.push(node(field.bytes)?);
        Ok(behind)
    })
}

fn node(bytes: &[u8]) -> Result<NodeProto, DecodeError> {
    merge(NodeProto::default(), bytes, &[(5, Wire::Bytes)], |node, field, behind| {
        node.attribute.push(attribute(field.bytes)?);
        Ok(behind)
    })
}

fn attribute(bytes: &[u8]) -> Result<AttributeProto, DecodeError> {
    const LISTS: &[(u64, Wire)] = &[(7, Wire::Four), (8, Wire::Varint), (9, Wire::Bytes)];
    let (mut packed, mut modes) = (PackedIntegers::default(), Vec::new());
    let attribute = merge(AttributeProto::default(), bytes, LISTS, |attribute, field, behind| {
        Ok(match field.wire {
            Wire::Four => {
                attribute.floats.extend(field.bytes.first_chunk().map(|&bytes| f32::from_le_bytes(bytes)));
                floats(&mut attribute.floats, behind)
            }
            Wire::Varint => {
                let mut ints = Ints { first: Some(field.varint), behind };
                if attribute.ints.is_empty() && PackedIntegers::are_taken(&attribute.name) {
                    packed.extend(&mut ints);
                } else {
                    attribute.ints.extend(&mut ints);
                }
                ints.behind
            }
            _ => {
                match mode_byte(field.bytes).filter(|_| is_modes(attribute)) {
                    Some(byte) => modes.push(byte),
                    None => attribute.strings.push(field.bytes.to_vec()),
                }
                behind
            }
        })
    })?;
    Ok(with_modes(with_integers(attribute, packed), modes))
}

/// Reads as many fields `floats` as come first; returns what is behind them.
fn floats<'a>(list: &mut Vec<f32>, bytes: &'a [u8]) -> &'a [u8] {
    const KEY: u8 = 7 << 3 | 5;
    let (fields, _) = bytes.as_chunks::<5>();
    let values = fields.iter().map_while(|&[key, a, b, c, d]| (key == KEY).then_some(f32::from_le_bytes([a, b, c, d])));
    let before = list.len();
    list.extend(values);
    bytes.get(5 * (list.len() - before)..).unwrap_or_default()
}

/// As many fields `ints` as come first.
struct Ints<'a> {
    /// The value of the one that has been read.
    first: Option<u64>,
    behind: &'a [u8],
}

impl Iterator for Ints<'_> {
    type Item = i64;

    #[inline(always)]
    fn next(&mut self) -> Option<i64> {
        const KEY: u8 = 8 << 3;
        if let Some(first) = self.first.take() {
            return Some(first.cast_signed());
        }
        let value = self.behind.strip_prefix(&[KEY])?;
        let (value, behind) = varint(value)?;
        self.behind = behind;
        Some(value.cast_signed())
    }
}

/// Puts the integers that were packed into the attribute: as they are, or, if there is more to it, as the integers that
/// they were.
fn with_integers(mut attribute: AttributeProto, packed: PackedIntegers) -> AttributeProto {
    if packed.is_empty() {
        return attribute;
    }
    let is_list = attribute.ints.is_empty() && attribute.t.is_none();
    if is_list && attribute.r#type == AttributeType::Ints as i32 {
        packed.store(&mut attribute);
    } else {
        attribute.ints.splice(..0, packed.iter());
    }
    attribute
}

/// Whether the strings of this attribute are modes, as far as it is read.
fn is_modes(attribute: &AttributeProto) -> bool {
    attribute.strings.is_empty() && attribute.name == "nodes_modes"
}

/// Puts the modes that were read as bytes into the attribute: as one string of them all, or, if not all of it are modes, as
/// the strings that they were.
fn with_modes(mut attribute: AttributeProto, modes: Vec<u8>) -> AttributeProto {
    if modes.is_empty() {
        return attribute;
    }
    if is_modes(&attribute) && attribute.s.is_empty() && attribute.r#type == AttributeType::Strings as i32 {
        attribute.set_type(AttributeType::String);
        attribute.s = modes;
    } else {
        let names = modes.into_iter().filter_map(mode_name).map(|name| name.as_bytes().to_vec());
        attribute.strings.splice(..0, names);
    }
    attribute
}

/// Merges `bytes` into `message`: the fields `ours` by `take`, the others by the general decoder, all in their order.
///
/// `take` gets a field and what is behind it, of which it may take more; it returns what it leaves.
fn merge<'a, M: Message>(
    mut message: M,
    bytes: &'a [u8],
    ours: &[(u64, Wire)],
    mut take: impl FnMut(&mut M, &Field<'a>, &'a [u8]) -> Result<&'a [u8], DecodeError>,
) -> Result<M, DecodeError> {
    // From the first field that is left to the general decoder; and from the field that is looked at.
    let (mut left, mut rest) = (bytes, bytes);
    while let Some((field, behind)) = Field::read(rest) {
        if ours.contains(&(field.number, field.wire)) {
            let (others, _) = left.split_at(left.len() - rest.len());
            if !others.is_empty() {
                message.merge(others)?;
            }
            rest = take(&mut message, &field, behind)?;
            left = rest;
        } else {
            rest = behind;
        }
    }
    // Whatever could not be read is among them: the general decoder says what is wrong with it.
    message.merge(left)?;
    Ok(message)
}

/// How a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    Varint,
    Eight,
    Bytes,
    Four,
}

/// One field of a message.
struct Field<'a> {
    number: u64,
    wire: Wire,
    /// The value of a [`Wire::Varint`].
    varint: u64,
    /// The value of every other field.
    bytes: &'a [u8],
}

impl<'a> Field<'a> {
    /// The first field of `bytes` and what is behind it; nothing at the end, and if it is not well-formed.
    #[inline(always)]
    fn read(bytes: &'a [u8]) -> Option<(Field<'a>, &'a [u8])> {
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
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
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

#[cfg(test)]
mod tests {
    use ferrocast_onnx_ml::mode_name;
    use prost::Message;
    use prost::encoding::{WireType, encode_key, encode_varint};
    use tract_onnx::pb::attribute_proto::AttributeType;
    use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto, StringStringEntryProto, TensorProto};

    use super::model;

    fn sample() -> ModelProto {
        let attribute = AttributeProto {
            name: "lists".to_owned(),
            floats: vec![0.0, -1.5, f32::MIN_POSITIVE],
            ints: vec![0, 1, -1, 127, 128, i64::MAX, i64::MIN],
            strings: vec![b"LEAF".to_vec(), Vec::new()],
            g: Some(GraphProto { name: "body".to_owned(), ..GraphProto::default() }),
            i: -7,
            ..AttributeProto::default()
        };
        let node = NodeProto {
            op_type: "Op".to_owned(),
            input: vec!["x".to_owned()],
            attribute: vec![attribute, AttributeProto::default()],
            ..NodeProto::default()
        };
        let graph = GraphProto { name: "graph".to_owned(), node: vec![node.clone(), node], ..GraphProto::default() };
        let entry = StringStringEntryProto { key: "key".to_owned(), value: "value".to_owned() };
        ModelProto { ir_version: 8, graph: Some(graph), metadata_props: vec![entry], ..ModelProto::default() }
    }

    #[test]
    fn messages_are_those_of_the_general_decoder() {
        let bytes = sample().encode_to_vec();
        assert_eq!(model(&bytes).unwrap(), sample());
        // A graph in two parts is one graph.
        let twice = [bytes.as_slice(), &bytes].concat();
        assert_eq!(model(&twice).unwrap(), ModelProto::decode(twice.as_slice()).unwrap());
    }

    #[test]
    fn damaged_messages_are_judged_as_the_general_decoder_judges_them() {
        let bytes = sample().encode_to_vec();
        for length in 0..bytes.len() {
            let cut = &bytes[..length];
            assert_eq!(model(cut).ok(), ModelProto::decode(cut).ok(), "{length}");
        }
        for position in 0..bytes.len() {
            for flip in [0x01, 0x08, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[position] ^= flip;
                assert_eq!(model(&damaged).ok(), ModelProto::decode(damaged.as_slice()).ok(), "{position} {flip}");
            }
        }
    }

    fn modes(names: &[&str], kind: AttributeType) -> AttributeProto {
        let strings = names.iter().map(|name| name.as_bytes().to_vec()).collect();
        AttributeProto { name: "nodes_modes".to_owned(), strings, r#type: kind as i32, ..AttributeProto::default() }
    }

    fn decoded(attribute: &AttributeProto) -> AttributeProto {
        super::attribute(&attribute.encode_to_vec()).unwrap()
    }

    #[test]
    fn modes_are_one_string() {
        let read = decoded(&modes(&["LEAF", "BRANCH_LEQ", "LEAF"], AttributeType::Strings));
        assert_eq!((read.r#type(), read.strings.len(), read.s.len()), (AttributeType::String, 0, 3));
        assert_eq!(
            read.s.iter().filter_map(|&byte| mode_name(byte)).collect::<Vec<_>>(),
            ["LEAF", "BRANCH_LEQ", "LEAF"]
        );
    }

    /// A list of ids; and the same as exporters write it, a field each.
    fn ids(ints: &[i64], others: AttributeProto) -> (AttributeProto, Vec<u8>) {
        let others = AttributeProto { name: "nodes_treeids".to_owned(), ..others };
        let mut bytes = others.encode_to_vec();
        for &int in ints {
            encode_key(8, WireType::Varint, &mut bytes);
            encode_varint(int.cast_unsigned(), &mut bytes);
        }
        (AttributeProto { ints: ints.to_vec(), ..others }, bytes)
    }

    fn of_type(kind: AttributeType) -> AttributeProto {
        AttributeProto { r#type: kind as i32, ..AttributeProto::default() }
    }

    #[test]
    fn ids_are_bytes_of_a_tensor() {
        let (_, bytes) = ids(&[1, 300, 2], of_type(AttributeType::Ints));
        let read = super::attribute(&bytes).unwrap();
        assert_eq!((read.r#type(), read.ints.len()), (AttributeType::Tensor, 0));
        let tensor = read.t.unwrap();
        assert_eq!((tensor.dims.as_slice(), tensor.raw_data.as_slice()), (&[3][..], &[1, 0, 44, 1, 2, 0][..]));
    }

    #[test]
    fn ids_that_do_not_pack_stay_as_they_are() {
        let ints = || of_type(AttributeType::Ints);
        let both = AttributeProto { t: Some(TensorProto::default()), ..ints() };
        for (ids, bytes) in
            [ids(&[1, -1, 2], ints()), ids(&[1, 2], of_type(AttributeType::Strings)), ids(&[1, 2], both)]
        {
            assert_eq!(super::attribute(&bytes).unwrap(), ids);
        }
        // Some of them packed by protobuf: [2, 3] in one field.
        let (whole, mut bytes) = ids(&[1, 2, 3, 4], ints());
        bytes.truncate(bytes.len() - 6);
        bytes.extend([0x42, 2, 2, 3, 0x40, 4]);
        assert_eq!(super::attribute(&bytes).unwrap(), whole);
    }

    #[test]
    fn what_is_no_list_of_modes_stays_as_it_is() {
        let mut both = modes(&["LEAF"], AttributeType::Strings);
        both.s = b"text".to_vec();
        let others = [
            modes(&["LEAF", "TWIG", "LEAF"], AttributeType::Strings),
            modes(&["LEAF"], AttributeType::Ints),
            AttributeProto { name: "words".to_owned(), ..modes(&["LEAF"], AttributeType::Strings) },
            both,
        ];
        for other in others {
            assert_eq!(decoded(&other), other);
        }
    }

    #[test]
    fn packed_lists_keep_their_order() {
        // ints (field 8): 1, then [2, 3] packed, then 4.
        let attribute = [0x40, 1, 0x42, 2, 2, 3, 0x40, 4];
        let node = [&[0x2a, attribute.len() as u8][..], &attribute].concat();
        let graph = [&[0x0a, node.len() as u8][..], &node].concat();
        let bytes = [&[0x3a, graph.len() as u8][..], &graph].concat();
        assert_eq!(model(&bytes).unwrap().graph.unwrap().node[0].attribute[0].ints, [1, 2, 3, 4]);
    }
}
