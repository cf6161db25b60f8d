//! Bytes to protobuf, and the checks that need nothing but the protobuf.

use std::collections::BTreeSet;

use ferrocast_engine::LoadError;
use tract_onnx::Onnx;
use tract_onnx::pb::tensor_proto::DataLocation;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto, TypeProto, ValueInfoProto, type_proto};

use crate::protobuf;

/// The model in `bytes`.
///
/// # Errors
/// [`LoadError::Malformed`] if this is no ONNX file; [`LoadError::Refused`] if its weights are in other files.
pub(crate) fn model(bytes: &[u8]) -> Result<ModelProto, LoadError> {
    let mut proto = protobuf::model(bytes)
        .map_err(|cause| LoadError::Malformed(format!("this is no ONNX file: {cause}").into()))?;
    ferrocast_onnx_ml::inline_functions(&mut proto).map_err(|cause| LoadError::Malformed(cause.into()))?;
    ferrocast_onnx_ml::unpack_sequences(&mut proto);
    let graph = proto.graph.as_ref().filter(|graph| !graph.node.is_empty() && !graph.output.is_empty());
    let Some(graph) = graph else {
        return Err(LoadError::Malformed("this is no ONNX file, or it holds no graph".into()));
    };
    if let Some(tensor) = external(graph) {
        return Err(LoadError::Refused(format!(
            "the weights of `{}` are in another file; save the model as one file (onnx.save with \
             save_as_external_data=False, torch.onnx.export with external_data=False)",
            tensor.name
        )));
    }
    for input in &graph.input {
        tensor_type(input)?;
    }
    for output in &graph.output {
        if !defines(graph, &output.name) {
            return Err(LoadError::Malformed(
                format!("nothing in the graph makes the output `{}`", output.name).into(),
            ));
        }
    }
    proto.graph.iter_mut().for_each(name_nodes);
    Ok(proto)
}

/// Gives nodes without a name that of their first output, which errors then say. A name is optional in ONNX.
fn name_nodes(graph: &mut GraphProto) {
    for node in &mut graph.node {
        if node.name.is_empty() {
            node.name = node.output.iter().find(|output| !output.is_empty()).cloned().unwrap_or_default();
        }
        for attribute in &mut node.attribute {
            attribute.g.iter_mut().chain(&mut attribute.graphs).for_each(name_nodes);
        }
    }
}

/// The type that the file declares for an input.
///
/// # Errors
/// [`LoadError::Shape`] if it declares none, or another type than a tensor.
pub(crate) fn tensor_type(input: &ValueInfoProto) -> Result<&type_proto::Tensor, LoadError> {
    let wrong = |reason: &str| LoadError::Shape { tensor: input.name.as_str().into(), reason: reason.to_owned() };
    match &input.r#type {
        Some(TypeProto { value: Some(type_proto::Value::TensorType(tensor)), .. }) => Ok(tensor),
        // tract reads no other type, so that which one it is gets lost.
        Some(_) => Err(wrong(
            "it is no tensor but a map, a sequence or an optional; export the model without the step that takes it \
             (such as a DictVectorizer), and send what that step would make of it",
        )),
        None => Err(wrong("the file gives it no type")),
    }
}

/// Refuses operators that the register lacks, all at once, and those with attributes that would not be heeded.
pub(crate) fn refuse_unsupported(onnx: &Onnx, model: &ModelProto) -> Result<(), LoadError> {
    let ops = unsupported(onnx, model);
    if ops.is_empty() { Ok(()) } else { Err(LoadError::Unsupported { ops }) }
}

/// The domains whose operators are in the register. tract looks an operator up by its name alone, and would take that of
/// another domain for its namesake here.
const DOMAINS: [&str; 4] = ["", "ai.onnx", "ai.onnx.ml", "com.microsoft"];

/// The operators that cannot be served, as `domain:Operator`, sorted; with an attribute where only that stands in the way.
pub(crate) fn unsupported(onnx: &Onnx, model: &ModelProto) -> Vec<String> {
    let mut ops = BTreeSet::new();
    for_each_node(model, &mut |node| {
        let is_known = DOMAINS.contains(&&*node.domain) && onnx.op_register.0.contains_key(&node.op_type);
        if !is_known {
            ops.insert(qualified(node));
        } else if let Some(attribute) = ferrocast_onnx_ml::ignored_attribute(node) {
            ops.insert(format!("{} with {attribute}", qualified(node)));
        }
    });
    ops.into_iter().collect()
}

/// Calls `visit` for every node, those of subgraphs (`If`, `Loop`, `Scan`) included.
pub(crate) fn for_each_node<'m>(model: &'m ModelProto, visit: &mut impl FnMut(&'m NodeProto)) {
    let mut graphs: Vec<&GraphProto> = model.graph.iter().collect();
    while let Some(graph) = graphs.pop() {
        for node in &graph.node {
            visit(node);
            for attribute in &node.attribute {
                graphs.extend(attribute.g.iter().chain(&attribute.graphs));
            }
        }
    }
}

/// `ai.onnx.ml:Scaler`; operators of the main domain stand without it.
pub(crate) fn qualified(node: &NodeProto) -> String {
    match node.domain.as_str() {
        "" | "ai.onnx" => node.op_type.clone(),
        domain => format!("{domain}:{}", node.op_type),
    }
}

