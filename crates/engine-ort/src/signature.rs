//! What a model accepts and returns, from what ONNX Runtime says of its inputs and outputs.

use ferrocast_engine::{Dim, Dtype, LoadError, Signature, TensorSpec};
use ort::value::{Outlet, TensorElementType, ValueType};

use crate::convert;
use crate::output::Output;

/// The signature, and the element types of the inputs in the graph.
///
/// # Errors
/// [`LoadError::Shape`] for what is no tensor, or one of elements that are not served.
pub(crate) fn read(
    inputs: &[Outlet],
    outputs: &[Outlet],
    forms: &[Output],
) -> Result<(Signature, Vec<TensorElementType>), LoadError> {
    let inputs = inputs.iter().map(Declared::of).collect::<Result<Vec<_>, _>>()?;
    let batch = inputs.iter().find_map(Declared::first_free);
    let is_batch = |symbol: &str| batch.is_some_and(|batch| symbol.is_empty() || symbol == batch);
    let specs = inputs.iter().map(|input| input.spec(batch, |size, symbol| size < 0 && is_batch(symbol))).collect();
    // Exporters name the rows of an output otherwise than those of an input, or not at all, or write down how many there were. If
    // these are the rows shows when a run has made them: others than went in are an error.
    let is_axis = |symbol: &str| inputs.iter().any(|input| input.symbols.iter().skip(1).any(|known| known == symbol));
    let is_rows = |size: i64, symbol: &str| match batch {
        Some(_) => size == 1 || (size < 0 && (is_batch(symbol) || !is_axis(symbol))),
        None => false,
    };
    let outputs = outputs.iter().zip(forms).map(|(outlet, form)| match form {
        Output::Tensor => Ok(Declared::of(outlet)?.spec(batch, is_rows)),
        Output::Scores(classes) => {
            let rows = if batch.is_some() { Dim::Batch } else { dynamic(outlet.name(), 0) };
            Ok(TensorSpec::new(outlet.name(), Dtype::F32, vec![rows, Dim::Fixed(classes.len())]))
        }
    });
    let outputs = outputs.collect::<Result<_, LoadError>>()?;
    Ok((Signature::new(specs, outputs), inputs.iter().map(|input| input.element).collect()))
}

/// A tensor as the graph declares it.
struct Declared<'a> {
    name: &'a str,
    element: TensorElementType,
    dtype: Dtype,
    /// A size for each axis; less than zero where it is free.
    sizes: &'a [i64],
    /// The name of each axis; empty where it has none.
    symbols: &'a [String],
}

impl<'a> Declared<'a> {
    fn of(outlet: &'a Outlet) -> Result<Declared<'a>, LoadError> {
        let name = outlet.name();
        let wrong = |reason: String| LoadError::Shape { tensor: name.into(), reason };
        let ValueType::Tensor { ty, shape, dimension_symbols } = outlet.dtype() else {
            return Err(wrong(format!("it is no tensor but {}", outlet.dtype())));
        };
        let dtype = convert::dtype(*ty).ok_or_else(|| wrong(format!("elements of type {ty} are not served")))?;
        Ok(Declared { name, element: *ty, dtype, sizes: shape, symbols: dimension_symbols })
    }

    /// The name of the first axis, if that is free.
    fn first_free(&self) -> Option<&'a str> {
        let free = self.sizes.first().is_some_and(|size| *size < 0);
        free.then(|| self.symbols.first().map_or("", String::as_str))
    }

    /// Its axes: the first is the batch if `is_rows` is true of its size and its name, any other if it has the very name of the batch.
    fn spec(&self, batch: Option<&str>, is_rows: impl Fn(i64, &str) -> bool) -> TensorSpec {
        let axes = self.sizes.iter().enumerate().map(|(axis, &size)| {
            let symbol = self.symbols.get(axis).map_or("", String::as_str);
            match usize::try_from(size) {
                _ if axis == 0 && is_rows(size, symbol) => Dim::Batch,
                Ok(size) => Dim::Fixed(size),
                Err(_) if symbol.is_empty() => dynamic(self.name, axis),
                Err(_) if batch == Some(symbol) => Dim::Batch,
                Err(_) => Dim::Dynamic(symbol.into()),
            }
        });
        TensorSpec::new(self.name, self.dtype, axes.collect())
    }
}

