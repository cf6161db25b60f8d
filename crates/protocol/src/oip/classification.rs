//! The classification extension: of a row of scores the largest, as text `score:index:label`.

use std::fmt::Display;

use ferrocast_engine::{Dtype, Element, Tensor};

use super::datatype::for_number;
use super::error::invalid;
use crate::ApiError;

/// The `count` largest scores of each row, as texts of the shape `[rows, count]`, or `[count]` for an output without rows.
/// `names` are those of the classes, if the output has so many.
pub(super) fn largest<N: Display>(
    output: &str,
    tensor: &Tensor,
    has_rows: bool,
    count: usize,
    names: &[N],
) -> Result<Tensor, ApiError> {
    for_number!(tensor.dtype(), T => of::<T, N>(output, tensor, has_rows, count, names), dtype => {
        Err(invalid(format!("class result not available for output '{output}' due to unsupported type {dtype}")))
    })
}

fn of<T: Element + PartialOrd + Display, N: Display>(
    output: &str,
    tensor: &Tensor,
    has_rows: bool,
    count: usize,
    names: &[N],
) -> Result<Tensor, ApiError> {
    let scores = tensor.as_slice::<T>().unwrap_or_default();
    let rows = if has_rows { tensor.shape().first().copied().unwrap_or(1) } else { 1 };
    let classes = scores.len() / rows.max(1);
    let count = count.min(classes);
    let names = if names.len() == classes { names } else { &[] };
    let mut texts = Vec::with_capacity(rows * count);
    for row in scores.chunks_exact(classes.max(1)) {
        let mut order: Vec<usize> = (0..classes).collect();
        // Stable: of equal ones the first comes first.
        order.sort_by(|&a, &b| row.get(b).partial_cmp(&row.get(a)).unwrap_or(std::cmp::Ordering::Equal));
        texts.extend(order.iter().take(count).filter_map(|&class| {
            let score = row.get(class)?;
            Some(match names.get(class) {
                Some(name) => format!("{score}:{class}:{name}"),
                None => format!("{score}:{class}"),
            })
        }));
    }
    let shape: Vec<usize> = if has_rows { vec![rows, count] } else { vec![count] };
    Tensor::from_vec(&shape, texts).map_err(|cause| invalid(format!("output '{output}': {cause}")))
}

#[cfg(test)]
mod tests {
    use super::largest;
    use ferrocast_engine::Tensor;

    fn texts(tensor: &Tensor) -> Vec<&str> {
        tensor.as_slice::<String>().unwrap().iter().map(String::as_str).collect()
    }

    #[test]
    fn the_largest_come_first() {
        let scores = Tensor::from_vec(&[2, 3], vec![0.25f32, 0.5, 0.25, 1.0, 0.0, 2.5]).unwrap();
        let told = largest("y", &scores, true, 2, &["a", "b", "c"]).unwrap();
        assert_eq!(told.shape(), [2, 2]);
        assert_eq!(texts(&told), ["0.5:1:b", "0.25:0:a", "2.5:2:c", "1:0:a"]);
        let told = largest::<&str>("y", &scores, false, 9, &[]).unwrap();
        assert_eq!(told.shape(), [6]);
        assert_eq!(texts(&told)[..2], ["2.5:5", "1:3"]);
    }

    #[test]
    fn texts_have_no_order() {
        let tensor = Tensor::from_vec(&[1], vec!["a".to_owned()]).unwrap();
        assert!(largest::<&str>("y", &tensor, true, 1, &[]).unwrap_err().message.contains("unsupported type BYTES"));
    }
}
