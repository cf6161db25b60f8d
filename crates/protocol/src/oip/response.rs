//! The body of an inference response: JSON, and the bytes of binary tensors behind it.

mod binary_tensor;
mod json_tensor;

use std::borrow::Cow;
use std::fmt::Display;

use ferrocast_engine::{Dim, Signature, Tensor};
use serde::Serialize;

use super::{RequestedOutput, classification};
use crate::ApiError;

/// What a model has answered.
#[derive(Debug, Clone, Copy)]
pub struct Inferred<'a, N> {
    /// The model.
    pub model: &'a str,
    /// The version.
    pub version: &'a str,
    /// What the client calls the request.
    pub id: Option<&'a str>,
    /// What the model gives.
    pub signature: &'a Signature,
    /// One tensor for each output of the signature.
    pub outputs: &'a [Tensor],
    /// The names of the model's classes, in the order of its scores; empty if it has none.
    pub class_names: &'a [N],
}

/// A body, and how it is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InferResponse {
    /// JSON, and behind it the outputs that are binary.
    pub body: Vec<u8>,
    /// The header `Inference-Header-Content-Length`: bytes of JSON, if there is anything behind it.
    pub header_length: Option<usize>,
}

/// Writes the outputs that were asked for. Numbers that are not finite are `null` in JSON.
///
/// # Errors
/// If classes are asked of an output that has no numbers; or by a fault of ours.
pub fn encode_infer<N: Display>(
    answer: &Inferred<'_, N>,
    requested: &[RequestedOutput],
) -> Result<InferResponse, ApiError> {
    let mut body = Vec::with_capacity(estimate(answer.outputs));
    let mut binary: Vec<Cow<'_, Tensor>> = Vec::new();
    body.extend_from_slice(b"{\"model_name\":");
    write(&mut body, answer.model)?;
    body.extend_from_slice(b",\"model_version\":");
    write(&mut body, answer.version)?;
    if let Some(id) = answer.id {
        body.extend_from_slice(b",\"id\":");
        write(&mut body, id)?;
    }
    body.extend_from_slice(b",\"outputs\":[");
    for (position, output) in requested.iter().enumerate() {
        if position > 0 {
            body.push(b',');
        }
        let (name, tensor) = chosen(answer, *output)?;
        write_head(&mut body, name, &tensor)?;
        // Nothing needs no bytes behind the JSON.
        if output.binary && !tensor.is_empty() {
            let size = binary_tensor::size(&tensor);
            body.extend_from_slice(b",\"parameters\":{\"binary_data_size\":");
            write(&mut body, &size)?;
            body.extend_from_slice(b"}}");
            binary.push(tensor);
        } else {
            body.extend_from_slice(b",\"data\":");
            json_tensor::write(&mut body, &tensor)?;
            body.push(b'}');
        }
    }
    body.extend_from_slice(b"]}");
    let header_length = Some(body.len()).filter(|_| !binary.is_empty());
    body.reserve_exact(binary.iter().map(|tensor| binary_tensor::size(tensor)).sum());
    for tensor in &binary {
        binary_tensor::write(&mut body, tensor);
    }
    Ok(InferResponse { body, header_length })
}

/// An output's name and its tensor, or that of its classes.
fn chosen<'a, N: Display>(
    answer: &Inferred<'a, N>,
    output: RequestedOutput,
) -> Result<(&'a str, Cow<'a, Tensor>), ApiError> {
    let spec = answer.signature.outputs().get(output.index).ok_or_else(ApiError::internal)?;
    let tensor = answer.outputs.get(output.index).ok_or_else(ApiError::internal)?;
    let Some(count) = output.classes else { return Ok((&spec.name, Cow::Borrowed(tensor))) };
    let has_rows = spec.shape.first() == Some(&Dim::Batch);
    let classes = classification::largest(&spec.name, tensor, has_rows, count, answer.class_names)?;
    Ok((&spec.name, Cow::Owned(classes)))
}

fn write_head(body: &mut Vec<u8>, name: &str, tensor: &Tensor) -> Result<(), ApiError> {
    body.extend_from_slice(b"{\"name\":");
    write(body, name)?;
    body.extend_from_slice(b",\"datatype\":\"");
    body.extend_from_slice(tensor.dtype().to_string().as_bytes());
    body.extend_from_slice(b"\",\"shape\":");
    write(body, tensor.shape())
}

/// Room for the JSON of small outputs; large ones are mostly sent as bytes, for which room is made when their size is known.
fn estimate(outputs: &[Tensor]) -> usize {
    const ENVELOPE: usize = 256;
    const MOST: usize = 64 << 10;
    let elements: usize = outputs.iter().map(Tensor::len).sum();
    ENVELOPE + (elements * 12).min(MOST)
}

fn write<T: Serialize + ?Sized>(body: &mut Vec<u8>, value: &T) -> Result<(), ApiError> {
    serde_json::to_writer(body, value).map_err(|_| ApiError::internal())
}
