//! The shape of an input, seen as rows of columns.

use ferrocast_engine::{Dim, TensorSpec};

use crate::BindError;

/// The axes behind the row axis, with a free one sized so that `width` columns fill them.
///
/// Axis 0 must carry the rows: the batch axis, or 1 in a file that was exported for one row at a time. `columns` words
/// the features' widths for the error.
pub(crate) fn row_shape(
    spec: &TensorSpec,
    width: usize,
    columns: impl FnOnce() -> String,
) -> Result<Vec<usize>, BindError> {
    let unfit = |reason| BindError::Shape { tensor: spec.name.clone().into(), shape: spec.to_string(), reason };
    if width == 0 {
        return Err(unfit("no feature fills it"));
    }
    let rest = match spec.shape.split_first() {
        Some((Dim::Batch | Dim::Fixed(1), rest)) => rest,
        _ => {
            return Err(unfit("its first axis cannot carry rows; export the model with a free first axis"));
        }
    };
    let mut fixed = 1usize;
    let mut free = 0;
    for dim in rest {
        match dim {
            Dim::Fixed(size) => fixed = fixed.checked_mul(*size).ok_or_else(|| unfit("its size overflows"))?,
            Dim::Batch => {
                return Err(unfit("a second axis carries the rows; export it with one free axis, the first"));
            }
            Dim::Dynamic(_) => free += 1,
        }
    }
    let (expected, free_size) = match free {
        0 => (fixed, 0),
        1 if fixed > 0 => (fixed.saturating_mul(width.div_ceil(fixed)), width.div_ceil(fixed)),
        _ => {
            return Err(unfit("two axes beside the rows are free; the features cannot say how long each is"));
        }
    };
    if expected != width {
        return Err(BindError::Width { tensor: spec.name.clone().into(), expected, got: width, columns: columns() });
    }
    Ok(rest.iter().map(|dim| if let Dim::Fixed(size) = dim { *size } else { free_size }).collect())
}

#[cfg(test)]
mod tests {
    use ferrocast_engine::Dtype;

    use super::*;

    fn check(shape: &[Dim], width: usize) -> Result<Vec<usize>, String> {
        let spec = TensorSpec::new("x", Dtype::F32, shape.to_vec());
        row_shape(&spec, width, || "a 1, b 3".to_owned()).map_err(|error| error.to_string())
    }

    fn free() -> Dim {
        Dim::Dynamic("n".into())
    }

    #[test]
    fn the_columns_fill_the_axes_behind_the_first() {
        assert_eq!(check(&[Dim::Batch], 1), Ok(vec![]));
        assert_eq!(check(&[Dim::Batch, Dim::Fixed(4)], 4), Ok(vec![4]));
        assert_eq!(check(&[Dim::Fixed(1), Dim::Fixed(4)], 4), Ok(vec![4]));
        assert_eq!(check(&[Dim::Batch, Dim::Fixed(2), Dim::Fixed(3)], 6), Ok(vec![2, 3]));
        assert_eq!(check(&[Dim::Batch, free(), Dim::Fixed(3)], 6), Ok(vec![2, 3]));
    }

    #[test]
    fn names_the_widths() {
        let expected = "input `x` takes 5 columns a row, but its features fill 4: a 1, b 3";
        assert_eq!(check(&[Dim::Batch, Dim::Fixed(5)], 4), Err(expected.to_owned()));
        assert!(check(&[Dim::Batch, free(), Dim::Fixed(3)], 4).is_err());
        assert!(check(&[Dim::Batch], 4).is_err());
        assert!(check(&[Dim::Batch, Dim::Fixed(0)], 0).is_err());
        assert!(check(&[Dim::Batch, Dim::Fixed(usize::MAX), Dim::Fixed(2)], 4).is_err());
        assert!(check(&[Dim::Batch, free(), Dim::Fixed(0)], 4).is_err());
    }

    #[test]
    fn the_first_axis_carries_the_rows_and_no_other_does() {
        assert!(check(&[], 1).is_err());
        assert!(check(&[Dim::Fixed(8), Dim::Fixed(4)], 4).is_err());
        assert!(check(&[free(), Dim::Fixed(4)], 4).is_err());
        assert!(check(&[Dim::Batch, Dim::Batch], 4).is_err());
        assert!(check(&[Dim::Batch, free(), free()], 4).is_err());
    }
}
