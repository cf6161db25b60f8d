//! The body of an inference response: JSON, and the bytes of binary tensors behind it.

mod binary_tensor;
mod json_tensor;

use std::borrow::Cow;
use std::fmt::Display;

pub use binary_tensor::TensorBytes;
pub(super) use binary_tensor::bytes_of;

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
    /// The names of the model's classes, in the order of its scores; empty if it has none.
    pub class_names: &'a [N],
}

/// A body in parts, so that elements can be sent from where they lie.
#[derive(Debug)]
pub struct InferResponse {
    /// The beginning.
    pub json: Vec<u8>,
    /// Behind it, without anything in between, the outputs that are binary.
    pub binary: Vec<TensorBytes>,
}

impl InferResponse {
    /// The header `Inference-Header-Content-Length`: bytes of JSON, if there is anything behind it.
    pub fn header_length(&self) -> Option<usize> {
        Some(self.json.len()).filter(|_| !self.binary.is_empty())
    }

    /// Bytes of all parts.
    pub fn size(&self) -> usize {
        self.json.len() + self.binary.iter().map(|tensor| tensor.as_ref().len()).sum::<usize>()
    }

    /// All parts in one, copied unless there is only one.
    pub fn joined(self) -> Vec<u8> {
        let more = self.size() - self.json.len();
        let InferResponse { mut json, binary } = self;
        json.reserve_exact(more);
        binary.iter().for_each(|tensor| json.extend_from_slice(tensor.as_ref()));
        json
    }
}

/// Writes those outputs that were asked for, of one tensor for each output of the signature. Numbers that are not finite are
/// `null` in JSON.
///
/// # Errors
/// If classes are asked of an output that has no numbers; or by a fault of ours.
pub fn encode_infer<N: Display>(
    answer: &Inferred<'_, N>,
    mut outputs: Vec<Tensor>,
    requested: &[RequestedOutput],
) -> Result<InferResponse, ApiError> {
    let mut body = Vec::with_capacity(estimate(&outputs, requested));
    let mut binary: Vec<Binary> = Vec::new();
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
        let (name, tensor) = chosen(answer, &outputs, *output)?;
        write_head(&mut body, name, &tensor)?;
        // Nothing needs no bytes behind the JSON.
        if output.binary && !tensor.is_empty() {
            let size = binary_tensor::size(&tensor);
            body.extend_from_slice(b",\"parameters\":{\"binary_data_size\":");
            write(&mut body, &size)?;
            body.extend_from_slice(b"}}");
            binary.push(match tensor {
                Cow::Borrowed(_) => Binary::Output(output.index),
                Cow::Owned(classes) => Binary::Classes(classes),
            });
        } else {
            body.extend_from_slice(b",\"data\":");
            json_tensor::write(&mut body, &tensor)?;
            body.push(b'}');
        }
    }
    body.extend_from_slice(b"]}");
    Ok(InferResponse { json: body, binary: in_bytes(&mut outputs, binary)? })
}

/// What is to follow the JSON.
enum Binary {
    /// This output.
    Output(usize),
    Classes(Tensor),
}

/// Outputs are taken, not copied, unless one was asked for more than once.
fn in_bytes(outputs: &mut [Tensor], binary: Vec<Binary>) -> Result<Vec<TensorBytes>, ApiError> {
    let mut all = Vec::with_capacity(binary.len());
    let mut rest = binary.into_iter();
    while let Some(next) = rest.next() {
        all.push(TensorBytes::from(match next {
            Binary::Classes(classes) => classes,
            Binary::Output(index) => {
                let output = outputs.get_mut(index).ok_or_else(ApiError::internal)?;
                let comes_again =
                    rest.as_slice().iter().any(|later| matches!(later, Binary::Output(later) if *later == index));
                if comes_again { output.clone() } else { std::mem::replace(output, empty()?) }
            }
        }));
    }
    Ok(all)
}

fn empty() -> Result<Tensor, ApiError> {
    Tensor::from_vec::<u8>(&[0], Vec::new()).map_err(|_| ApiError::internal())
}

/// An output's name and its tensor, or that of its classes.
fn chosen<'a, N: Display>(
    answer: &Inferred<'a, N>,
    outputs: &'a [Tensor],
    output: RequestedOutput,
) -> Result<(&'a str, Cow<'a, Tensor>), ApiError> {
    let spec = answer.signature.outputs().get(output.index).ok_or_else(ApiError::internal)?;
    let tensor = outputs.get(output.index).ok_or_else(ApiError::internal)?;
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

/// Room for the JSON of small outputs.
fn estimate(outputs: &[Tensor], requested: &[RequestedOutput]) -> usize {
    const ENVELOPE: usize = 256;
    const MOST: usize = 64 << 10;
    let in_json = requested.iter().filter(|output| !output.binary).filter_map(|output| outputs.get(output.index));
    ENVELOPE + (in_json.map(Tensor::len).sum::<usize>() * 12).min(MOST)
}

fn write<T: Serialize + ?Sized>(body: &mut Vec<u8>, value: &T) -> Result<(), ApiError> {
    serde_json::to_writer(body, value).map_err(|_| ApiError::internal())
}
