//! From a graph to splits, tree after tree, or an error that says what is wrong with it.

use std::ops::Range;

use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

use super::chains;
use super::columns::Column;
use super::graph::{Branch, Graph, Node, Test};
use super::split::{Child, Place, Split, Splitter};

/// Trees that share nodes are laid out each by itself, as long as that makes no more than this many times the nodes
/// and members of the file.
const MOST_COPIES: usize = 8;

/// A group of trees as splits. Those of a tree lie together, each behind those it goes on at.
#[derive(Debug)]
pub(super) struct Splits {
    /// The columns that the splits of this group ask for, in the order in which they are met.
    pub(super) columns: Vec<Column>,
    pub(super) splits: Vec<Split>,
    pub(super) trees: Vec<SplitTree>,
}

#[derive(Debug)]
pub(super) struct SplitTree {
    /// Where in the splits its own are.
    pub(super) splits: Range<usize>,
    pub(super) root: Child,
    /// The most steps from the root to a leaf.
    pub(super) depth: u32,
}

impl SplitTree {
    /// Which of the tree's own splits `child` is, if it is one.
    pub(super) fn within(&self, child: Child) -> Option<usize> {
        match child.place() {
            Place::Split(split) => (split as usize).checked_sub(self.splits.start),
            Place::Leaf(_) => None,
        }
    }
}

/// Compiles trees, graph after graph.
#[derive(Debug)]
pub(super) struct Compiler<'a> {
    operator: &'a str,
    splitter: Splitter,
    trees: Vec<SplitTree>,
}

impl<'a> Compiler<'a> {
    /// With room for the splits of so many branches.
    pub(super) fn new(operator: &'a str, branches: usize) -> Compiler<'a> {
        Compiler { operator, splitter: Splitter::with_capacity(branches), trees: vec![] }
    }

    /// Compiles the trees of `graph`.
    ///
    /// # Errors
    /// For cycles, and for trees that share so many nodes that they would fill the memory.
    pub(super) fn add(&mut self, graph: &mut Graph<'_>) -> TractResult<()> {
        chains::merge(graph);
        match ends_in_order(graph) {
            Some(ends) => self.backwards(graph, &ends),
            None => self.visited(graph),
        }
    }

    pub(super) fn finish(self) -> Splits {
        let Splitter { columns, splits, .. } = self.splitter;
        Splits { columns: columns.into_vec(), splits, trees: self.trees }
    }

    /// Compiles trees that are in order, each from its last node to its root.
    #[allow(clippy::indexing_slicing, reason = "a graph's references are in range")]
    fn backwards(&mut self, graph: &Graph<'_>, ends: &[u32]) -> TractResult<()> {
        // Where each node of the tree at hand begins.
        let mut begins = Vec::new();
        for (&root, &end) in graph.roots.iter().zip(ends) {
            let first = self.splitter.splits.len();
            let nodes = &graph.nodes[root as usize..end as usize];
            begins.clear();
            begins.resize(nodes.len(), Child::leaf(0));
            for (position, node) in nodes.iter().enumerate().rev() {
                begins[position] = match node {
                    Node::Leaf(leaf) => Child::leaf(*leaf),
                    Node::Branch(branch) => {
                        let children = branch.children.map(|child| begins[(child - root) as usize]);
                        self.splitter.branch(graph, branch, children)?
                    }
                };
            }
            self.push(first, begins[0]);
        }
        Ok(())
    }

    /// Compiles trees in any order, by going from their roots to their leaves.
    fn visited(&mut self, graph: &Graph<'_>) -> TractResult<()> {
        let left = (graph.nodes.len() + graph.members.len()).saturating_mul(MOST_COPIES);
        let mut visits =
            Visits { operator: self.operator, graph, states: vec![State::Unseen; graph.nodes.len()], left };
        for (tree, &root) in (0..).zip(&graph.roots) {
            let first = self.splitter.splits.len();
            let root = visits.tree(tree, root, &mut self.splitter)?;
            self.push(first, root);
        }
        Ok(())
    }

    /// Adds the tree whose splits are those from `first` on.
    fn push(&mut self, first: usize, root: Child) {
        let depth = self.splitter.depth(root);
        self.trees.push(SplitTree { splits: first..self.splitter.splits.len(), root, depth });
    }
}

/// Where each tree ends, if each is listed by itself and all its branches lead to later nodes, as nearly all files have
/// them. Such trees have no cycles and share no nodes.
fn ends_in_order(graph: &Graph<'_>) -> Option<Vec<u32>> {
    let all = u32::try_from(graph.nodes.len()).ok()?;
    let ends: Vec<u32> = graph.roots.iter().skip(1).copied().chain([all]).collect();
    let is_in_order = graph.roots.iter().zip(&ends).all(|(&root, &end)| {
        let nodes = graph.nodes.get(root as usize..end as usize).unwrap_or_default();
        root < end
            && (root..).zip(nodes).all(|(position, node)| match node {
                Node::Branch(branch) => branch.children.iter().all(|child| (position + 1..end).contains(child)),
                Node::Leaf(_) => true,
            })
    });
    is_in_order.then_some(ends)
}

/// What is known of a node.
#[derive(Clone, Copy)]
enum State {
    Unseen,
    /// The way to the node at hand leads through it.
    Open,
    /// Written as splits, for the given tree.
    Done {
        tree: u32,
        child: Child,
    },
}

struct Visits<'a> {
    operator: &'a str,
    graph: &'a Graph<'a>,
    states: Vec<State>,
    /// How many nodes and members may still be written.
    left: usize,
}

