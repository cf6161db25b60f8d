//! A model that is described by Triton's `config.pbtxt`.

use std::path::Path;

use ferrocast_engine::{Dim, Dtype, ModelHints, Signature, TensorSpec};
use ferrocast_schema::{Manifest, ServingSection, Task, TritonConfig, TritonTensor};

use crate::OpenError;
use crate::infer_manifest::infer_manifest;
use crate::wire::Wire;

/// The configuration may say whose it is.
pub(crate) fn check_name(config: &TritonConfig, path: &Path) -> Result<(), OpenError> {
    let folder = path.parent().and_then(Path::file_name).map(|folder| folder.to_string_lossy());
    match (&config.name, folder) {
        (Some(name), Some(folder)) if *name != folder => {
            Err(OpenError::Triton(format!("name: \"{name}\" is not the name of the folder, {folder}")))
        }
        _ => Ok(()),
    }
}

/// A manifest that serves the model as its file and the configuration say.
pub(crate) fn manifest(
    config: &TritonConfig,
    labels: Vec<String>,
    signature: &Signature,
    hints: &ModelHints,
) -> Result<Manifest, OpenError> {
    let has_rows = config.max_batch_size > 0;
    let fixed = |declared: &[TritonTensor], specs: &[TensorSpec]| {
        let all = specs.iter().cloned().map(|mut spec| {
            if let Some(tensor) = declared.iter().find(|tensor| tensor.name == *spec.name) {
                fix_axes(&mut spec, tensor.reshape.as_ref().unwrap_or(&tensor.dims), has_rows);
            }
            spec
        });
        all.collect()
    };
    let signature =
        Signature::new(fixed(&config.inputs, signature.inputs()), fixed(&config.outputs, signature.outputs()));
    let mut manifest = infer_manifest(&signature, hints)?;
    if let Some(file) = &config.file {
        manifest.model.file.clone_from(file);
    }
    manifest.serving.max_batch_rows = has_rows.then(|| config.max_batch_size.min(ServingSection::MOST_BATCH_ROWS));
    manifest.serving.max_delay_us = config.max_delay_us.min(ServingSection::LONGEST_DELAY_US);
    manifest.versions.clone_from(&config.versions);
    if let Some(output) = config.outputs.iter().find(|output| output.labels_file.is_some()) {
        manifest.task = Task::Classification;
        manifest.output.tensor = Some(output.name.clone());
        manifest.output.labels = labels;
    }
    Ok(manifest)
}

/// Free axes but the rows are as long as the configuration says.
fn fix_axes(spec: &mut TensorSpec, dims: &[i64], has_rows: bool) {
    for (dim, length) in spec.shape.iter_mut().skip(usize::from(has_rows)).zip(dims) {
        if let (Dim::Dynamic(_), Ok(length)) = (&*dim, usize::try_from(*length)) {
            *dim = Dim::Fixed(length);
        }
    }
}

/// Checks that the configuration describes this model; what callers see of it, if that is reshaped.
pub(crate) fn wire(config: &TritonConfig, signature: &Signature) -> Result<Option<Wire>, OpenError> {
    let has_rows = config.max_batch_size > 0;
    let inputs = wire_specs("input", &config.inputs, signature.inputs(), has_rows)?;
    let outputs = wire_specs("output", &config.outputs, signature.outputs(), has_rows)?;
    let is_reshaped = config.inputs.iter().chain(&config.outputs).any(|tensor| tensor.reshape.is_some());
    let wire = || Wire { signature: Signature::new(inputs, outputs), graph: signature.clone() };
    Ok(is_reshaped.then(wire))
}

fn wire_specs(
    side: &str,
    declared: &[TritonTensor],
    specs: &[TensorSpec],
    has_rows: bool,
) -> Result<Vec<TensorSpec>, OpenError> {
    for tensor in declared {
        if !specs.iter().any(|spec| *spec.name == tensor.name) {
            let known: Vec<&str> = specs.iter().map(|spec| &*spec.name).collect();
            let message = format!("{side}: the model has no {side} \"{}\"; it has {}", tensor.name, known.join(", "));
            return Err(OpenError::Triton(message));
        }
    }
    let wire_spec = |spec: &TensorSpec| match declared.iter().find(|tensor| tensor.name == *spec.name) {
        Some(tensor) => {
            seen(tensor, spec, has_rows).map_err(|why| OpenError::Triton(format!("{side} \"{}\": {why}", tensor.name)))
        }
        None => Ok(spec.clone()),
    };
    specs.iter().map(wire_spec).collect()
}

/// What callers see of a tensor, or why it is described wrongly.
fn seen(tensor: &TritonTensor, spec: &TensorSpec, has_rows: bool) -> Result<TensorSpec, String> {
    let in_words = spec.dtype.to_string();
    let dtype = if spec.dtype == Dtype::Str { "STRING" } else { &in_words };
    if let Some(wrong) = tensor.data_type.as_ref().filter(|given| *given != dtype) {
        return Err(format!("data_type is TYPE_{wrong}, but the model's is TYPE_{dtype}"));
    }
    let (rows, axes) = spec.shape.split_at(usize::from(has_rows).min(spec.shape.len()));
    if has_rows && rows != [Dim::Batch] {
        return Err(format!("max_batch_size is above 0, but the model's tensor, {spec}, has no free first axis"));
    }
    let graph_dims = tensor.reshape.as_ref().unwrap_or(&tensor.dims);
    let fits = |(dim, length): (&Dim, &i64)| match dim {
        Dim::Fixed(size) => *length == -1 || usize::try_from(*length).is_ok_and(|length| length == *size),
        Dim::Batch | Dim::Dynamic(_) => true,
    };
    if axes.len() != graph_dims.len() || !axes.iter().zip(graph_dims).all(fits) {
        let key = if tensor.reshape.is_some() { "reshape.shape" } else { "dims" };
        let without = if has_rows { "; the axis of rows is left out where max_batch_size is above 0" } else { "" };
        return Err(format!("{key} is {graph_dims:?}, but the model's tensor is {spec}{without}"));
    }
    if tensor.reshape.is_none() {
        return Ok(spec.clone());
    }
    let lengths = reshaped(&tensor.dims, graph_dims)?;
    let shape = rows.iter().cloned().chain(lengths.into_iter().map(Dim::Fixed)).collect();
    Ok(TensorSpec { shape, ..spec.clone() })
}

/// The lengths that callers see, `dims`, if there are as many elements in the model's `shape`.
fn reshaped(dims: &[i64], shape: &[i64]) -> Result<Vec<usize>, String> {
    let lengths = |dims: &[i64]| dims.iter().map(|length| usize::try_from(*length).ok()).collect::<Option<Vec<_>>>();
    let (Some(seen), Some(taken)) = (lengths(dims), lengths(shape)) else {
        return Err("reshape is taken only between axes of fixed lengths".to_owned());
    };
    let product = |lengths: &[usize]| lengths.iter().try_fold(1_usize, |product, length| product.checked_mul(*length));
    match product(&seen) == product(&taken) {
        true => Ok(seen),
        false => Err(format!("reshape of {dims:?} to {shape:?} changes the number of elements")),
    }
}
