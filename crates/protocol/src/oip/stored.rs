//! Tensors as bytes that are kept and read again by the same release: what a cache holds, and digests are made of.

use ferrocast_engine::Tensor;

use super::datatype::Datatype;
use super::request::read_binary;
use super::response::bytes_of;

/// Of each tensor its datatype, its shape and its elements; all of it with its length, so that no two lists of tensors read
/// alike. Of one that [`restored`] could not read, nothing but that.
pub fn stored(tensors: &[Tensor]) -> Vec<u8> {
    let mut all = Vec::with_capacity(tensors.iter().map(|tensor| 64 + tensor.byte_len()).sum());
    for tensor in tensors {
        let datatype = Datatype::Of(tensor.dtype()).to_string();
        sized(&mut all, datatype.as_bytes());
        number(&mut all, tensor.shape().len());
        tensor.shape().iter().for_each(|&length| number(&mut all, length));
        sized(&mut all, &bytes_of(tensor));
    }
    all
}

/// The tensors that were [`stored`]; `None` if the bytes are something else.
pub fn restored(mut bytes: &[u8]) -> Option<Vec<Tensor>> {
    let mut tensors = Vec::new();
    while !bytes.is_empty() {
        let datatype = Datatype::parse(str::from_utf8(take_sized(&mut bytes)?).ok()?)?;
        let rank = take_number(&mut bytes)?;
        // Each length takes eight bytes, so that no number asks for more memory than there is.
        let shape = (0..rank.min(bytes.len())).map(|_| take_number(&mut bytes)).collect::<Option<Vec<_>>>()?;
        tensors.push(read_binary("stored", datatype, &shape, take_sized(&mut bytes)?).ok()?);
    }
    Some(tensors)
}

fn number(all: &mut Vec<u8>, number: usize) {
    all.extend_from_slice(&(number as u64).to_le_bytes());
}

fn sized(all: &mut Vec<u8>, bytes: &[u8]) {
    number(all, bytes.len());
    all.extend_from_slice(bytes);
}

fn take_number(bytes: &mut &[u8]) -> Option<usize> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    usize::try_from(u64::from_le_bytes(*number)).ok()
}

fn take_sized<'b>(bytes: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = take_number(bytes)?;
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use ferrocast_engine::Tensor;

    use super::{restored, stored};

    fn tensors() -> Vec<Tensor> {
        vec![
            Tensor::from_vec(&[2, 1], vec![1.5f32, f32::NEG_INFINITY]).unwrap(),
            Tensor::from_vec(&[2], vec!["a".to_owned(), "\u{1F427}".to_owned()]).unwrap(),
            Tensor::from_vec(&[0, 3], Vec::<i64>::new()).unwrap(),
            Tensor::from_vec(&[3], vec![true, false, true]).unwrap(),
            Tensor::from_vec(&[1], vec![u64::MAX]).unwrap(),
        ]
    }

    #[test]
    fn what_is_stored_is_read_again() {
        assert_eq!(restored(&stored(&tensors())), Some(tensors()));
        assert_eq!(restored(&[]), Some(Vec::new()));
    }

    #[test]
    fn other_bytes_are_no_tensors() {
        let whole = stored(&tensors());
        let cut = (1..whole.len()).filter(|&end| restored(&whole[..end]) == Some(tensors())).count();
        assert_eq!(cut, 0);
        assert_eq!(restored(&[0xff; 64]), None);
    }

    #[test]
    fn shapes_tell_tensors_apart() {
        let of = |shape: &[usize]| stored(&[Tensor::from_vec(shape, vec![1i32, 2]).unwrap()]);
        assert_ne!(of(&[2]), of(&[1, 2]));
        assert_ne!(of(&[2, 1]), of(&[1, 2]));
    }
}