#[allow(clippy::indexing_slicing, reason = "a graph's references are in range")]
impl Visits<'_> {
    /// Writes all that is reached from `root`, children first; returns where the tree begins.
    ///
    /// Without recursion, as the depth is the file's choice.
    fn tree(&mut self, tree: u32, root: u32, splitter: &mut Splitter) -> TractResult<Child> {
        let mut path = vec![self.enter(root)?];
        let mut begins = Child::leaf(0);
        while let Some(&position) = path.last() {
            begins = match self.graph.nodes[position as usize] {
                Node::Leaf(leaf) => Child::leaf(leaf),
                Node::Branch(branch) => {
                    let [yes, no] = branch.children.map(|child| self.done(tree, child));
                    self.states[position as usize] = State::Open;
                    match (yes, no) {
                        (_, None) => {
                            path.push(self.enter(branch.children[1])?);
                            continue;
                        }
                        (None, _) => {
                            path.push(self.enter(branch.children[0])?);
                            continue;
                        }
                        (Some(yes), Some(no)) => splitter.branch(self.graph, &branch, [yes, no])?,
                    }
                }
            };
            self.states[position as usize] = State::Done { tree, child: begins };
            path.pop();
        }
        Ok(begins)
    }

    /// Where a child begins in this tree, if that is known already.
    fn done(&self, tree: u32, position: u32) -> Option<Child> {
        match (self.graph.nodes[position as usize], self.states[position as usize]) {
            (Node::Leaf(leaf), _) => Some(Child::leaf(leaf)),
            (_, State::Done { tree: of, child }) if of == tree => Some(child),
            _ => None,
        }
    }

    fn enter(&mut self, position: u32) -> TractResult<u32> {
        let (operator, names) = (self.operator, &self.graph.names);
        if matches!(self.states[position as usize], State::Open) {
            let name = names.of(position);
            bail!("{operator}: nodes_truenodeids and nodes_falsenodeids lead in a cycle through {name}");
        }
        let size = match self.graph.nodes[position as usize] {
            Node::Branch(Branch { test: Test::Member { start, end }, .. }) => 1 + (end - start) as usize,
            Node::Branch(_) | Node::Leaf(_) => 1,
        };
        match self.left.checked_sub(size) {
            Some(left) => self.left = left,
            None => bail!("{operator}: tree_roots: the trees share too many nodes, {} among them", names.of(position)),
        }
        Ok(position)
    }
}
