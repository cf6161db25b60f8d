//! Where in a file a node is, by its tree id and node id.
//!
//! Files list tree after tree, and in each the ids count up. So the index is one of runs, and mostly one run is a tree.

use std::ops::Range;

use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

use super::integers::{Blocks, Integers};

/// The nodes of a file by their ids.
#[derive(Debug)]
pub(super) struct Index {
    /// Sorted by tree and node id, without overlaps.
    runs: Vec<Run>,
    /// The positions at which the lists come to another tree, and their end.
    borders: Vec<u32>,
}

/// Nodes of one tree with ids `first`, `first + 1`, …, at positions `position`, `position + 1`, ….
#[derive(Clone, Copy, Debug)]
struct Run {
    tree: i64,
    first: i64,
    position: u32,
    length: u32,
}

impl Run {
    /// Which of its nodes has the id `node`.
    fn offset(&self, node: i64) -> Option<u32> {
        let offset = u32::try_from(node.checked_sub(self.first)?).ok()?;
        (offset < self.length).then_some(offset)
    }
}

impl Index {
    /// # Errors
    /// When a tree has two nodes with one id.
    pub(super) fn new(operator: &str, tree_ids: Integers<'_>, node_ids: Integers<'_>) -> TractResult<Index> {
        let (mut runs, mut borders): (Vec<Run>, Vec<u32>) = (vec![], vec![]);
        let mut blocks = Blocks::new([tree_ids, node_ids]);
        // What continues the last run.
        let mut next = None;
        for range in Blocks::<2>::ranges(tree_ids.len()) {
            let first = range.start as u32;
            let [trees, nodes] = blocks.at(range);
            for ((&tree, &node), position) in trees.iter().zip(nodes).zip(first..) {
                if next != Some((tree, node)) {
                    close(&mut runs, position);
                    if runs.last().is_none_or(|run| run.tree != tree) {
                        borders.push(position);
                    }
                    runs.push(Run { tree, first: node, position, length: 1 });
                }
                next = node.checked_add(1).map(|node| (tree, node));
            }
        }
        close(&mut runs, tree_ids.len() as u32);
        borders.push(tree_ids.len() as u32);
        runs.sort_unstable_by_key(|run| (run.tree, run.first));
        for pair in runs.windows(2) {
            if let [run, next] = pair
                && run.tree == next.tree
                && run.offset(next.first).is_some()
            {
                bail!("{operator}: nodes_nodeids: tree {} has two nodes {}", next.tree, next.first);
            }
        }
        Ok(Index { runs, borders })
    }

    /// The first node of each tree that the file lists: its root. In the order of the file.
    pub(super) fn roots(&self) -> Vec<u32> {
        let trees = self.runs.chunk_by(|left, right| left.tree == right.tree);
        let mut roots: Vec<u32> = trees.filter_map(|tree| tree.iter().map(|run| run.position).min()).collect();
        roots.sort_unstable();
        roots
    }

    /// The parts of the lists in each of which all nodes of its trees are: one for each tree, if each is listed by itself.
    pub(super) fn parts(&self) -> Vec<Range<u32>> {
        let trees = self.runs.chunk_by(|left, right| left.tree == right.tree).count();
        let parts = self.borders.windows(2).filter_map(|part| Some(*part.first()?..*part.last()?));
        if trees + 1 == self.borders.len() {
            return parts.collect();
        }
        parts.reduce(|first, last| first.start..last.end).into_iter().collect()
    }

    /// Look-ups that are quick for one run after the other.
    pub(super) fn finder(&self) -> Finder<'_> {
        Finder { runs: &self.runs, last: self.runs.first().copied() }
    }
}

/// Ends the last run before `position`.
fn close(runs: &mut [Run], position: u32) {
    if let Some(run) = runs.last_mut() {
        run.length = position - run.position;
    }
}

/// Parts in groups that are worth a thread of their own. Which ones is the file's matter alone, so that a forest is the same
/// on every machine.
pub(super) fn groups(parts: &[Range<u32>]) -> Vec<&[Range<u32>]> {
    const NODES: u32 = 1 << 15;
    parts.chunk_by(|left, right| left.start / NODES == right.start / NODES).collect()
}

/// Looks nodes up, and remembers the run of the last one.
pub(super) struct Finder<'a> {
    runs: &'a [Run],
    last: Option<Run>,
}

impl Finder<'_> {
    /// The position of a node in the file.
    pub(super) fn find(&mut self, tree: i64, node: i64) -> Option<u32> {
        if let Some(run) = self.last.filter(|run| run.tree == tree)
            && let Some(offset) = run.offset(node)
        {
            return Some(run.position + offset);
        }
        let behind = self.runs.partition_point(|run| (run.tree, run.first) <= (tree, node));
        let run = *self.runs.get(behind.checked_sub(1)?)?;
        let offset = run.offset(node).filter(|_| run.tree == tree)?;
        self.last = Some(run);
        Some(run.position + offset)
    }
}
