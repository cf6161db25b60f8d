//! Attributes that tract reads past, though they change the answer.
//!
//! A graph with one of them would load and answer wrongly without a word, so it is refused instead. The list is the
//! attributes of all versions of ONNX's operators (`onnx.defs`) that no builder of tract 0.23.9 asks for, less those of
//! training, of operators that this crate computes itself, and of rounding.

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{AttributeProto, NodeProto};

/// An attribute that is read past.
struct Ignored {
    operators: &'static [&'static str],
    attribute: &'static str,
    /// Whether the value is what tract computes anyway.
    is_harmless: fn(&NodeProto, &AttributeProto) -> bool,
}

const RECURRENT: &[&str] = &["GRU", "LSTM", "RNN"];

const IGNORED: &[Ignored] = &[
    // Before version 7, the axis along which the second input broadcasts.
    Ignored {
        operators: &["Add", "And", "Div", "Equal", "Greater", "Less", "Mul", "Or", "Pow", "Sub", "Xor"],
        attribute: "axis",
        is_harmless: |_, _| false,
    },
    Ignored { operators: &["BatchNormalization"], attribute: "training_mode", is_harmless: |_, value| value.i == 0 },
    Ignored {
        operators: &["DequantizeLinear"],
        attribute: "output_dtype",
        is_harmless: |_, value| [0, DataType::Float as i64].contains(&value.i),
    },
    Ignored { operators: RECURRENT, attribute: "activations", is_harmless: has_default_activations },
    Ignored { operators: RECURRENT, attribute: "clip", is_harmless: |_, _| false },
    Ignored {
        operators: RECURRENT,
        attribute: "layout",
        is_harmless: |node, value| value.i == 0 || !is_bidirectional(node),
    },
    Ignored { operators: &["LSTM"], attribute: "input_forget", is_harmless: |_, value| value.i == 0 },
    Ignored {
        operators: &["QuantizeLinear"],
        attribute: "output_dtype",
        // A zero point has the type of the output.
        is_harmless: |node, value| node.input.len() > 2 || [0, DataType::Uint8 as i64].contains(&value.i),
    },
    Ignored {
        operators: &["QuantizeLinear"],
        attribute: "precision",
        is_harmless: |_, value| [0, DataType::Float as i64].contains(&value.i),
    },
    // Of version 8, whose inputs are others, too.
    Ignored { operators: &["Scan"], attribute: "directions", is_harmless: |_, _| false },
];

/// What tract would not heed in the node, as `attribute=value`; `None` for most nodes.
///
/// After [`register`](crate::register()) such a node is an error when its model is built. This function tells the same of
/// a node by itself, for those who want to name all that stands in the way of a model.
///
/// ```
/// use tract_onnx::pb::{AttributeProto, NodeProto, attribute_proto::AttributeType};
///
/// let clip = AttributeProto { name: "clip".into(), f: 0.5, r#type: AttributeType::Float.into(), ..Default::default() };
/// let node = NodeProto { op_type: "LSTM".into(), attribute: vec![clip], ..Default::default() };
/// assert_eq!(ferrocast_onnx_ml::ignored_attribute(&node).as_deref(), Some("clip=0.5"));
/// ```
pub fn ignored_attribute(node: &NodeProto) -> Option<String> {
    node.attribute.iter().find_map(|attribute| {
        let mut entries = IGNORED.iter().filter(|ignored| ignored.operators.contains(&&*node.op_type));
        let ignored = entries.find(|ignored| ignored.attribute == attribute.name)?;
        (!(ignored.is_harmless)(node, attribute)).then(|| print(attribute))
    })
}

/// The operators in the list.
pub(crate) fn operators() -> impl Iterator<Item = &'static str> {
    IGNORED.iter().flat_map(|ignored| ignored.operators).copied()
}

fn is_bidirectional(node: &NodeProto) -> bool {
    node.attribute.iter().any(|attribute| attribute.name == "direction" && attribute.s == b"bidirectional")
}

/// Whether the functions are those that ONNX takes for each direction where none are named.
fn has_default_activations(node: &NodeProto, activations: &AttributeProto) -> bool {
    let defaults: &[&[u8]] = match &*node.op_type {
        "LSTM" => &[b"Sigmoid", b"Tanh", b"Tanh"],
        "GRU" => &[b"Sigmoid", b"Tanh"],
        _ => &[b"Tanh"],
    };
    activations.strings.iter().zip(defaults.iter().cycle()).all(|(name, default)| name.eq_ignore_ascii_case(default))
}

fn print(attribute: &AttributeProto) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let value = match attribute.r#type() {
        AttributeType::Int => attribute.i.to_string(),
        AttributeType::Float => attribute.f.to_string(),
        AttributeType::Strings => attribute.strings.iter().map(|string| text(string)).collect::<Vec<_>>().join(","),
        _ => text(&attribute.s),
    };
    format!("{}={value}", attribute.name)
}
