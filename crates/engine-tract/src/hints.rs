//! What a file says beside its graph: class labels, encoders' categories, exporter, metadata.

mod missing;
mod targets;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use ferrocast_engine::{CategoryHint, CategoryValues, ClassOutputs, Classes, ModelHints};
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto};

/// Reads every hint. What the file does not say, or says in a way not understood, is left out.
pub(crate) fn read(model: &ModelProto) -> ModelHints {
    let opsets = model.opset_import.iter().map(|import| {
        let domain = if import.domain.is_empty() { "ai.onnx" } else { &import.domain };
        (domain.to_owned(), import.version)
    });
    let producer = format!("{} {}", model.producer_name, model.producer_version);
    let mut hints = ModelHints {
        metadata: model.metadata_props.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect(),
        producer: Some(producer.trim().to_owned()).filter(|name| !name.is_empty()),
        opsets: opsets.collect::<BTreeMap<_, _>>(),
        ..ModelHints::default()
    };
    if let Some(graph) = &model.graph {
        let walker = Walker::new(graph);
        if let Some((label, targets)) = walker.targets() {
            hints.class_outputs = Some(ClassOutputs { label: Some(label.into()), scores: None, raw_scores: false });
            hints.targets = targets;
        } else {
            hints.classes = walker.classifier().and_then(classes).or_else(|| walker.constant_classes());
            hints.class_outputs = walker.class_outputs();
        }
        hints.categories = walker.categories();
        hints.missing = walker.missing();
    }
    hints
}

/// The classes that a classifier or a ZipMap carries in its attributes.
fn classes(node: &NodeProto) -> Option<Classes> {
    let ints = ["classlabels_int64s", "classlabels_ints"].iter().find_map(|name| attribute(node, name));
    if let Some(ints) = ints.filter(|a| !a.ints.is_empty()) {
        return Some(Classes::Int(ints.ints.clone()));
    }
    let strings = attribute(node, "classlabels_strings").filter(|a| !a.strings.is_empty())?;
    Some(Classes::Str(strings.strings.iter().map(|text| String::from_utf8_lossy(text).as_ref().into()).collect()))
}

fn attribute<'n>(node: &'n NodeProto, name: &str) -> Option<&'n AttributeProto> {
    node.attribute.iter().find(|attribute| attribute.name == name)
}

/// Follows a graph's edges backwards.
struct Walker<'g> {
    graph: &'g GraphProto,
    makers: HashMap<&'g str, &'g NodeProto>,
    constants: HashMap<&'g str, &'g TensorProto>,
    inputs: HashSet<&'g str>,
}

impl<'g> Walker<'g> {
    fn new(graph: &'g GraphProto) -> Walker<'g> {
        let makers = graph.node.iter().flat_map(|node| node.output.iter().map(move |name| (name.as_str(), node)));
        let constants: HashMap<_, _> = graph.initializer.iter().map(|t| (t.name.as_str(), t)).collect();
        let inputs = graph.input.iter().map(|input| input.name.as_str());
        Walker {
            graph,
            makers: makers.collect(),
            inputs: inputs.filter(|name| !constants.contains_key(name)).collect(),
            constants,
        }
    }

    /// The node that knows the classes: a ZipMap, which names the columns of its scores, or the last classifier.
    fn classifier(&self) -> Option<&'g NodeProto> {
        let is = |node: &&NodeProto, name: &str| node.op_type == name && classes(node).is_some();
        let mut nodes = self.graph.node.iter().rev();
        nodes.clone().find(|node| is(node, "ZipMap")).or_else(|| {
            nodes.find(|node| {
                ["LinearClassifier", "TreeEnsembleClassifier", "SVMClassifier"].iter().any(|n| is(node, n))
            })
        })
    }

    /// Exporters of ensembles look the label up in a constant list of classes by the index of the best score.
    fn constant_classes(&self) -> Option<Classes> {
        let lookups = self.graph.node.iter().rev().filter(|node| node.op_type == "ArrayFeatureExtractor");
        let constants = lookups.filter_map(|node| self.constants.get(node.input.first()?.as_str()));
        constants.copied().find_map(class_list)
    }

