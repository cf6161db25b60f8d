//! Classifiers that tell several things about a row, which skl2onnx makes of several classifiers side by side: their
//! labels are joined into one output, and the scores of each are an output of their own.

use ferrocast_engine::{Classes, TargetHint};

use super::{Role, Walker, class_list, classes};

/// How far a label is followed back to what chose it.
const STEPS: usize = 32;

impl<'g> Walker<'g> {
    /// The output with several labels for each row, and what is known of each; nothing for a graph with one label.
    pub(super) fn targets(&self) -> Option<(&'g str, Vec<TargetHint>)> {
        let mut outputs = self.graph.output.iter().map(|output| output.name.as_str());
        let (output, labels) = outputs.find_map(|name| Some((name, self.joined_labels(name, STEPS)?)))?;
        let mut scores: Vec<&str> = self.graph.output.iter().map(|output| output.name.as_str()).collect();
        scores.retain(|&name| name != output);
        // Exporters write the scores in the order of the labels; any other number of outputs is something else.
        if scores.len() != labels.len() {
            scores.clear();
        }
        let mut scores = scores.into_iter();
        Some((output, labels.iter().map(|label| self.target(label, scores.next())).collect()))
    }

    fn target(&self, label: &str, scores: Option<&str>) -> TargetHint {
        let role = scores.and_then(|name| self.role(name, STEPS));
        TargetHint {
            classes: self.classes_of(label, STEPS),
            scores: scores.map(Into::into),
            raw_scores: role.is_some_and(|role| role.is_raw()),
        }
    }

    /// The labels that are joined into the tensor `name`.
    fn joined_labels(&self, name: &str, steps: usize) -> Option<&'g [String]> {
        let node = self.makers.get(name)?;
        match node.op_type.as_str() {
            "Identity" | "Cast" if steps > 0 => self.joined_labels(node.input.first()?, steps - 1),
            "Concat" if node.input.len() > 1 => {
                let is_label = |name: &String| matches!(self.role(name, STEPS), Some(Role::Label));
                node.input.iter().all(is_label).then_some(&node.input)
            }
            _ => None,
        }
    }

    /// The classes that the label `name` was chosen from.
    fn classes_of(&self, name: &str, steps: usize) -> Option<Classes> {
        let node = self.makers.get(name)?;
        let first = node.input.first()?;
        match node.op_type.as_str() {
            "LinearClassifier" | "TreeEnsembleClassifier" | "SVMClassifier" => classes(node),
            "ArrayFeatureExtractor" => class_list(self.constants.get(first.as_str())?),
            "Identity" | "Cast" | "Reshape" | "Squeeze" if steps > 0 => self.classes_of(first, steps - 1),
            _ => None,
        }
    }
}
