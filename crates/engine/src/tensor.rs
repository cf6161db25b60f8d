//! Dense, row-major, owned arrays tagged with their element type.

mod element;
mod rows;

pub use element::{Dtype, Element};

use ndarray::{Array1, Array2, ArrayD, ArrayViewD, IxDyn};

use crate::TensorError;

/// A dense, row-major, owned n-dimensional array tagged with its element type.
///
/// Invariant: every array is in standard layout, so that [`Tensor::as_slice`] succeeds for the right element type.
/// The variants are public to be matched on; build tensors through [`Tensor::from_vec`] or [`Tensor::from_array`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Tensor {
    /// Truth values.
    Bool(ArrayD<bool>),
    /// Unsigned integers of 8 bits.
    U8(ArrayD<u8>),
    /// Unsigned integers of 16 bits.
    U16(ArrayD<u16>),
    /// Unsigned integers of 32 bits.
    U32(ArrayD<u32>),
    /// Unsigned integers of 64 bits.
    U64(ArrayD<u64>),
    /// Integers of 8 bits.
    I8(ArrayD<i8>),
    /// Integers of 16 bits.
    I16(ArrayD<i16>),
    /// Integers of 32 bits.
    I32(ArrayD<i32>),
    /// Integers of 64 bits.
    I64(ArrayD<i64>),
    /// Floating-point numbers in single precision.
    F32(ArrayD<f32>),
    /// Floating-point numbers in double precision.
    F64(ArrayD<f64>),
    /// UTF-8 text.
    Str(ArrayD<String>),
}

/// Runs one expression for whichever array a tensor holds.
macro_rules! for_array {
    ($tensor:expr, $array:ident => $body:expr) => {
        match $tensor {
            Tensor::Bool($array) => $body,
            Tensor::U8($array) => $body,
            Tensor::U16($array) => $body,
            Tensor::U32($array) => $body,
            Tensor::U64($array) => $body,
            Tensor::I8($array) => $body,
            Tensor::I16($array) => $body,
            Tensor::I32($array) => $body,
            Tensor::I64($array) => $body,
            Tensor::F32($array) => $body,
            Tensor::F64($array) => $body,
            Tensor::Str($array) => $body,
        }
    };
}
pub(crate) use for_array;

impl Tensor {
    /// A tensor of `data` in row-major order.
    ///
    /// # Errors
    /// [`TensorError::Length`] if `data.len()` is not the product of `shape`, or if that product overflows.
    pub fn from_vec<T: Element>(shape: &[usize], data: Vec<T>) -> Result<Tensor, TensorError> {
        let len = data.len();
        // Shapes of a known rank take a third of the time, and nearly all tensors of rows have one of these.
        let array = match *shape {
            [len] => Array1::from_shape_vec(len, data).map(Array1::into_dyn),
            [rows, width] => Array2::from_shape_vec((rows, width), data).map(Array2::into_dyn),
            _ => ArrayD::from_shape_vec(IxDyn(shape), data),
        };
        array.map(T::wrap).map_err(|_| TensorError::Length { shape: shape.to_vec(), len })
    }

    /// A tensor of so many rows, each of the shape `row_shape`, of `data` in row-major order.
    ///
    /// # Errors
    /// As [`Tensor::from_vec`].
    pub fn from_rows<T: Element>(rows: usize, row_shape: &[usize], data: Vec<T>) -> Result<Tensor, TensorError> {
        match *row_shape {
            [] => Tensor::from_vec(&[rows], data),
            [width] => Tensor::from_vec(&[rows, width], data),
            _ => Tensor::from_vec(&[&[rows], row_shape].concat(), data),
        }
    }

    /// A tensor of `array`, copied only if it is not in standard layout.
    pub fn from_array<T: Element>(array: ArrayD<T>) -> Tensor {
        if array.is_standard_layout() { T::wrap(array) } else { T::wrap(array.as_standard_layout().into_owned()) }
    }

    /// The element type.
    pub fn dtype(&self) -> Dtype {
        match self {
            Tensor::Bool(_) => Dtype::Bool,
            Tensor::U8(_) => Dtype::U8,
            Tensor::U16(_) => Dtype::U16,
            Tensor::U32(_) => Dtype::U32,
            Tensor::U64(_) => Dtype::U64,
            Tensor::I8(_) => Dtype::I8,
            Tensor::I16(_) => Dtype::I16,
            Tensor::I32(_) => Dtype::I32,
            Tensor::I64(_) => Dtype::I64,
            Tensor::F32(_) => Dtype::F32,
            Tensor::F64(_) => Dtype::F64,
            Tensor::Str(_) => Dtype::Str,
        }
    }

    /// The shape; empty for a scalar.
    pub fn shape(&self) -> &[usize] {
        for_array!(self, array => array.shape())
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        for_array!(self, array => array.len())
    }

    /// The memory that the elements occupy, in bytes; of text, its characters.
    pub fn byte_len(&self) -> usize {
        match self {
            Tensor::Str(array) => array.iter().map(String::len).sum(),
            tensor => for_array!(tensor, array => size_of_val(array.as_slice().unwrap_or_default())),
        }
    }