    /// A ZipMap's output holds the scores; a classifier's first output, or the look-up's, is the label.
    fn class_outputs(&self) -> Option<ClassOutputs> {
        let mut found = ClassOutputs { label: None, scores: None, raw_scores: false };
        for output in &self.graph.output {
            match self.role(&output.name, 32) {
                Some(Role::Label) => found.label = Some(output.name.as_str().into()),
                Some(Role::Scores { raw }) => {
                    found.scores = Some(output.name.as_str().into());
                    found.raw_scores = raw;
                }
                None => {}
            }
        }
        (found.label.is_some() || found.scores.is_some()).then_some(found)
    }

    fn role(&self, name: &str, steps: usize) -> Option<Role> {
        let node = self.makers.get(name)?;
        match node.op_type.as_str() {
            "ZipMap" => {
                let raw = node.input.first().and_then(|name| self.role(name, steps)).is_some_and(|role| role.is_raw());
                Some(Role::Scores { raw })
            }
            "LinearClassifier" | "TreeEnsembleClassifier" | "SVMClassifier" => {
                let position = node.output.iter().position(|output| output == name)?;
                Some(if position == 0 { Role::Label } else { Role::Scores { raw: has_raw_scores(node) } })
            }
            "ArrayFeatureExtractor" if self.constants.contains_key(node.input.first()?.as_str()) => Some(Role::Label),
            "ArgMax" => Some(Role::Label),
            "Softmax" | "Sigmoid" => Some(Role::Scores { raw: false }),
            "Identity" | "Cast" | "Reshape" | "Squeeze" | "LabelEncoder" if steps > 0 => {
                self.role(node.input.first()?, steps - 1)
            }
            // Whatever the scores were, they are shares of a whole now.
            "Normalizer" if steps > 0 => Some(match self.role(node.input.first()?, steps - 1)? {
                Role::Label => Role::Label,
                Role::Scores { .. } => Role::Scores { raw: false },
            }),
            _ => None,
        }
    }

    fn categories(&self) -> Vec<CategoryHint> {
        let mut hints: Vec<CategoryHint> = Vec::new();
        for node in &self.graph.node {
            let Some(values) = category_values(node) else { continue };
            let Some((input, column)) = node.input.first().and_then(|name| self.column(name, 0, 64)) else { continue };
            if !hints.iter().any(|hint| *hint.input == *input && hint.column == column) {
                hints.push(CategoryHint { input: input.into(), column, values });
            }
        }
        hints
    }

    /// The graph input and its column that `column` of the tensor `name` is a copy of.
    fn column(&self, name: &'g str, column: usize, steps: usize) -> Option<(&'g str, usize)> {
        if self.inputs.contains(name) {
            return Some((name, column));
        }
        let node = self.makers.get(name).filter(|_| steps > 0)?;
        let from = |position: usize, column| self.column(node.input.get(position)?, column, steps - 1);
        match node.op_type.as_str() {
            "Identity" | "Cast" | "Imputer" | "StringNormalizer" => from(0, column),
            // A column stays a column however it is laid out, if it is the only one.
            "Reshape" | "Flatten" if column == 0 => from(0, 0),
            "ArrayFeatureExtractor" | "Gather" => {
                let indices = ints(self.constants.get(node.input.get(1)?.as_str())?)?;
                from(0, usize::try_from(*indices.get(column)?).ok()?)
            }
            "Concat" => {
                let mut before = 0;
                for (position, part) in node.input.iter().enumerate() {
                    let width = self.width(part)?;
                    if column < before + width {
                        return from(position, column - before);
                    }
                    before += width;
                }
                None
            }
            _ => None,
        }
    }

    /// The number of columns of a tensor, where that is plain to see.
    fn width(&self, name: &str) -> Option<usize> {
        use tract_onnx::pb::tensor_shape_proto::dimension::Value as DimValue;
        use tract_onnx::pb::type_proto::Value as TypeValue;
        if let Some(input) = self.graph.input.iter().find(|input| input.name == name) {
            let TypeValue::TensorType(tensor) = input.r#type.as_ref()?.value.as_ref()?;
            return match tensor.shape.as_ref()?.dim.last()?.value.as_ref()? {
                DimValue::DimValue(size) => usize::try_from(*size).ok(),
                DimValue::DimParam(_) => None,
            };
        }
        let node = self.makers.get(name)?;
        match node.op_type.as_str() {
            "Identity" | "Cast" | "Imputer" => self.width(node.input.first()?),
            "Concat" => node.input.iter().map(|part| self.width(part)).sum(),
            "ArrayFeatureExtractor" | "Gather" => {
                ints(self.constants.get(node.input.get(1)?.as_str())?).map(|i| i.len())
            }
            _ => None,
        }
    }
}

