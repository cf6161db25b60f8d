//! The elements of a tensor as bytes: little-endian, row-major; text as its length in four bytes, then its UTF-8.

use bytemuck::NoUninit;
use ferrocast_engine::{Dtype, Element, Tensor};

use crate::oip::datatype::for_number;

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
    for_number!(tensor.dtype(), T => fixed::<T>(body, tensor), other => match other {
        Dtype::Bool => fixed::<bool>(body, tensor),
        _ => texts(body, tensor.as_slice().unwrap_or_default()),
    });
}

/// Elements as they lie in memory, in one copy; their bytes are turned around where the machine has them the other way.
fn fixed<T: Element + NoUninit>(body: &mut Vec<u8>, tensor: &Tensor) {
    let elements = tensor.as_slice::<T>().unwrap_or_default();
    let start = body.len();
    body.extend_from_slice(bytemuck::cast_slice(elements));
    if cfg!(target_endian = "big") {
        let written = body.get_mut(start..).unwrap_or_default();
        written.chunks_exact_mut(size_of::<T>()).for_each(<[u8]>::reverse);
    }
}

fn texts(body: &mut Vec<u8>, texts: &[String]) {
    for text in texts {
        body.extend_from_slice(&(text.len() as u32).to_le_bytes());
        body.extend_from_slice(text.as_bytes());
    }
}