    /// Whether the tensor has no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The array, or `None` if its element type is another. No conversion, no copy.
    pub fn view<T: Element>(&self) -> Option<ArrayViewD<'_, T>> {
        T::array(self).map(|array| array.view())
    }

    /// The elements in row-major order, or `None` if their type is another. No conversion, no copy.
    pub fn as_slice<T: Element>(&self) -> Option<&[T]> {
        T::array(self).and_then(|array| array.as_slice())
    }

    /// The elements in row-major order, to be changed, if they are of this type and in the shape `[rows, row_shape…]`.
    pub fn rows_mut<T: Element>(&mut self, rows: usize, row_shape: &[usize]) -> Option<&mut [T]> {
        T::array_mut(self).filter(|array| is_shaped(array, rows, row_shape))?.as_slice_mut()
    }

    /// Makes it a tensor of the shape `[rows, row_shape…]` that holds `value` everywhere, in the memory that it has if
    /// that is of this type and shape. Gives its elements in row-major order.
    ///
    /// # Errors
    /// [`TensorError::Length`] if the shape has more elements than can be counted.
    pub fn refill<T: Element>(&mut self, rows: usize, row_shape: &[usize], value: T) -> Result<&mut [T], TensorError> {
        if !T::array(self).is_some_and(|array| is_shaped(array, rows, row_shape)) {
            let len = row_shape.iter().try_fold(rows, |len, &axis| len.checked_mul(axis));
            let shape = || [&[rows], row_shape].concat();
            let len = len.ok_or_else(|| TensorError::Length { shape: shape(), len: usize::MAX })?;
            *self = Tensor::from_rows(rows, row_shape, vec![value.clone(); len])?;
        }
        let elements = T::array_mut(self).and_then(|array| array.as_slice_mut()).unwrap_or_default();
        elements.iter_mut().for_each(|element| element.clone_from(&value));
        Ok(elements)
    }

    /// The same elements, in row-major order, in another shape. No copy.
    ///
    /// # Errors
    /// [`TensorError::Length`] if the shape is of another number of elements.
    pub fn reshaped(self, shape: &[usize]) -> Result<Tensor, TensorError> {
        let len = self.len();
        for_array!(self, array => {
            let reshaped = array.into_shape_with_order(IxDyn(shape));
            reshaped.map(Element::wrap).map_err(|_| TensorError::Length { shape: shape.to_vec(), len })
        })
    }

    /// Element type and shape in words, such as `FP32 [3, 4]`.
    pub fn describe(&self) -> String {
        format!("{} {:?}", self.dtype(), self.shape())
    }
}

fn is_shaped<T>(array: &ArrayD<T>, rows: usize, row_shape: &[usize]) -> bool {
    matches!(array.shape(), [first, rest @ ..] if *first == rows && *rest == *row_shape)
}

/// No elements.
impl Default for Tensor {
    fn default() -> Tensor {
        Tensor::F32(ArrayD::from_shape_fn(IxDyn(&[0]), |_| 0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_the_same_type_and_shape_is_used_again() {
        let mut tensor = Tensor::default();
        assert!(tensor.is_empty());
        tensor.refill(2, &[3], 1f32).unwrap().copy_from_slice(&[1., 2., 3., 4., 5., 6.]);
        let before = tensor.as_slice::<f32>().map(<[f32]>::as_ptr);
        assert_eq!(tensor.refill(2, &[3], 7f32).unwrap(), [7.0; 6]);
        assert_eq!(tensor.as_slice::<f32>().map(<[f32]>::as_ptr), before);
        assert!(tensor.rows_mut::<f32>(3, &[2]).is_none() && tensor.rows_mut::<f64>(2, &[3]).is_none());
        for (rows, row_shape) in [(3, &[2][..]), (6, &[]), (0, &[4]), (1, &[2, 3])] {
            let len = rows * row_shape.iter().product::<usize>();
            assert_eq!(tensor.refill(rows, row_shape, "a".to_owned()).unwrap(), vec!["a"; len]);
            assert_eq!(tensor.shape(), [&[rows], row_shape].concat());
        }
        assert!(tensor.refill(usize::MAX, &[2], 0u8).is_err());
    }

    #[test]
    fn the_shape_must_hold_the_data() {
        assert!(Tensor::from_vec(&[2, 2], vec![1f32; 4]).is_ok());
        assert!(Tensor::from_vec(&[0, 7], Vec::<f32>::new()).is_ok());
        for shape in [&[2, 3][..], &[3], &[], &[usize::MAX, 2], &[2, 2, 2]] {
            assert!(matches!(Tensor::from_vec(shape, vec![1f32; 4]), Err(TensorError::Length { len: 4, .. })));
        }
    }

    #[test]
    fn rows_have_their_shape_behind_them() {
        for (row_shape, shape) in [(&[][..], &[6][..]), (&[1], &[6, 1]), (&[2, 2], &[6, 2, 2])] {
            let data = vec![0i64; shape.iter().product()];
            assert_eq!(Tensor::from_rows(6, row_shape, data).unwrap().shape(), shape);
        }
        assert!(Tensor::from_rows(2, &[3], vec![0f32; 5]).is_err());
    }

    #[test]
    fn a_view_of_another_type_is_none() {
        let x = Tensor::from_vec(&[2], vec![1i64, 2]).unwrap();
        assert_eq!(x.dtype(), Dtype::I64);
        assert_eq!(x.as_slice::<i64>(), Some(&[1, 2][..]));
        assert!(x.as_slice::<f32>().is_none() && x.view::<i32>().is_none());
    }

    #[test]
    fn bytes_are_those_of_the_elements() {
        assert_eq!(Tensor::from_vec(&[2, 3], vec![1f32; 6]).unwrap().byte_len(), 24);
        assert_eq!(Tensor::from_vec(&[2], vec![true, false]).unwrap().byte_len(), 2);
        assert_eq!(Tensor::from_vec(&[2], vec!["ab".to_owned(), "c".to_owned()]).unwrap().byte_len(), 3);
    }

    #[test]
    fn arrays_in_another_layout_are_copied_into_ours() {
        let columns = ndarray::arr2(&[[1f32, 2.], [3., 4.]]).reversed_axes().into_dyn();
        assert_eq!(Tensor::from_array(columns).as_slice::<f32>(), Some(&[1., 3., 2., 4.][..]));
    }
}
