//! Which input columns may be missing: those for which the graph itself says what becomes of a NaN.

use std::collections::BTreeSet;

use ferrocast_engine::ColumnHint;
use ferrocast_onnx_ml::{compared_features, routes_missing};
use tract_onnx::pb::NodeProto;

use super::{Walker, attribute};

/// How far a column is followed back to an input.
const STEPS: usize = 64;

impl Walker<'_> {
    /// The columns that an imputer fills in or the graph tests, and those that trees route by whether they are there.
    ///
    /// Trees send a NaN somewhere in any case, so the columns count only if the exporter wrote down where it belongs.
    pub(super) fn missing(&self) -> Vec<ColumnHint> {
        let mut hints: Vec<ColumnHint> = Vec::new();
        for node in &self.graph.node {
            let Some(name) = node.input.first() else { continue };
            let columns: BTreeSet<usize> = match node.op_type.as_str() {
                // Whoever asks whether a number is missing knows what to do then.
                "IsNaN" => (0..self.width(name).unwrap_or(0)).collect(),
                "Imputer" if replaces_nan(node) => (0..self.width(name).unwrap_or(0)).collect(),
                "TreeEnsembleClassifier" | "TreeEnsembleRegressor" if routes_missing(node) => tested(node).collect(),
                _ => continue,
            };
            for (input, column) in columns.into_iter().filter_map(|column| self.column(name, column, STEPS)) {
                if !hints.iter().any(|hint| *hint.input == *input && hint.column == column) {
                    hints.push(ColumnHint { input: input.into(), column });
                }
            }
        }
        hints
    }
}

fn replaces_nan(imputer: &NodeProto) -> bool {
    attribute(imputer, "replaced_value_float").is_some_and(|replaced| replaced.f.is_nan())
}

/// The columns that the trees look at.
fn tested(trees: &NodeProto) -> impl Iterator<Item = usize> {
    compared_features(trees).filter_map(|column| usize::try_from(column).ok())
}
