//! The scores of a `ZipMap`, which are maps in ONNX Runtime, as columns.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

use ferrocast_engine::{BoxError, Classes, ModelHints, Tensor};
use ort::value::{DynMapValueType, DynSequenceValueType, DynValue, IntoTensorElementType};

/// The classes that the output `name` has scores of, in the order of their columns.
pub(crate) fn classes<'h>(name: &str, hints: &'h ModelHints) -> Option<&'h Classes> {
    let is = |scores: &Option<Box<str>>| scores.as_deref() == Some(name);
    let target = hints.targets.iter().find(|target| is(&target.scores));
    let only = hints.class_outputs.as_ref().filter(|outputs| is(&outputs.scores));
    match target {
        Some(target) => target.classes.as_ref(),
        None => only.and(hints.classes.as_ref()),
    }
}

/// A row for each map, of one column for each class.
///
/// # Errors
/// If `value` is no sequence of such maps, or one lacks a class.
pub(crate) fn read(value: &DynValue, classes: &Classes) -> Result<Tensor, BoxError> {
    match classes {
        Classes::Int(keys) => columns(value, keys),
        Classes::Str(keys) => columns(value, &keys.iter().map(|key| key.to_string()).collect::<Vec<_>>()),
    }
}

fn columns<K: IntoTensorElementType + Clone + Hash + Eq + Debug>(
    value: &DynValue,
    keys: &[K],
) -> Result<Tensor, BoxError> {
    let maps = value.view().downcast::<DynSequenceValueType>()?.try_extract_sequence::<DynMapValueType>()?;
    let mut scores: Vec<f32> = Vec::with_capacity(maps.len() * keys.len());
    for map in &maps {
        let row: HashMap<K, f32> = map.try_extract_map()?;
        for key in keys {
            scores.push(*row.get(key).ok_or_else(|| format!("there is no score of the class {key:?}"))?);
        }
    }
    Ok(Tensor::from_vec(&[maps.len(), keys.len()], scores)?)
}
