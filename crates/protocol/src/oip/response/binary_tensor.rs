//! The elements of a tensor as bytes: little-endian, row-major; text as its length in four bytes, then its UTF-8.

use ferrocast_engine::{Dtype, Element, Tensor};

/// Bytes of a text's length.
const LENGTH: usize = 4;

/// The bytes that [`write`] adds.
pub(super) fn size(tensor: &Tensor) -> usize {
    match tensor.as_slice::<String>() {
        Some(texts) => tensor.byte_len() + LENGTH * texts.len(),
        None => tensor.byte_len(),
    }
}

/// Adds the elements to `body`.
pub(super) fn write(body: &mut Vec<u8>, tensor: &Tensor) {
    match tensor.dtype() {
        Dtype::Bool => fixed(body, tensor, |flag: bool| [u8::from(flag)]),
        Dtype::U8 => fixed(body, tensor, u8::to_le_bytes),
        Dtype::U16 => fixed(body, tensor, u16::to_le_bytes),
        Dtype::U32 => fixed(body, tensor, u32::to_le_bytes),
        Dtype::U64 => fixed(body, tensor, u64::to_le_bytes),
        Dtype::I8 => fixed(body, tensor, i8::to_le_bytes),
        Dtype::I16 => fixed(body, tensor, i16::to_le_bytes),
        Dtype::I32 => fixed(body, tensor, i32::to_le_bytes),
        Dtype::I64 => fixed(body, tensor, i64::to_le_bytes),
        Dtype::F32 => fixed(body, tensor, f32::to_le_bytes),
        Dtype::F64 => fixed(body, tensor, f64::to_le_bytes),
        _ => texts(body, tensor.as_slice().unwrap_or_default()),
    }
}

fn fixed<const WIDTH: usize, T: Element + Copy>(body: &mut Vec<u8>, tensor: &Tensor, bytes: impl Fn(T) -> [u8; WIDTH]) {
    let elements = tensor.as_slice::<T>().unwrap_or_default();
    let start = body.len();
    body.resize(start + elements.len() * WIDTH, 0);
    // Compiles to one copy where the machine is little-endian.
    let (places, _) = body.get_mut(start..).unwrap_or_default().as_chunks_mut();
    for (place, &element) in places.iter_mut().zip(elements) {
        *place = bytes(element);
    }
}

fn texts(body: &mut Vec<u8>, texts: &[String]) {
    for text in texts {
        body.extend_from_slice(&(text.len() as u32).to_le_bytes());
        body.extend_from_slice(text.as_bytes());
    }
}
