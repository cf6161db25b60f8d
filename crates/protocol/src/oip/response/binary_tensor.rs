//! The elements of a tensor as bytes: little-endian, row-major; text as its length in four bytes, then its UTF-8.

use std::borrow::Cow;

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

/// A tensor's elements as they are sent: from where they lie, if that is how they are sent.
#[derive(Debug)]
pub struct TensorBytes(Held);

#[derive(Debug)]
enum Held {
    /// Of numbers, on a machine that has them little-endian.
    Tensor(Tensor),
    Written(Vec<u8>),
}

impl From<Tensor> for TensorBytes {
    fn from(tensor: Tensor) -> TensorBytes {
        if let Some(texts) = tensor.as_slice::<String>() {
            return TensorBytes(Held::Written(written(texts)));
        }
        match cfg!(target_endian = "little") {
            true => TensorBytes(Held::Tensor(tensor)),
            false => TensorBytes(Held::Written(turned(&tensor))),
        }
    }
}

impl AsRef<[u8]> for TensorBytes {
    fn as_ref(&self) -> &[u8] {
        match &self.0 {
            Held::Tensor(tensor) => in_memory(tensor),
            Held::Written(bytes) => bytes,
        }
    }
}

/// The elements of a tensor that stays where it is.
pub(in crate::oip) fn bytes_of(tensor: &Tensor) -> Cow<'_, [u8]> {
    match tensor.as_slice::<String>() {
        Some(texts) => Cow::Owned(written(texts)),
        None if cfg!(target_endian = "little") => Cow::Borrowed(in_memory(tensor)),
        None => Cow::Owned(turned(tensor)),
    }
}

/// The elements as they lie in memory; nothing for texts.
fn in_memory(tensor: &Tensor) -> &[u8] {
    fn bytes<T: Element + NoUninit>(tensor: &Tensor) -> &[u8] {
        bytemuck::cast_slice(tensor.as_slice::<T>().unwrap_or_default())
    }
    for_number!(tensor.dtype(), T => bytes::<T>(tensor), other => match other {
        Dtype::Bool => bytes::<bool>(tensor),
        _ => &[],
    })
}

/// The same for a machine that has numbers the other way round.
fn turned(tensor: &Tensor) -> Vec<u8> {
    let mut bytes = in_memory(tensor).to_vec();
    let width = bytes.len() / tensor.len().max(1);
    bytes.chunks_exact_mut(width.max(1)).for_each(<[u8]>::reverse);
    bytes
}

fn written(texts: &[String]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(texts.iter().map(|text| LENGTH + text.len()).sum());
    for text in texts {
        bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}
