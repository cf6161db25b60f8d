//! Elements as bytes: little-endian, row-major; text as its length in four bytes, then its UTF-8.

use ferrocast_engine::{Dtype, Element, Tensor};
use half::{bf16, f16};

use crate::ApiError;
use crate::oip::datatype::{Datatype, for_number};
use crate::oip::error::invalid;

/// Reads the elements of input `name` out of `bytes`, all of them.
pub(in crate::oip) fn read(name: &str, datatype: Datatype, shape: &[usize], bytes: &[u8]) -> Result<Tensor, ApiError> {
    match datatype {
        Datatype::Fp16 => fixed(name, shape, bytes, |bytes| f16::from_le_bytes(bytes).to_f32()),
        Datatype::Bf16 => fixed(name, shape, bytes, |bytes| bf16::from_le_bytes(bytes).to_f32()),
        Datatype::Of(dtype) => {
            for_number!(dtype, T => fixed(name, shape, bytes, T::from_le_bytes), other => match other {
                Dtype::Bool => flags(name, shape, bytes),
                Dtype::Str => texts(name, shape, bytes),
                _ => Err(invalid(format!("input '{name}' has datatype {datatype}, which is not supported"))),
            })
        }
    }
}

/// Elements of `WIDTH` bytes each.
fn fixed<const WIDTH: usize, T: Element>(
    name: &str,
    shape: &[usize],
    bytes: &[u8],
    element: impl Fn([u8; WIDTH]) -> T,
) -> Result<Tensor, ApiError> {
    let (elements, rest) = bytes.as_chunks();
    let expected: usize = shape.iter().product();
    if elements.len() != expected || !rest.is_empty() {
        return Err(unexpected_size(name, expected.saturating_mul(WIDTH), bytes.len()));
    }
    tensor(name, shape, elements.iter().map(|bytes| element(*bytes)).collect())
}

fn flags(name: &str, shape: &[usize], bytes: &[u8]) -> Result<Tensor, ApiError> {
    if let Some(position) = bytes.iter().position(|&byte| byte > 1) {
        return Err(invalid(format!("element {position} of input '{name}' is no BOOL: a byte that is not 0 or 1")));
    }
    fixed(name, shape, bytes, |[byte]| byte == 1)
}

fn texts(name: &str, shape: &[usize], bytes: &[u8]) -> Result<Tensor, ApiError> {
    let expected: usize = shape.iter().product();
    let mut rest = bytes;
    // An element has at least the four bytes of its length: no shape asks for more memory than was sent.
    let mut texts = Vec::with_capacity(expected.min(bytes.len() / 4));
    while let Some((length, behind)) = rest.split_first_chunk() {
        let length = u32::from_le_bytes(*length) as usize;
        let Some((text, behind)) = behind.split_at_checked(length) else { break };
        let text = str::from_utf8(text)
            .map_err(|_| invalid(format!("element {} of input '{name}' is not UTF-8", texts.len())))?;
        texts.push(text.to_owned());
        rest = behind;
    }
    if !rest.is_empty() {
        return Err(invalid(format!("incomplete string length or string in the data of input '{name}'")));
    }
    if texts.len() != expected {
        let message =
            format!("unexpected number of string elements {} for input '{name}', expecting {expected}", texts.len());
        return Err(invalid(message));
    }
    tensor(name, shape, texts)
}

fn unexpected_size(name: &str, expected: usize, got: usize) -> ApiError {
    let message = match expected.checked_sub(got) {
        Some(missing) => format!("unexpected size for input '{name}', expecting {missing} additional bytes"),
        None => format!("unexpected size for input '{name}', expecting {expected} bytes but got {got}"),
    };
    invalid(message)
}

fn tensor<T: Element>(name: &str, shape: &[usize], data: Vec<T>) -> Result<Tensor, ApiError> {
    Tensor::from_vec(shape, data).map_err(|cause| invalid(format!("input '{name}': {cause}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(datatype: &str, shape: &[usize], bytes: &[u8]) -> Result<Tensor, String> {
        let datatype = Datatype::parse(datatype).expect("a datatype");
        read("x", datatype, shape, bytes).map_err(|error| error.message)
    }

    #[test]
    fn numbers_are_little_endian() {
        let tensor = read_as("FP32", &[1, 2], &[0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0]).unwrap();
        assert_eq!(tensor, Tensor::from_vec(&[1, 2], vec![1f32, -2.5]).unwrap());
        assert_eq!(read_as("INT16", &[1], &[0xfe, 0xff]), Ok(Tensor::from_vec(&[1], vec![-2i16]).unwrap()));
        let half = Tensor::from_vec(&[2], vec![1f32, -2.5]).unwrap();
        assert_eq!(read_as("FP16", &[2], &[0, 0x3c, 0, 0xc1]).as_ref(), Ok(&half));
        assert_eq!(read_as("BF16", &[2], &[0x80, 0x3f, 0x20, 0xc0]).as_ref(), Ok(&half));
    }

    #[test]
    fn sizes_must_agree() {
        assert_eq!(
            read_as("FP32", &[2], &[0; 7]).unwrap_err(),
            "unexpected size for input 'x', expecting 1 additional bytes"
        );
        assert_eq!(
            read_as("UINT8", &[2], &[0; 7]).unwrap_err(),
            "unexpected size for input 'x', expecting 2 bytes but got 7"
        );
        assert!(read_as("BOOL", &[2], &[1, 2]).unwrap_err().contains("element 1"));
    }

    #[test]
    fn texts_have_their_lengths_before_them() {
        let bytes = [2, 0, 0, 0, b'a', b'b', 0, 0, 0, 0];
        let texts = Tensor::from_vec(&[2], vec!["ab".to_owned(), String::new()]).unwrap();
        assert_eq!(read_as("BYTES", &[2], &bytes), Ok(texts));
        assert!(read_as("BYTES", &[3], &bytes).unwrap_err().contains("expecting 3"));
        assert!(read_as("BYTES", &[2], &bytes[..9]).unwrap_err().contains("incomplete"));
        assert!(read_as("BYTES", &[1], &[1, 0, 0, 0, 0xff]).unwrap_err().contains("not UTF-8"));
        assert!(read_as("BYTES", &[1], &[0xff, 0xff, 0xff, 0xff, 1]).unwrap_err().contains("incomplete"));
    }
}