/// A free axis without a name of its own.
fn dynamic(tensor: &str, axis: usize) -> Dim {
    Dim::Dynamic(format!("{tensor}_{axis}").into())
}

#[cfg(test)]
mod tests {
    use ferrocast_engine::{Classes, Signature};
    use ort::value::{Outlet, Shape, SymbolicDimensions, TensorElementType, ValueType};

    use super::read;
    use crate::output::Output;

    /// A tensor of these axes: a size, a name, or `?` for neither.
    fn tensor(name: &str, ty: TensorElementType, axes: &str) -> Outlet {
        let axes = || axes.split_whitespace();
        let sizes = axes().map(|axis| axis.parse().unwrap_or(-1i64));
        let names = axes().map(|axis| axis.chars().filter(|c| c.is_alphabetic()).collect::<String>());
        let dimension_symbols = SymbolicDimensions::new(names);
        Outlet::new(name, ValueType::Tensor { ty, shape: Shape::new(sizes), dimension_symbols })
    }

    fn floats(name: &str, axes: &str) -> Outlet {
        tensor(name, TensorElementType::Float32, axes)
    }

    fn signature(inputs: &[Outlet], output: Outlet) -> Signature {
        read(inputs, &[output], &[Output::Tensor]).unwrap().0
    }

    /// What becomes of an output of these axes where the input is `x`.
    fn output(x: &str, axes: &str) -> String {
        signature(&[floats("x", x)], floats("y", axes)).outputs().first().unwrap().to_string()
    }

    #[test]
    fn the_free_first_axis_is_the_batch() {
        let inputs = [floats("a", "? 2"), tensor("b", TensorElementType::Int64, "N N len ?"), floats("c", "M 1")];
        let signature = signature(&inputs, floats("y", "?"));
        let inputs: Vec<String> = signature.inputs().iter().map(ToString::to_string).collect();
        // The first free one decides; one of another name is something else.
        assert_eq!(inputs, ["FP32 [batch, 2]", "INT64 [N, N, len, b_3]", "FP32 [M, 1]"]);
    }

    #[test]
    fn an_output_begins_with_the_rows_unless_it_says_otherwise() {
        for axes in ["N 3", "? 3", "M 3", "1 3"] {
            assert_eq!(output("N 4", axes), "FP32 [batch, 3]", "{axes}");
        }
        assert_eq!(output("N len", "len N"), "FP32 [len, batch]");
        assert_eq!(output("N 4", "2 3"), "FP32 [2, 3]");
        // Where there are no rows, nothing is.
        assert_eq!(output("1 4", "1 3"), "FP32 [1, 3]");
        assert_eq!(output("1 4", "? n"), "FP32 [y_0, n]");
    }

    #[test]
    fn scores_of_classes_are_columns() {
        let scores = Outlet::new("scores", ValueType::Sequence(Box::new(floats("m", "1").dtype().clone())));
        let (signature, _) =
            read(&[floats("x", "N 4")], &[scores], &[Output::Scores(Classes::Int(vec![4, 7]))]).unwrap();
        assert_eq!(signature.outputs().first().unwrap().to_string(), "FP32 [batch, 2]");
        assert!(signature.is_batchable());
    }

    #[test]
    fn half_floats_are_wide_outside() {
        let (signature, types) = read(&[tensor("x", TensorElementType::Float16, "N 4")], &[], &[]).unwrap();
        assert_eq!(signature.inputs().first().unwrap().to_string(), "FP32 [batch, 4]");
        assert_eq!(types, [TensorElementType::Float16]);
    }

    #[test]
    fn what_is_not_served_is_named() {
        let refused = |input| read(&[input], &[], &[]).map(drop).unwrap_err().to_string();
        let complex = refused(tensor("z", TensorElementType::Complex64, "N"));
        assert_eq!(complex, "tensor `z`: elements of type c64 are not served");
        let map = ValueType::Map { key: TensorElementType::String, value: TensorElementType::Float32 };
        assert_eq!(refused(Outlet::new("m", map)), "tensor `m`: it is no tensor but Map<String, f32>");
    }
}