/// The classes in a constant that labels are looked up in.
fn class_list(tensor: &TensorProto) -> Option<Classes> {
    if !tensor.string_data.is_empty() {
        let text = tensor.string_data.iter().map(|text| String::from_utf8_lossy(text).as_ref().into());
        return Some(Classes::Str(text.collect::<Vec<Arc<str>>>()));
    }
    ints(tensor).filter(|values| !values.is_empty()).map(Classes::Int)
}

/// What an output of a classifier is.
enum Role {
    Label,
    Scores { raw: bool },
}

impl Role {
    fn is_raw(&self) -> bool {
        matches!(self, Role::Scores { raw: true })
    }
}

/// Whether a classifier's scores are what its kernel summed up, not transformed into probabilities. The leaves of a
/// forest hold probabilities, unless some are negative: those of boosted trees are margins.
fn has_raw_scores(classifier: &NodeProto) -> bool {
    if attribute(classifier, "post_transform").is_some_and(|transform| transform.s != b"NONE") {
        return false;
    }
    match classifier.op_type.as_str() {
        "SVMClassifier" => attribute(classifier, "prob_a").is_none_or(|pairs| pairs.floats.is_empty()),
        "TreeEnsembleClassifier" => {
            attribute(classifier, "class_weights").is_some_and(|leaves| leaves.floats.iter().any(|&w| w < 0.0))
        }
        _ => true,
    }
}

/// The values that an encoder node knows, if the node is one and takes no others.
fn category_values(node: &NodeProto) -> Option<CategoryValues> {
    let set = |name| attribute(node, name).is_some();
    let takes_others = match node.op_type.as_str() {
        // scikit-learn's `handle_unknown="ignore"`; the operator's default as well.
        "OneHotEncoder" => attribute(node, "zeros").is_none_or(|zeros| zeros.i != 0),
        // Exporters name a default only if there are values that need one.
        "LabelEncoder" => ["default_int64", "default_float", "default_string", "default_tensor"].into_iter().any(set),
        _ => false,
    };
    if takes_others {
        return None;
    }
    let names = match node.op_type.as_str() {
        "OneHotEncoder" => ["cats_strings", "cats_int64s"],
        "LabelEncoder" => ["keys_strings", "keys_int64s"],
        "CategoryMapper" => ["cats_strings", ""],
        _ => return None,
    };
    let [strings, numbers] = names.map(|name| attribute(node, name));
    if let Some(strings) = strings.filter(|a| !a.strings.is_empty()) {
        let text = strings.strings.iter().map(|text| String::from_utf8_lossy(text).into_owned());
        return Some(CategoryValues::Str(text.collect()));
    }
    numbers.filter(|a| !a.ints.is_empty()).map(|a| CategoryValues::Int(a.ints.clone()))
}

/// The integers of a constant, however the file stores them.
fn ints(tensor: &TensorProto) -> Option<Vec<i64>> {
    use tract_onnx::pb::tensor_proto::DataType;
    match DataType::try_from(tensor.data_type).ok()? {
        DataType::Int64 if !tensor.int64_data.is_empty() => Some(tensor.int64_data.clone()),
        DataType::Int64 => {
            let (chunks, _) = tensor.raw_data.as_chunks::<8>();
            Some(chunks.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect())
        }
        DataType::Int32 if !tensor.int32_data.is_empty() => {
            Some(tensor.int32_data.iter().map(|&value| i64::from(value)).collect())
        }
        DataType::Int32 => {
            let (chunks, _) = tensor.raw_data.as_chunks::<4>();
            Some(chunks.iter().map(|bytes| i64::from(i32::from_le_bytes(*bytes))).collect())
        }
        _ => None,
    }
}
