//! The body of an inference request: JSON, and the bytes of binary tensors behind it.

mod binary_tensor;
mod cut;
mod decimal;
mod json_tensor;
mod object;
mod parameters;

use std::borrow::Cow;
use std::time::Duration;

use ferrocast_engine::{Dim, Dtype, EngineError, Signature, Tensor, TensorSpec};
use serde::Deserialize;
use serde::de::IgnoredAny;

pub(super) use self::binary_tensor::read as read_binary;
use self::cut::{Cut, CutError, cut};
use self::object::Object;
use self::parameters::Parameters;
use super::datatype::Datatype;
use super::error::invalid;
use crate::{ApiError, ErrorCode};

/// What a request asks of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct InferRequest {
    /// What the client calls it, to find in the answer.
    pub id: Option<String>,
    /// One tensor for each input of the model, in its order; they fit its signature.
    pub inputs: Vec<Tensor>,
    /// Rows of the inputs.
    pub rows: usize,
    /// The outputs that it wants, in the order in which it wants them.
    pub outputs: Vec<RequestedOutput>,
    /// How long the client waits, if it says so.
    pub timeout: Option<Duration>,
}

/// An output, and how it is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestedOutput {
    /// Its place in the signature.
    pub index: usize,
    /// As bytes behind the JSON.
    pub binary: bool,
    /// As the so many most probable classes.
    pub classes: Option<usize>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    parameters: Option<Parameters<'a>>,
    #[serde(borrow, default)]
    inputs: Vec<Object<InputBody<'a>>>,
    #[serde(borrow, default)]
    outputs: Option<Vec<Object<OutputBody<'a>>>>,
}

#[derive(Deserialize)]
struct InputBody<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    shape: Vec<i64>,
    #[serde(borrow)]
    datatype: Cow<'a, str>,
    #[serde(borrow, default)]
    parameters: Option<Parameters<'a>>,
    /// Which of the arrays that were cut out.
    data: Option<usize>,
}

#[derive(Deserialize)]
struct OutputBody<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    parameters: Option<Parameters<'a>>,
}

/// Reads a request to the model `model` of this signature. `header_length` is the header
/// `Inference-Header-Content-Length`: how many bytes of the body are JSON. Without it all are; at 0 none is, and the body is
/// the one input of the model.
///
/// # Errors
/// [`ErrorCode::MalformedBody`] for what is no JSON of such a request, [`ErrorCode::BadRequest`] for all else, in words like
/// Triton's.
pub fn decode_infer(
    body: &[u8],
    header_length: Option<usize>,
    model: &str,
    signature: &Signature,
) -> Result<InferRequest, ApiError> {
    if header_length == Some(0) {
        return decode_raw(body, model, signature);
    }
    let (json, mut binary) = body.split_at_checked(header_length.unwrap_or(body.len())).ok_or_else(|| {
        let message = format!(
            "Inference-Header-Content-Length is {} but the body has {} bytes",
            header_length.unwrap_or_default(),
            body.len()
        );
        invalid(message)
    })?;
    let Cut { rest, data } = cut(json).map_err(|error| match error {
        CutError::Endless(start) => unparsed(&format!("what begins at byte {start} has no end")),
        CutError::NoArray(start) => invalid(format!("the 'data' at byte {start} is no array")),
    })?;
    let Object(request): Object<Body<'_>> = serde_json::from_slice(&rest).map_err(|error| unparsed(&error))?;
    let parameters = request.parameters.unwrap_or_default();
    if let Some(name) = parameters.names().find(|name| name.starts_with("triton_")) {
        return Err(invalid(format!("parameter keys starting with 'triton_' are reserved: '{name}'")));
    }
    check_unread(&request.inputs, &data)?;
    let inputs = inputs(&request.inputs, &data, &mut binary, model, signature)?;
    if !binary.is_empty() {
        return Err(invalid(format!("unexpected additional input data for model '{model}'")));
    }
    let rows = check(&inputs, model, signature)?;
    let all_binary = parameters.flag("binary_data_output")?.unwrap_or(false);
    Ok(InferRequest {
        id: request.id.map(Cow::into_owned).filter(|id| !id.is_empty()),
        inputs,
        rows,
        outputs: outputs(request.outputs.as_deref(), all_binary, model, signature)?,
        timeout: parameters.count("timeout")?.filter(|&microseconds| microseconds > 0).map(Duration::from_micros),
    })
}

