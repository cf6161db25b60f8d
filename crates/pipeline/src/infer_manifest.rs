//! A manifest for a model that has none, from what its file says.

use ferrocast_engine::{
    CategoryHint, CategoryValues, Classes, ColumnHint, Dim, Dtype, ModelHints, Signature, TensorSpec,
};
use ferrocast_schema::{
    ClassValue, Feature, FeatureType, ImageLayout, ImageSection, ImageSize, InputBinding, Manifest, Task,
};

/// A wider input is one array field rather than that many fields.
const MOST_COLUMNS: usize = 256;

/// A model whose file does not say enough.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InferError {
    /// An input has an axis whose size is not known before a request.
    #[error("the input `{input}` ({spec}) has the free axis `{axis}`; export it with a fixed size")]
    FreeAxis {
        /// The input.
        input: String,
        /// Its type and shape.
        spec: String,
        /// The axis.
        axis: String,
    },
    /// An input has no axis of rows.
    #[error(
        "the input `{input}` ({spec}) has no free first axis for the rows; export it with one \
         (dynamic_axes={{\"{input}\": {{0: \"batch\"}}}} in torch.onnx.export, [None, …] in skl2onnx)"
    )]
    NoRows {
        /// The input.
        input: String,
        /// Its type and shape.
        spec: String,
    },
}

/// A manifest that serves the model as it is: a field for each input column, and what the file knows of categories,
/// classes and outputs.
///
/// # Errors
/// [`InferError`] if a row of some input has no fixed shape.
pub fn infer_manifest(signature: &Signature, hints: &ModelHints) -> Result<Manifest, InferError> {
    let mut manifest = Manifest::new(Task::Regression);
    infer_features(&mut manifest, signature, hints)?;
    infer_output(&mut manifest, signature, hints);
    Ok(manifest)
}

/// A manifest that feeds the model pictures, if its input can be one: three colours of a known size. What is done to their
/// colours no file says: they stay 0 to 1.
pub fn infer_picture_manifest(signature: &Signature) -> Option<Manifest> {
    let [input] = signature.inputs() else { return None };
    let is_pixels = matches!(input.dtype, Dtype::F32 | Dtype::U8);
    let (layout, width, height) = match *input.shape.as_slice() {
        [_, Dim::Fixed(3), Dim::Fixed(height), Dim::Fixed(width)] => (ImageLayout::Nchw, width, height),
        [_, Dim::Fixed(height), Dim::Fixed(width), Dim::Fixed(3)] => (ImageLayout::Nhwc, width, height),
        _ => return None,
    };
    let [width, height] = [width, height].map(|side| u32::try_from(side).ok());
    let size = ImageSize { width: width?, height: height?, ..ImageSize::default() };
    let mut manifest = Manifest::new(Task::ImageClassification);
    manifest.image = Some(ImageSection { size, layout, ..ImageSection::default() });
    is_pixels.then_some(manifest)
}

/// Fills in the features and their binding to inputs.
pub(crate) fn infer_features(
    manifest: &mut Manifest,
    signature: &Signature,
    hints: &ModelHints,
) -> Result<(), InferError> {
    let single = signature.inputs().len() == 1;
    for spec in signature.inputs() {
        let shape = row_shape(spec)?;
        let width = shape.iter().product();
        let features: Vec<Feature> = match shape.as_slice() {
            [] | [1] => vec![column(&spec.name, spec, 0, hints)],
            [_] if width <= MOST_COLUMNS || spec.dtype == Dtype::Str => (0..width)
                .map(|i| {
                    // scikit-learn's own names for the columns of an array.
                    let name = if single { format!("x{i}") } else { format!("{}_{i}", spec.name) };
                    column(&name, spec, i, hints)
                })
                .collect(),
            _ => vec![Feature { shape, ..column(&spec.name, spec, 0, hints) }],
        };
        manifest.inputs.push(InputBinding {
            tensor: spec.name.to_string(),
            features: features.iter().map(|feature| feature.name.clone()).collect(),
        });
        manifest.features.extend(features);
    }
    Ok(())
}

/// The sizes of one row's axes.
fn row_shape(spec: &TensorSpec) -> Result<Vec<usize>, InferError> {
    let (input, text) = (spec.name.to_string(), spec.to_string());
    let Some((Dim::Batch | Dim::Fixed(1), rest)) = spec.shape.split_first() else {
        return Err(InferError::NoRows { input, spec: text });
    };
    rest.iter()
        .map(|dim| match dim {
            Dim::Fixed(size) => Ok(*size),
            free => Err(InferError::FreeAxis { input: input.clone(), spec: text.clone(), axis: free.to_string() }),
        })
        .collect()
}

fn column(name: &str, spec: &TensorSpec, column: usize, hints: &ModelHints) -> Feature {
    let kind = match spec.dtype {
        Dtype::F32 | Dtype::F64 => FeatureType::Float,
        Dtype::Bool => FeatureType::Bool,
        Dtype::Str => FeatureType::String,
        _ => FeatureType::Int,
    };
    let mut feature = Feature::new(name, kind);
    let known = |hint: &&CategoryHint| hint.input == spec.name && hint.column == column;
    feature.categories = match (kind, hints.categories.iter().find(known).map(|hint| &hint.values)) {
        (FeatureType::String, Some(CategoryValues::Str(values))) => values.clone(),
        (FeatureType::Int, Some(CategoryValues::Int(values))) => values.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    let is_this = |hint: &ColumnHint| hint.input == spec.name && hint.column == column;
    feature.nullable = kind == FeatureType::Float && hints.missing.iter().any(is_this);
    feature
}

/// Decides the task by the outputs and the hints.
fn infer_output(manifest: &mut Manifest, signature: &Signature, hints: &ModelHints) {
    let roles = hints.class_outputs.as_ref();
    let outputs = signature.outputs();
    let is_label = |spec: &&TensorSpec| !spec.dtype.is_float() && spec.shape.len() <= 2;
    let label = roles
        .and_then(|roles| roles.label.clone())
        .or_else(|| outputs.iter().find(|_| outputs.len() > 1).filter(is_label).map(|spec| spec.name.clone()));
    let scores = roles.and_then(|roles| roles.scores.clone()).or_else(|| {
        label.as_ref().and_then(|_| outputs.iter().find(|spec| spec.dtype.is_float())).map(|spec| spec.name.clone())
    });
    if scores.is_some() || label.is_some() {
        manifest.task = Task::Classification;
        let of_label = |spec: &&TensorSpec| label.as_deref() == Some(&*spec.name);
        let width = outputs.iter().find(of_label).and_then(TensorSpec::row_width);
        manifest.output.label_tensor = label.map(Into::into);
        // A manifest has no words for the scores and classes of several labels.
        if width.is_none_or(|width| width <= 1) {
            manifest.output.tensor = scores.map(Into::into);
            manifest.output.classes = hints.classes.as_ref().map(class_values).unwrap_or_default();
        }
        return;
    }
    let first = outputs.first();
    manifest.output.tensor = first.map(|spec| spec.name.to_string());
    let one_value = first.is_some_and(|spec| spec.shape.len() == 1 || spec.row_width() == Some(1));
    manifest.task = if one_value { Task::Regression } else { Task::Embedding };
}

/// The classes in the manifest's terms.
pub(crate) fn class_values(classes: &Classes) -> Vec<ClassValue> {
    match classes {
        Classes::Int(values) => values.iter().map(|&value| ClassValue::Int(value)).collect(),
        Classes::Str(values) => values.iter().map(|value| ClassValue::Str(value.clone())).collect(),
    }
}
