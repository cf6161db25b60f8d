//! Bytes to protobuf messages, with lists of numbers taken at the speed of memory.
//!
//! The attributes of a forest are millions of numbers, and each of them is a field of its own: exporters do not pack them. The
//! general decoder asks for every field which one it is and whether it is well-formed; here that is asked in one loop over
//! plain bytes ([`lists`]). Its ids, of 64 bits each, are packed into the few bits that they need, and the modes of its nodes,
//! which would be an allocation each, become bytes of one string: what is not touched needs no memory. All else, subgraphs and
//! what is malformed included, is left to the general decoder. Fields are numbered as in onnx.proto; the encoding is that of
//! <https://protobuf.dev/programming-guides/encoding/>.

mod field;
mod lists;

use ferrocast_onnx_ml::{PackedIntegers, in_threads, is_read_past, mode_byte, mode_name};
use prost::{DecodeError, Message};
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto};

use self::field::{Field, Wire};

/// Nodes of so many bytes are worth the threads that decode their attributes.
const LARGE_NODE: usize = 1 << 20;

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
    let mut attributes = Vec::new();
    let node = merge(NodeProto::default(), bytes, &[(5, Wire::Bytes)], |_, field, behind| {
        attributes.push(field.bytes);
        Ok(behind)
    });
    // All of them come before whatever else is wrong with the node, and so do their errors.
    let attributes = if bytes.len() < LARGE_NODE {
        attributes.into_iter().map(attribute).collect::<Result<_, _>>()?
    } else {
        in_threads(&attributes, |bytes| attribute(bytes)).into_iter().collect::<Result<_, _>>()?
    };
    Ok(NodeProto { attribute: attributes, ..node? })
}

fn attribute(bytes: &[u8]) -> Result<AttributeProto, DecodeError> {
    const LISTS: &[(u64, Wire)] = &[(7, Wire::Four), (8, Wire::Varint), (9, Wire::Bytes)];
    let (mut packed, mut modes) = (None, Vec::new());
    let attribute = merge(AttributeProto::default(), bytes, LISTS, |attribute, field, behind| {
        Ok(match field.wire {
            Wire::Four if is_read_past(&attribute.name) => lists::skip_floats(behind),
            Wire::Four => {
                attribute.floats.extend(field.bytes.first_chunk().map(|&bytes| f32::from_le_bytes(bytes)));
                lists::floats(&mut attribute.floats, behind)
            }
            Wire::Varint => {
                let packed = if attribute.ints.is_empty() && PackedIntegers::are_taken(&attribute.name) {
                    Some(packed.get_or_insert_with(|| PackedIntegers::with_capacity(1 + lists::most_integers(behind))))
                } else {
                    None
                };
                let ints = &mut attribute.ints;
                match packed {
                    Some(packed) => lists::integers(field.varint, behind, |integers| packed.extend(integers)),
                    None => lists::integers(field.varint, behind, |integers| ints.extend_from_slice(integers)),
                }
            }
            _ => match mode_byte(field.bytes).filter(|_| is_modes(attribute)) {
                Some(byte) => {
                    modes.push(byte);
                    lists::modes(&mut modes, behind)
                }
                None => {
                    attribute.strings.push(field.bytes.to_vec());
                    behind
                }
            },
        })
    })?;
    Ok(with_modes(with_integers(attribute, packed), modes))
}

/// Puts the integers that were packed into the attribute: as they are, or, if there is more to it, as the integers that
/// they were.
fn with_integers(mut attribute: AttributeProto, packed: Option<PackedIntegers>) -> AttributeProto {
    let Some(packed) = packed else { return attribute };
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

#[cfg(test)]
mod tests {
    use std::ops::Range;

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

    /// A model whose node is decoded in threads, and where in its bytes each attribute is.
    fn large() -> (ModelProto, Vec<u8>, Vec<Range<usize>>) {
        let floats: Vec<f32> = (0..100_000).map(|value| value as f32).collect();
        let attribute = |number: i64| AttributeProto {
            name: number.to_string(),
            ints: (0..10 * number).collect(),
            floats: floats.clone(),
            ..AttributeProto::default()
        };
        let attributes: Vec<AttributeProto> = (0..5).map(attribute).collect();
        let node = NodeProto { op_type: "Op".to_owned(), attribute: attributes.clone(), ..NodeProto::default() };
        let graph = GraphProto { node: vec![node], ..GraphProto::default() };
        let model = ModelProto { graph: Some(graph), ..ModelProto::default() };
        let bytes = model.encode_to_vec();
        assert!(bytes.len() > super::LARGE_NODE);
        let place = |attribute: &AttributeProto| {
            let attribute = attribute.encode_to_vec();
            let start = bytes.windows(attribute.len()).position(|window| window == attribute).unwrap();
            start..start + attribute.len()
        };
        let places = attributes.iter().map(place).collect();
        (model, bytes, places)
    }

    #[test]
    fn large_nodes_are_those_of_the_general_decoder() {
        let (expected, bytes, _) = large();
        assert_eq!(model(&bytes).unwrap(), expected);
    }

    #[test]
    fn the_first_error_of_a_large_node_is_the_one_that_is_told() {
        // Text that is none; and a field of a kind that there is not.
        const DAMAGES: [(usize, u8); 2] = [(2, 0xff), (0, 0x0e)];
        let (_, bytes, places) = large();
        for (first, second) in [(DAMAGES[0], DAMAGES[1]), (DAMAGES[1], DAMAGES[0])] {
            let damaged = |damages: &[(usize, (usize, u8))]| {
                let mut bytes = bytes.clone();
                for &(attribute, (offset, byte)) in damages {
                    bytes[places[attribute].start + offset] = byte;
                }
                model(&bytes).map(drop).unwrap_err().to_string()
            };
            let alone = damaged(&[(1, first)]);
            assert_ne!(alone, damaged(&[(1, second)]));
            assert_eq!(damaged(&[(1, first), (4, second)]), alone);
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
    fn lists_are_taken_whatever_the_lengths_of_their_fields() {
        const WIDTHS: [i64; 6] = [1, 1 << 7, 1 << 14, 1 << 40, -1, i64::MAX];
        for width in WIDTHS {
            // Longer than a block; narrow ones between wide ones, and fewer than four behind each other.
            let ints: Vec<i64> = (0..1500).map(|at| if at % 7 < 3 { width } else { at % 128 }).collect();
            let (whole, bytes) = ids(&ints, of_type(AttributeType::Strings));
            assert_eq!(super::attribute(&bytes).unwrap(), whole);
        }
    }

    /// The attribute `name` with some floats as exporters write them, a field each, and an integer between them.
    fn floats(name: &str) -> Vec<u8> {
        let mut bytes = AttributeProto { name: name.to_owned(), ..AttributeProto::default() }.encode_to_vec();
        for value in 0..9u8 {
            encode_key(7, WireType::ThirtyTwoBit, &mut bytes);
            bytes.extend(f32::from(value).to_le_bytes());
            if value == 5 {
                encode_key(8, WireType::Varint, &mut bytes);
                encode_varint(3, &mut bytes);
            }
        }
        bytes
    }

    #[test]
    fn floats_are_taken_but_for_those_that_no_operator_reads() {
        let [taken, left_out] = ["nodes_values", "nodes_hitrates"].map(floats);
        assert_eq!(super::attribute(&taken).unwrap(), AttributeProto::decode(taken.as_slice()).unwrap());
        let whole = AttributeProto::decode(left_out.as_slice()).unwrap();
        assert_eq!(super::attribute(&left_out).unwrap(), AttributeProto { floats: vec![], ..whole });
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