/// Arrays that belong to no input are not read, but have to be JSON like everything else.
fn check_unread(inputs: &[Object<InputBody<'_>>], data: &[&[u8]]) -> Result<(), ApiError> {
    let is_read = |index| inputs.iter().any(|Object(input)| input.data == Some(index));
    for (_, array) in data.iter().enumerate().filter(|(index, _)| !is_read(*index)) {
        serde_json::from_slice::<IgnoredAny>(array).map_err(|error| unparsed(&error))?;
    }
    Ok(())
}

fn unparsed(cause: &dyn std::fmt::Display) -> ApiError {
    ApiError::new(ErrorCode::MalformedBody, format!("failed to parse the request JSON buffer: {cause}"))
}

/// The inputs in the order of the signature. Binary ones lie behind each other in `binary` in the order of the request.
fn inputs(
    given: &[Object<InputBody<'_>>],
    data: &[&[u8]],
    binary: &mut &[u8],
    model: &str,
    signature: &Signature,
) -> Result<Vec<Tensor>, ApiError> {
    let specs = signature.inputs();
    let mut tensors: Vec<Option<Tensor>> = specs.iter().map(|_| None).collect();
    for Object(input) in given {
        let name = input.name.as_ref();
        let place = specs.iter().zip(&mut tensors).find(|(spec, _)| &*spec.name == name);
        let (spec, place) =
            place.ok_or_else(|| invalid(format!("unexpected inference input '{name}' for model '{model}'")))?;
        if place.is_some() {
            return Err(invalid(format!("input '{name}' already exists in the request for model '{model}'")));
        }
        let json = input.data.and_then(|index| data.get(index)).copied();
        *place = Some(tensor(input, json, spec, binary, model)?);
    }
    if tensors.iter().any(Option::is_none) {
        return Err(missing_inputs(given, model, signature));
    }
    Ok(tensors.into_iter().flatten().collect())
}

fn tensor(
    input: &InputBody<'_>,
    json: Option<&[u8]>,
    spec: &TensorSpec,
    binary: &mut &[u8],
    model: &str,
) -> Result<Tensor, ApiError> {
    let name = input.name.as_ref();
    let datatype = Datatype::parse(&input.datatype)
        .ok_or_else(|| invalid(format!("input '{name}' has the unknown datatype '{}'", input.datatype)))?;
    if datatype.dtype() != spec.dtype {
        let message =
            format!("inference input '{name}' data-type is '{datatype}', but model '{model}' expects '{}'", spec.dtype);
        return Err(invalid(message));
    }
    let shape = shape(input)?;
    if !is_of_shape(spec, &shape) {
        return Err(unexpected_shape(spec, &shape, model));
    }
    let parameters = input.parameters.as_ref();
    if parameters.is_some_and(|parameters| parameters.has("shared_memory_region")) {
        let message = format!("input '{name}' is in shared memory, which this server does not support");
        return Err(invalid(message));
    }
    let size = parameters.map(|parameters| parameters.count("binary_data_size")).transpose()?.flatten();
    match (json, size) {
        (Some(_), Some(_)) => Err(invalid(format!("input '{name}' has both 'data' and 'binary_data_size'"))),
        (None, None) => Err(invalid(format!("input '{name}' has neither 'data' nor 'binary_data_size'"))),
        (Some(json), None) => json_tensor::read(name, datatype, &shape, json),
        (None, Some(size)) => {
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            let (bytes, rest) = binary.split_at_checked(size).ok_or_else(|| {
                let missing = size - binary.len();
                invalid(format!("unexpected size for input '{name}', expecting {missing} additional bytes"))
            })?;
            *binary = rest;
            binary_tensor::read(name, datatype, &shape, bytes)
        }
    }
}

/// The shape of an input, whose elements can be counted.
fn shape(input: &InputBody<'_>) -> Result<Vec<usize>, ApiError> {
    let InputBody { name, shape, .. } = input;
    let sizes: Option<Vec<usize>> = shape.iter().map(|&size| usize::try_from(size).ok()).collect();
    let countable = |sizes: &Vec<usize>| sizes.iter().try_fold(1usize, |all, &size| all.checked_mul(size)).is_some();
    sizes.filter(countable).ok_or_else(|| invalid(format!("input '{name}' has the impossible shape {shape:?}")))
}

/// Whether a tensor of this shape can be the input, whatever the others are.
fn is_of_shape(spec: &TensorSpec, shape: &[usize]) -> bool {
    let fits = |(dim, &size): (&Dim, &usize)| match dim {
        Dim::Fixed(fixed) => *fixed == size,
        Dim::Batch => size > 0,
        Dim::Dynamic(_) => true,
    };
    spec.shape.len() == shape.len() && spec.shape.iter().zip(shape).all(fits)
}

fn unexpected_shape(spec: &TensorSpec, shape: &[usize], model: &str) -> ApiError {
    let expected = in_brackets(super::metadata::wire_shape(spec));
    let got = in_brackets(shape);
    invalid(format!("unexpected shape for input '{}' for model '{model}'. Expected {expected}, got {got}", spec.name))
}

/// Such as `[-1,4]`.
fn in_brackets<T: ToString>(sizes: impl IntoIterator<Item = T>) -> String {
    let sizes: Vec<String> = sizes.into_iter().map(|size| size.to_string()).collect();
    format!("[{}]", sizes.join(","))
}

fn missing_inputs(given: &[Object<InputBody<'_>>], model: &str, signature: &Signature) -> ApiError {
    let names = |names: Vec<&str>| format!("['{}']", names.join("','"));
    let got: Vec<&str> = given.iter().map(|Object(input)| input.name.as_ref()).collect();
    let missing = signature.inputs().iter().map(|spec| &*spec.name).filter(|name| !got.contains(name)).collect();
    let (expected, count) = (signature.inputs().len(), got.len());
    let got = if got.is_empty() { "[]".to_owned() } else { names(got) };
    invalid(format!(
        "expected {expected} inputs but got {count} inputs for model '{model}'. Got input(s) {got}, but missing required \
         input(s) {}. Please provide all required input(s).",
        names(missing)
    ))
}

/// Whether the inputs fit each other; the number of rows.
fn check(inputs: &[Tensor], model: &str, signature: &Signature) -> Result<usize, ApiError> {
    signature.check(inputs).map_err(|error| match error {
        EngineError::Input { name, expected, got } => {
            invalid(format!("unexpected shape for input '{name}' for model '{model}'. Expected {expected}, got {got}"))
        }
        error => invalid(error.to_string()),
    })
}

/// The outputs that are asked for; if none is, all of them.
fn outputs(
    given: Option<&[Object<OutputBody<'_>>]>,
    all_binary: bool,
    model: &str,
    signature: &Signature,
) -> Result<Vec<RequestedOutput>, ApiError> {
    let specs = signature.outputs();
    let Some(given) = given.filter(|given| !given.is_empty()) else {
        let all = 0..specs.len();
        return Ok(all.map(|index| RequestedOutput { index, binary: all_binary, classes: None }).collect());
    };
    let mut wanted: Vec<RequestedOutput> = Vec::with_capacity(given.len().min(specs.len()));
    for Object(output) in given {
        let name = output.name.as_ref();
        let index = specs.iter().position(|spec| &*spec.name == name);
        let index =
            index.ok_or_else(|| invalid(format!("unexpected inference output '{name}' for model '{model}'")))?;
        if wanted.iter().any(|other| other.index == index) {
            return Err(invalid(format!("output '{name}' is requested more than once")));
        }
        wanted.push(requested(output, index, all_binary)?);
    }
    Ok(wanted)
}

fn requested(output: &OutputBody<'_>, index: usize, all_binary: bool) -> Result<RequestedOutput, ApiError> {
    let mut requested = RequestedOutput { index, binary: all_binary, classes: None };
    let Some(parameters) = &output.parameters else { return Ok(requested) };
    if parameters.has("shared_memory_region") {
        let message = format!("output '{}' is to go to shared memory, which this server does not support", output.name);
        return Err(invalid(message));
    }
    requested.binary = parameters.flag("binary_data")?.unwrap_or(all_binary);
    if let Some(classes) = parameters.count("classification")? {
        let classes = usize::try_from(classes).ok().filter(|&classes| classes > 0);
        let refused = || invalid(format!("the classification count of output '{}' must be at least 1", output.name));
        requested.classes = Some(classes.ok_or_else(refused)?);
    }
    Ok(requested)
}

/// A body without JSON: all of it is the one input, as one row.
fn decode_raw(body: &[u8], model: &str, signature: &Signature) -> Result<InferRequest, ApiError> {
    let [spec] = signature.inputs() else {
        let count = signature.inputs().len();
        let message = format!("Raw request must only have 1 input (found {count} in model '{model}') to be deduced");
        return Err(invalid(message));
    };
    let datatype = Datatype::Of(spec.dtype);
    let shape = raw_shape(spec, datatype, body, model)?;
    // The one text of such a request has no length before it.
    let input = match datatype.width() {
        Some(_) => binary_tensor::read(&spec.name, datatype, &shape, body)?,
        None => {
            let text = str::from_utf8(body).map_err(|_| invalid("the raw request is not UTF-8"))?;
            Tensor::from_vec(&shape, vec![text.to_owned()]).map_err(|cause| invalid(cause.to_string()))?
        }
    };
    let inputs = vec![input];
    let rows = check(&inputs, model, signature)?;
    Ok(InferRequest { id: None, inputs, rows, outputs: outputs(None, true, model, signature)?, timeout: None })
}

/// The shape that follows from the size of the body: one row, and at most one axis that is free.
fn raw_shape(spec: &TensorSpec, datatype: Datatype, body: &[u8], model: &str) -> Result<Vec<usize>, ApiError> {
    let free = spec.shape.iter().filter(|dim| matches!(dim, Dim::Dynamic(_))).count();
    if free > 1 {
        let message = format!("The shape of the raw input '{}' of model '{model}' cannot be deduced", spec.name);
        return Err(invalid(message));
    }
    let known = spec.shape.iter().try_fold(1usize, |all, dim| match dim {
        Dim::Fixed(size) => all.checked_mul(*size),
        _ => Some(all),
    });
    let known = known.unwrap_or(usize::MAX).max(1);
    let elements = datatype.width().map_or(1, |width| body.len() / width);
    let size = |dim: &Dim| match dim {
        Dim::Fixed(size) => *size,
        Dim::Batch => 1,
        Dim::Dynamic(_) => elements / known,
    };
    if spec.dtype == Dtype::Str && known != 1 {
        let message = format!("the raw input '{}' of model '{model}' must be one string", spec.name);
        return Err(invalid(message));
    }
    Ok(spec.shape.iter().map(size).collect())
}
