//! Outputs that are sequences of tensors, a type that tract does not have. skl2onnx makes one of the probabilities of a
//! classifier with several labels: a tensor for each label, as they may have different numbers of classes.

use std::collections::HashSet;
use std::mem;

use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, ValueInfoProto};

/// Replaces every output that a `SequenceConstruct` makes by the tensors of that sequence, in their order.
///
/// ```
/// use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, ValueInfoProto};
///
/// let pack = NodeProto {
///     op_type: "SequenceConstruct".into(), input: vec!["first".into(), "second".into()], output: vec!["all".into()],
///     ..Default::default()
/// };
/// let output = ValueInfoProto { name: "all".into(), ..Default::default() };
/// let graph = GraphProto { node: vec![pack], output: vec![output], ..Default::default() };
/// let mut model = ModelProto { graph: Some(graph), ..Default::default() };
/// ferrocast_onnx_ml::unpack_sequences(&mut model);
/// let names: Vec<_> = model.graph.unwrap_or_default().output.into_iter().map(|output| output.name).collect();
/// assert_eq!(names, ["first", "second"]);
/// ```
///
/// A sequence that the graph itself goes on to use is left as it is, as an operator that is not supported.
pub fn unpack_sequences(model: &mut ModelProto) {
    let Some(graph) = model.graph.as_mut().filter(|graph| graph.node.iter().any(packs)) else { return };
    let outputs = mem::take(&mut graph.output);
    graph.output = outputs.into_iter().flat_map(|output| members(output, &graph.node)).collect();
    let mut used = HashSet::new();
    names_used(graph, &mut used);
    let used: HashSet<String> = used.into_iter().map(str::to_owned).collect();
    graph.node.retain(|node| !packs(node) || node.output.iter().any(|name| used.contains(name)));
}

/// The tensors that stand for `output`: itself, if it is no sequence.
fn members(output: ValueInfoProto, nodes: &[NodeProto]) -> Vec<ValueInfoProto> {
    match nodes.iter().find(|node| packs(node) && node.output.contains(&output.name)) {
        // Their types are declared nowhere.
        Some(pack) => {
            pack.input.iter().map(|name| ValueInfoProto { name: name.clone(), ..ValueInfoProto::default() }).collect()
        }
        None => vec![output],
    }
}

fn packs(node: &NodeProto) -> bool {
    node.op_type == "SequenceConstruct" && matches!(node.domain.as_str(), "" | "ai.onnx")
}

/// Every name that something in the graph takes, the branches and bodies of its nodes included.
fn names_used<'g>(graph: &'g GraphProto, used: &mut HashSet<&'g str>) {
    used.extend(graph.output.iter().map(|output| output.name.as_str()));
    for node in &graph.node {
        used.extend(node.input.iter().map(String::as_str));
        let graphs = node.attribute.iter().flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs));
        graphs.for_each(|graph| names_used(graph, used));
    }
}

#[cfg(test)]
mod tests {
    use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto, ValueInfoProto};

    use super::unpack_sequences;

    fn node(op_type: &str, input: &[&str], output: &str) -> NodeProto {
        NodeProto {
            op_type: op_type.to_owned(),
            input: input.iter().map(|&name| name.to_owned()).collect(),
            output: vec![output.to_owned()],
            ..NodeProto::default()
        }
    }

    fn output(name: &str) -> ValueInfoProto {
        ValueInfoProto { name: name.to_owned(), ..ValueInfoProto::default() }
    }

    /// The outputs and the operators of a graph without its sequences.
    fn unpacked(node: Vec<NodeProto>, outputs: &[&str]) -> (Vec<String>, Vec<String>) {
        let output = outputs.iter().map(|name| output(name)).collect();
        let graph = GraphProto { node, output, ..GraphProto::default() };
        let mut model = ModelProto { graph: Some(graph), ..ModelProto::default() };
        unpack_sequences(&mut model);
        let graph = model.graph.unwrap();
        let names = graph.output.into_iter().map(|output| output.name).collect();
        (names, graph.node.into_iter().map(|node| node.op_type).collect())
    }

    #[test]
    fn members_stand_where_the_sequence_stood() {
        let nodes = || vec![node("Relu", &["x"], "a"), node("SequenceConstruct", &["a", "x"], "all")];
        let (outputs, operators) = unpacked(nodes(), &["a", "all", "x"]);
        assert_eq!(outputs, ["a", "a", "x", "x"]);
        assert_eq!(operators, ["Relu"]);
        // A sequence that is no output.
        assert_eq!(unpacked(nodes(), &["a"]), (vec!["a".to_owned()], vec!["Relu".to_owned()]));
    }

    #[test]
    fn a_sequence_that_is_used_stays() {
        let take = node("SequenceAt", &["all", "i"], "first");
        let (outputs, operators) = unpacked(vec![node("SequenceConstruct", &["x"], "all"), take.clone()], &["first"]);
        assert_eq!((outputs[0].as_str(), operators.len()), ("first", 2));
        let branch = GraphProto { node: vec![take], ..GraphProto::default() };
        let branch = AttributeProto { g: Some(branch), ..AttributeProto::default() };
        let choose = NodeProto { attribute: vec![branch], ..node("If", &["c"], "first") };
        let (_, operators) = unpacked(vec![node("SequenceConstruct", &["x"], "all"), choose], &["first"]);
        assert_eq!(operators, ["SequenceConstruct", "If"]);
    }

    #[test]
    fn sequences_of_another_domain_are_another_matter() {
        let foreign = NodeProto { domain: "my.domain".to_owned(), ..node("SequenceConstruct", &["x"], "all") };
        let (outputs, operators) = unpacked(vec![foreign], &["all"]);
        assert_eq!((outputs[0].as_str(), operators.len()), ("all", 1));
    }
}
