//! Chains of equality tests, seen as the sets that they spell out.
//!
//! ONNX before opset 5 of `ai.onnx.ml` cannot ask whether a feature is in a set of categories, so exporters write
//! `x == 1 or x == 3 or …` as one branch for each, all with the same true child.

use super::graph::{Branch, Graph, Node, Test};
use super::rule::Rule;

/// Replaces the first branch of every chain by a test for membership. The others are no longer reached.
pub(super) fn merge(graph: &mut Graph<'_>) {
    if !graph.nodes.iter().any(|node| equality(node).is_some()) {
        return;
    }
    let parents = parents(graph);
    let sole = |position: u32| parents.get(position as usize) == Some(&1);
    for head in 0..graph.nodes.len() {
        let Some((first, value)) = graph.nodes.get(head).and_then(equality) else { continue };
        let start = graph.members.len();
        let mut children = first.children;
        let mut members = vec![value];
        // Each branch is the next of one other at most, so all chains together are no longer than the file.
        while let [_, next] = children
            && sole(next)
            && next as usize != head
            && let Some((branch, value)) = graph.nodes.get(next as usize).and_then(equality)
            && (branch.feature, branch.missing_true) == (first.feature, first.missing_true)
            && branch.children[0] == first.children[0]
        {
            members.push(value);
            children = branch.children;
            // Out of the way of later chains.
            if let Some(node) = graph.nodes.get_mut(next as usize) {
                *node = Node::Leaf(0);
            }
        }
        if members.len() > 1 {
            graph.members.append(&mut members);
            let test = Test::Member { start: start as u32, end: graph.members.len() as u32 };
            if let Some(node) = graph.nodes.get_mut(head) {
                *node = Node::Branch(Branch { test, children, ..first });
            }
        }
    }
}

/// A branch that asks for equality, and with what.
fn equality(node: &Node) -> Option<(Branch, f64)> {
    match node {
        Node::Branch(branch) => match branch.test {
            Test::Compare(Rule::Equal, value) => Some((*branch, value)),
            _ => None,
        },
        Node::Leaf(_) => None,
    }
}

/// How many references there are to each node.
fn parents(graph: &Graph<'_>) -> Vec<u32> {
    let mut counts = vec![0u32; graph.nodes.len()];
    let children = graph.nodes.iter().filter_map(|node| match node {
        Node::Branch(branch) => Some(branch.children),
        Node::Leaf(_) => None,
    });
    for position in children.flatten().chain(graph.roots.iter().copied()) {
        if let Some(count) = counts.get_mut(position as usize) {
            *count = count.saturating_add(1);
        }
    }
    counts
}
