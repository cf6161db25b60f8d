//! Where in a file a node is, by its tree id and node id.

use std::ops::Range;

use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

/// The nodes of a file by their ids.
#[derive(Debug)]
pub(super) struct Index {
    /// `(tree id, node id, position)`, sorted.
    ids: Vec<(i64, i64, u32)>,
}

impl Index {
    /// # Errors
    /// When a tree has two nodes with one id.
    pub(super) fn new(operator: &str, tree_ids: &[i64], node_ids: &[i64]) -> TractResult<Index> {
        let pairs = tree_ids.iter().zip(node_ids).zip(0u32..);
        let mut ids: Vec<_> = pairs.map(|((&tree, &node), position)| (tree, node, position)).collect();
        // Quick, as files have them sorted.
        ids.sort_unstable();
        for pair in ids.windows(2) {
            if let [(tree, node, _), (next_tree, next_node, _)] = pair
                && (tree, node) == (next_tree, next_node)
            {
                bail!("{operator}: nodes_nodeids: tree {tree} has two nodes {node}");
            }
        }
        Ok(Index { ids })
    }

    /// The first node of each tree that the file lists: its root. In the order of the file.
    pub(super) fn roots(&self) -> Vec<u32> {
        let trees = self.ids.chunk_by(|left, right| left.0 == right.0);
        let mut roots: Vec<u32> =
            trees.filter_map(|tree| tree.iter().map(|&(_, _, position)| position).min()).collect();
        roots.sort_unstable();
        roots
    }

    /// Look-ups that are quick for trees one after the other, with ids that count up.
    pub(super) fn finder(&self) -> Finder<'_> {
        Finder { ids: &self.ids, tree: 0..0 }
    }
}

/// Looks nodes up, and remembers the tree of the last one.
pub(super) struct Finder<'a> {
    ids: &'a [(i64, i64, u32)],
    /// Where in `ids` the nodes of that tree are.
    tree: Range<usize>,
}

impl<'a> Finder<'a> {
    /// The position of a node in the file.
    pub(super) fn find(&mut self, tree: i64, node: i64) -> Option<u32> {
        let nodes = self.nodes_of(tree)?;
        let &(_, first, _) = nodes.first()?;
        let guess = node.checked_sub(first).and_then(|offset| nodes.get(usize::try_from(offset).ok()?));
        if let Some(&(_, found, position)) = guess
            && found == node
        {
            return Some(position);
        }
        let found = nodes.binary_search_by_key(&node, |&(_, node, _)| node).ok()?;
        nodes.get(found).map(|&(_, _, position)| position)
    }

    fn nodes_of(&mut self, tree: i64) -> Option<&'a [(i64, i64, u32)]> {
        let remembered = self.ids.get(self.tree.clone())?;
        if remembered.first().is_some_and(|&(of, _, _)| of == tree) {
            return Some(remembered);
        }
        let start = self.ids.partition_point(|&(of, _, _)| of < tree);
        let end = self.ids.partition_point(|&(of, _, _)| of <= tree);
        self.tree = start..end;
        self.ids.get(start..end)
    }
}
