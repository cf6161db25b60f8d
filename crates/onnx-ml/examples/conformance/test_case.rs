//! One test as it lies in its folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tract_onnx::pb::{ModelProto, NodeProto, TensorProto};
use tract_onnx::prelude::{Framework as _, TractResult};

/// A model and what it answers.
pub(crate) struct TestCase {
    pub(crate) name: String,
    pub(crate) model: ModelProto,
    /// The operator that the test is about, with its domain if that is not the main one: `ai.onnx.ml:Scaler`.
    pub(crate) operator: String,
    /// Whether the graph is this one operator, and not one that is composed of others.
    pub(crate) is_single_node: bool,
    folder: PathBuf,
}

/// Inputs and outputs in the order of the graph's.
pub(crate) struct DataSet {
    pub(crate) inputs: Vec<TensorProto>,
    pub(crate) outputs: Vec<TensorProto>,
}

/// All tests in the folder, by name.
pub(crate) fn in_folder(folder: &Path) -> TractResult<Vec<TestCase>> {
    let mut tests = Vec::new();
    for path in children(folder, "")? {
        if path.join("model.onnx").is_file() {
            tests.push(TestCase::read(path)?);
        }
    }
    Ok(tests)
}

impl TestCase {
    fn read(folder: PathBuf) -> TractResult<TestCase> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let model = read_model(&folder)?;
        let is_single_node = single_node(&model).is_some();
        let operator = match single_node(&model) {
            Some(node) => qualified(node),
            None => composed_operator(&folder, &name)?,
        };
        Ok(TestCase { name, model, operator, is_single_node, folder })
    }

    /// The number of the graph's inputs.
    pub(crate) fn inputs(&self) -> usize {
        self.model.graph.as_ref().map_or(0, |graph| graph.input.len())
    }

    /// The data sets that the model is tested with.
    pub(crate) fn data_sets(&self) -> TractResult<Vec<DataSet>> {
        let folders = children(&self.folder, "test_data_set_")?;
        let read =
            |folder: &PathBuf| Ok(DataSet { inputs: tensors(folder, "input_")?, outputs: tensors(folder, "output_")? });
        folders.iter().map(read).collect()
    }
}

fn read_model(folder: &Path) -> TractResult<ModelProto> {
    let path = folder.join("model.onnx");
    let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
    tract_onnx::onnx().proto_model_for_read(&mut &*bytes).with_context(|| format!("reading {}", path.display()))
}

fn single_node(model: &ModelProto) -> Option<&NodeProto> {
    match model.graph.as_ref()?.node.as_slice() {
        [node] => Some(node),
        _ => None,
    }
}

/// The operator of a test that writes it out in terms of others: that of the test beside it which does not.
fn composed_operator(folder: &Path, name: &str) -> TractResult<String> {
    let whole = name.split_once("_expanded").map(|(whole, _)| folder.with_file_name(whole));
    match whole.filter(|whole| whole.is_dir()) {
        Some(whole) => Ok(single_node(&read_model(&whole)?).map_or_else(graphs, qualified)),
        None => Ok(graphs()),
    }
}

fn graphs() -> String {
    "(graphs)".to_owned()
}

/// `ai.onnx.ml:Scaler`; operators of the main domain stand without it.
fn qualified(node: &NodeProto) -> String {
    match node.domain.as_str() {
        "" | "ai.onnx" => node.op_type.clone(),
        domain => format!("{domain}:{}", node.op_type),
    }
}

/// The tensors `<prefix>0.pb`, `<prefix>1.pb` and so on.
fn tensors(folder: &Path, prefix: &str) -> TractResult<Vec<TensorProto>> {
    let files = (0..).map(|position| folder.join(format!("{prefix}{position}.pb"))).take_while(|file| file.is_file());
    files
        .map(|file| {
            let bytes = fs::read(&file)?;
            tract_onnx::tensor::proto_from_reader(&*bytes).with_context(|| format!("reading {}", file.display()))
        })
        .collect()
}

/// What the folder holds under names that start so, sorted.
fn children(folder: &Path, prefix: &str) -> TractResult<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<TractResult<Vec<PathBuf>>>()?;
    paths.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)));
    paths.sort();
    anyhow::ensure!(!paths.is_empty(), "nothing in {}", folder.display());
    Ok(paths)
}
