//! Joining and splitting tensors along axis 0, where the rows of a batch are.

use ndarray::ArrayD;

use super::{Element, Tensor, for_array};
use crate::TensorError;

impl Tensor {
    /// Joins along axis 0: `[a, rest] + [b, rest] → [a + b, rest]`.
    ///
    /// # Errors
    /// [`TensorError::Empty`] without parts; [`TensorError::Join`] if element types or trailing shapes differ, or if a
    /// part is a scalar.
    pub fn concat_rows(parts: &[&Tensor]) -> Result<Tensor, TensorError> {
        let (first, rest) = parts.split_first().ok_or(TensorError::Empty)?;
        if rest.is_empty() && !first.shape().is_empty() {
            return Ok((*first).clone());
        }
        for_array!(first, array => join(array, first, parts))
    }

    /// The inverse of [`Tensor::concat_rows`]: one tensor for each number of rows, in order.
    ///
    /// # Errors
    /// [`TensorError::Split`] unless `rows` sums to the size of axis 0.
    pub fn split_rows(&self, rows: &[usize]) -> Result<Vec<Tensor>, TensorError> {
        let have = self.shape().first().copied();
        let parts = rows.iter().try_fold(0usize, |sum, &r| sum.checked_add(r));
        if have.is_none() || have != parts {
            return Err(TensorError::Split { rows: have.unwrap_or(0), parts: parts.unwrap_or(usize::MAX) });
        }
        if rows.len() == 1 {
            return Ok(vec![self.clone()]);
        }
        for_array!(self, array => split(array, rows))
    }
}

fn join<T: Element>(array: &ArrayD<T>, first: &Tensor, parts: &[&Tensor]) -> Result<Tensor, TensorError> {
    let mismatch = |part: &Tensor| TensorError::Join { expected: first.describe(), got: part.describe() };
    let (_, trailing) = array.shape().split_first().ok_or_else(|| mismatch(first))?;
    let mut rows = 0usize;
    let mut data: Vec<T> = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        let slice = part.as_slice::<T>().ok_or_else(|| mismatch(part))?;
        match part.shape().split_first() {
            Some((&n, rest)) if rest == trailing => rows += n,
            _ => return Err(mismatch(part)),
        }
        data.extend_from_slice(slice);
    }
    let shape: Vec<usize> = std::iter::once(rows).chain(trailing.iter().copied()).collect();
    Tensor::from_vec(&shape, data)
}

fn split<T: Element>(array: &ArrayD<T>, rows: &[usize]) -> Result<Vec<Tensor>, TensorError> {
    let trailing = array.shape().get(1..).unwrap_or_default();
    let width: usize = trailing.iter().product();
    let mut left = array.as_slice().unwrap_or_default();
    let mut parts = Vec::with_capacity(rows.len());
    for &n in rows {
        let (part, rest) = left.split_at_checked(n * width).unwrap_or((left, &[]));
        left = rest;
        let shape: Vec<usize> = std::iter::once(n).chain(trailing.iter().copied()).collect();
        parts.push(Tensor::from_vec(&shape, part.to_vec())?);
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, prop_assert_eq, proptest};

    use super::*;

    fn f32s(shape: &[usize], data: &[f32]) -> Tensor {
        Tensor::from_vec(shape, data.to_vec()).unwrap()
    }

    #[test]
    fn joins_in_order() {
        let joined = Tensor::concat_rows(&[&f32s(&[1, 2], &[1., 2.]), &f32s(&[2, 2], &[3., 4., 5., 6.])]).unwrap();
        assert_eq!(joined, f32s(&[3, 2], &[1., 2., 3., 4., 5., 6.]));
    }

    #[test]
    fn strings_join_and_split_too() {
        let text = |words: &[&str]| {
            Tensor::from_vec(&[words.len(), 1], words.iter().map(|&w| w.to_owned()).collect()).unwrap()
        };
        let joined = Tensor::concat_rows(&[&text(&["a"]), &text(&["b", "c"])]).unwrap();
        assert_eq!(joined.split_rows(&[2, 1]).unwrap(), vec![text(&["a", "b"]), text(&["c"])]);
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let a = f32s(&[1, 2], &[1., 2.]);
        let wider = f32s(&[1, 3], &[1., 2., 3.]);
        let other = Tensor::from_vec(&[1, 2], vec![1i64, 2]).unwrap();
        let scalar = f32s(&[], &[1.]);
        for part in [&wider, &other, &scalar] {
            assert!(matches!(Tensor::concat_rows(&[&a, part]), Err(TensorError::Join { .. })), "{part:?}");
        }
        assert!(matches!(Tensor::concat_rows(&[&scalar, &a]), Err(TensorError::Join { .. })));
        assert_eq!(Tensor::concat_rows(&[]), Err(TensorError::Empty));
        assert!(matches!(a.split_rows(&[1, 1]), Err(TensorError::Split { rows: 1, parts: 2 })));
        assert!(scalar.split_rows(&[1]).is_err());
        assert!(a.split_rows(&[usize::MAX, 2]).is_err());
    }

    proptest! {
        #[test]
        fn split_undoes_concat(rows in prop::collection::vec(0usize..5, 1..6), width in 0usize..4) {
            let parts: Vec<Tensor> = rows
                .iter()
                .enumerate()
                .map(|(i, &n)| {
                    let data = (0..n * width).map(|j| (i * 100 + j) as f32).collect();
                    Tensor::from_vec(&[n, width], data).unwrap()
                })
                .collect();
            let joined = Tensor::concat_rows(&parts.iter().collect::<Vec<_>>()).unwrap();
            prop_assert_eq!(joined.split_rows(&rows).unwrap(), parts);
        }
    }
}