/// The first tensor with values in another file: a weight or an attribute, of the graph or of a graph in it.
fn external(graph: &GraphProto) -> Option<&TensorProto> {
    let is_external = |tensor: &&TensorProto| tensor.data_location == Some(DataLocation::External as i32);
    let attributes = || graph.node.iter().flat_map(|node| &node.attribute);
    let plain = graph.initializer.iter().chain(attributes().flat_map(|of| of.t.iter().chain(&of.tensors)));
    let of_nodes = attributes().flat_map(|of| of.sparse_tensor.iter().chain(&of.sparse_tensors));
    let sparse = graph.sparse_initializer.iter().chain(of_nodes);
    let mut tensors = plain.chain(sparse.flat_map(|tensor| tensor.values.iter().chain(&tensor.indices)));
    let graphs = attributes().flat_map(|of| of.g.iter().chain(&of.graphs));
    tensors.find(is_external).or_else(|| graphs.into_iter().find_map(external))
}

fn defines(graph: &GraphProto, name: &str) -> bool {
    graph.input.iter().any(|input| input.name == name)
        || graph.initializer.iter().any(|tensor| tensor.name == name)
        || graph.node.iter().any(|node| node.output.iter().any(|output| output == name))
}

#[cfg(test)]
mod tests {
    use tract_onnx::pb::attribute_proto::AttributeType;
    use tract_onnx::pb::tensor_proto::DataLocation;
    use tract_onnx::pb::{
        AttributeProto, GraphProto, ModelProto, NodeProto, SparseTensorProto, TensorProto, TypeProto, ValueInfoProto,
        type_proto,
    };

    use super::{external, name_nodes, tensor_type, unsupported};

    #[test]
    fn values_in_other_files_are_found_wherever_they_are() {
        let elsewhere = || TensorProto {
            name: "w".to_owned(),
            data_location: Some(DataLocation::External as i32),
            ..TensorProto::default()
        };
        let sparse = || SparseTensorProto { values: Some(elsewhere()), ..SparseTensorProto::default() };
        let of_node = |attribute: AttributeProto| GraphProto {
            node: vec![NodeProto { attribute: vec![attribute], ..NodeProto::default() }],
            ..GraphProto::default()
        };
        let weight = || GraphProto { initializer: vec![elsewhere()], ..GraphProto::default() };
        let hidden = [
            weight(),
            GraphProto { sparse_initializer: vec![sparse()], ..GraphProto::default() },
            of_node(AttributeProto { t: Some(elsewhere()), ..AttributeProto::default() }),
            of_node(AttributeProto { tensors: vec![elsewhere()], ..AttributeProto::default() }),
            of_node(AttributeProto { sparse_tensor: Some(sparse()), ..AttributeProto::default() }),
            of_node(AttributeProto { g: Some(weight()), ..AttributeProto::default() }),
            of_node(AttributeProto {
                g: Some(of_node(AttributeProto { g: Some(weight()), ..AttributeProto::default() })),
                ..AttributeProto::default()
            }),
        ];
        for graph in &hidden {
            assert_eq!(external(graph).map(|tensor| tensor.name.as_str()), Some("w"), "{graph:?}");
        }
        assert_eq!(
            external(&of_node(AttributeProto { t: Some(TensorProto::default()), ..AttributeProto::default() })),
            None
        );
    }

    #[test]
    fn what_stands_in_the_way_is_named() {
        let node = |domain: &str, operator: &str| NodeProto {
            domain: domain.to_owned(),
            op_type: operator.to_owned(),
            ..NodeProto::default()
        };
        let clip = AttributeProto {
            name: "clip".to_owned(),
            r#type: AttributeType::Float as i32,
            f: 0.5,
            ..AttributeProto::default()
        };
        let clipped = NodeProto { attribute: vec![clip], ..node("", "LSTM") };
        let node = vec![clipped, node("", "LSTM"), node("", "Det"), node("my.domain", "Relu"), node("ai.onnx", "Relu")];
        let model = ModelProto { graph: Some(GraphProto { node, ..GraphProto::default() }), ..ModelProto::default() };
        let found = unsupported(&tract_onnx::onnx(), &model);
        assert_eq!(found, ["Det", "LSTM with clip=0.5", "my.domain:Relu"]);
    }

    #[test]
    fn nodes_are_named_after_their_first_output() {
        let node = |name: &str, output: &[&str]| NodeProto {
            name: name.to_owned(),
            output: output.iter().map(|&name| name.to_owned()).collect(),
            ..NodeProto::default()
        };
        let node = vec![node("scale", &["y"]), node("", &["", "scores"]), node("", &[])];
        let mut graph = GraphProto { node, ..GraphProto::default() };
        name_nodes(&mut graph);
        let names: Vec<&str> = graph.node.iter().map(|node| node.name.as_str()).collect();
        assert_eq!(names, ["scale", "scores", ""]);
    }

    fn input(declared: Option<TypeProto>) -> ValueInfoProto {
        ValueInfoProto { name: "features".to_owned(), r#type: declared, ..ValueInfoProto::default() }
    }

    #[test]
    fn inputs_are_tensors() {
        let value = Some(type_proto::Value::TensorType(type_proto::Tensor::default()));
        assert!(tensor_type(&input(Some(TypeProto { value, ..TypeProto::default() }))).is_ok());
        // A map arrives as a type without a value.
        let error = tensor_type(&input(Some(TypeProto::default()))).map(drop).expect_err("a map");
        assert!(error.to_string().contains("tensor `features`: it is no tensor but a map"), "{error}");
        let error = tensor_type(&input(None)).map(drop).expect_err("no type");
        assert!(error.to_string().contains("no type"), "{error}");
    }
}
