//! Rows as model inputs, joined and cut along their rows.

use ferrocast_engine::{Tensor, TensorError};

/// Rows as model inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// One tensor for each input of the signature, in its order.
    pub tensors: Vec<Tensor>,
    /// The number of rows.
    pub rows: usize,
}

impl Encoded {
    /// The memory that the tensors occupy, in bytes.
    pub fn byte_len(&self) -> usize {
        self.tensors.iter().map(Tensor::byte_len).sum()
    }

    /// Whether both can be joined: tensors of the same element types and, but for the rows, the same shapes.
    pub fn can_join(&self, other: &Encoded) -> bool {
        let alike = |a: &Tensor, b: &Tensor| a.dtype() == b.dtype() && a.shape().get(1..) == b.shape().get(1..);
        self.tensors.len() == other.tensors.len()
            && self.tensors.iter().zip(&other.tensors).all(|(a, b)| !a.shape().is_empty() && alike(a, b))
    }

    /// All rows of the parts, in order.
    ///
    /// # Errors
    /// Unless the parts [can be joined](Encoded::can_join).
    pub fn join(parts: &[Encoded]) -> Result<Encoded, TensorError> {
        let runs: Vec<&[Tensor]> = parts.iter().map(|part| part.tensors.as_slice()).collect();
        Ok(Encoded { tensors: join_each(&runs)?, rows: parts.iter().map(|part| part.rows).sum() })
    }

    /// Parts of so many rows each, in order.
    ///
    /// # Errors
    /// Unless they sum up to all rows.
    pub fn split(&self, rows: &[usize]) -> Result<Vec<Encoded>, TensorError> {
        let tensors = split_outputs(&self.tensors, rows)?;
        Ok(tensors.into_iter().zip(rows).map(|(tensors, &rows)| Encoded { tensors, rows }).collect())
    }
}

/// Joins the outputs of several runs: those of each run are in the order of the signature.
///
/// # Errors
/// If the outputs differ in anything but their rows.
pub fn join_outputs(runs: &[Vec<Tensor>]) -> Result<Vec<Tensor>, TensorError> {
    join_each(&runs.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// Joins the first tensors of all parts, the second ones, and so on.
fn join_each(parts: &[&[Tensor]]) -> Result<Vec<Tensor>, TensorError> {
    let count = parts.first().map_or(0, |first| first.len());
    let column = |ix| parts.iter().filter_map(|part| part.get(ix)).collect::<Vec<&Tensor>>();
    (0..count).map(|ix| Tensor::concat_rows(&column(ix))).collect()
}

/// The inverse of [`join_outputs`]: the outputs of one run for so many rows each.
///
/// # Errors
/// If an output does not have as many rows in all.
pub fn split_outputs(outputs: &[Tensor], rows: &[usize]) -> Result<Vec<Vec<Tensor>>, TensorError> {
    let mut parts: Vec<Vec<Tensor>> = rows.iter().map(|_| Vec::with_capacity(outputs.len())).collect();
    for output in outputs {
        for (part, tensor) in parts.iter_mut().zip(output.split_rows(rows)?) {
            part.push(tensor);
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(shapes: &[&[usize]]) -> Encoded {
        let tensor = |shape: &&[usize]| {
            let count: usize = shape.iter().product();
            Tensor::from_vec(shape, (0..count).map(|ix| ix as f32).collect()).unwrap()
        };
        Encoded { tensors: shapes.iter().map(tensor).collect(), rows: shapes[0][0] }
    }

    #[test]
    fn split_is_the_inverse_of_join() {
        let whole = encoded(&[&[5, 2], &[5], &[5, 2, 3]]);
        let parts = whole.split(&[2, 0, 3]).unwrap();
        assert_eq!(parts.iter().map(|part| part.rows).collect::<Vec<_>>(), [2, 0, 3]);
        assert_eq!(Encoded::join(&parts).unwrap(), whole);
        assert!(whole.split(&[2, 2]).is_err());
        assert_eq!(whole.byte_len(), 4 * (10 + 5 + 30));
    }

    #[test]
    fn only_rows_may_differ() {
        let two = encoded(&[&[2, 3], &[2]]);
        assert!(two.can_join(&encoded(&[&[5, 3], &[5]])));
        assert!(!two.can_join(&encoded(&[&[2, 4], &[2]])));
        assert!(!two.can_join(&encoded(&[&[2, 3]])));
        let integers =
            Encoded { tensors: vec![two.tensors[0].clone(), Tensor::from_vec(&[2], vec![1i64; 2]).unwrap()], rows: 2 };
        assert!(!two.can_join(&integers));
    }

    #[test]
    fn outputs_without_rows_do_not_split() {
        let scalar = Tensor::from_vec(&[], vec![1f32]).unwrap();
        assert!(split_outputs(&[scalar], &[1, 1]).is_err());
    }
}
