//! The steps: the interface, and the operators that are tract's own.

use std::fmt::Debug;
use std::sync::Arc;

use tract_onnx::prelude::{DatumType, TractResult};
use tract_onnx::tract_hir::internal::bail;

use super::{Buffer, Inputs, View};

/// An operator that treats each row by itself.
pub(crate) trait RowStep: Debug + Send + Sync {
    /// Computes `rows` rows, and leaves the values of each output in its buffer.
    ///
    /// # Errors
    /// For values that the operator is not defined for.
    fn run(&self, rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()>;

    /// Whether the only output is the first input, so that there is nothing to run.
    fn is_alias(&self) -> bool {
        false
    }
}

/// The only output of a step.
pub(crate) fn only(outputs: &mut [Buffer]) -> TractResult<&mut Buffer> {
    match outputs {
        [output] => Ok(output),
        _ => bail!("a step of one output has {}", outputs.len()),
    }
}

/// Columns side by side, all of one element type.
#[derive(Debug)]
pub(super) struct Concat;

impl RowStep for Concat {
    fn run(&self, rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        let output = only(outputs)?;
        match inputs.get(0)?.0 {
            View::F32(_) => {
                join(rows, inputs, output.f32s(), |view| if let View::F32(v) = view { Some(v) } else { None })
            }
            View::F64(_) => {
                join(rows, inputs, output.f64s(), |view| if let View::F64(v) = view { Some(v) } else { None })
            }
            View::I64(_) => {
                join(rows, inputs, output.i64s(), |view| if let View::I64(v) = view { Some(v) } else { None })
            }
            View::I32(_) => {
                join(rows, inputs, output.i32s(), |view| if let View::I32(v) = view { Some(v) } else { None })
            }
            View::Bool(_) => {
                join(rows, inputs, output.bools(), |view| if let View::Bool(v) = view { Some(v) } else { None })
            }
            View::Str(_) => {
                join(rows, inputs, output.strings(), |view| if let View::Str(v) = view { Some(v) } else { None })
            }
        }
    }
}

/// Input by input: what belongs to one is known once, not for each row.
fn join<'a, T: Clone + Default + 'a>(
    rows: usize,
    inputs: Inputs<'a>,
    joined: &mut Vec<T>,
    of_type: impl Fn(View<'a>) -> Option<&'a [T]>,
) -> TractResult<()> {
    let total = inputs.width();
    let is_one_row = rows == 1;
    if !is_one_row {
        joined.resize(rows * total, T::default());
    }
    let mut first = 0;
    for position in 0..inputs.len() {
        let (view, width) = inputs.get(position)?;
        let Some(values) = of_type(view).filter(|values| values.len() == rows * width) else {
            bail!("Concat: input {position} is of another element type or length")
        };
        // A copy of a length that is not known costs more than the one value of a column.
        if is_one_row {
            joined.extend(values.iter().cloned());
        } else if width == 1 {
            let places = joined.iter_mut().skip(first).step_by(total);
            places.zip(values).for_each(|(place, value)| place.clone_from(value));
        } else if width > 0 {
            for (row, values) in joined.chunks_exact_mut(total).zip(values.chunks_exact(width)) {
                row.iter_mut().skip(first).zip(values).for_each(|(place, value)| place.clone_from(value));
            }
        }
        first += width;
    }
    Ok(())
}

/// Chosen columns, in a given order.
#[derive(Debug)]
pub(super) struct Pick {
    pub(super) columns: Vec<usize>,
}

impl RowStep for Pick {
    fn run(&self, _rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        let output = only(outputs)?;
        let (view, width) = inputs.get(0)?;
        match view {
            View::F32(values) => self.pick(values, width, output.f32s()),
            View::F64(values) => self.pick(values, width, output.f64s()),
            View::I64(values) => self.pick(values, width, output.i64s()),
            View::I32(values) => self.pick(values, width, output.i32s()),
            View::Bool(values) => self.pick(values, width, output.bools()),
            View::Str(values) => self.pick(values, width, output.strings()),
        }
        Ok(())
    }
}

impl Pick {
    fn pick<T: Clone>(&self, values: &[T], width: usize, picked: &mut Vec<T>) {
        for row in values.chunks_exact(width.max(1)) {
            picked.extend(self.columns.iter().filter_map(|&column| row.get(column).cloned()));
        }
    }
}

/// Nothing: the output is the input. Never run, because it becomes an alias.
#[derive(Debug)]
pub(crate) struct Pass;

impl RowStep for Pass {
    fn run(&self, _rows: usize, _inputs: Inputs<'_>, _outputs: &mut [Buffer]) -> TractResult<()> {
        bail!("an alias is no step")
    }

    fn is_alias(&self) -> bool {
        true
    }
}

/// The step that casts `from` one element type `to` another, if it is one that is known.
pub(crate) fn convert(from: DatumType, to: DatumType) -> Option<Arc<dyn RowStep>> {
    if from == to {
        return Some(Arc::new(Pass));
    }
    if Convert::is_known(from, to) { Some(Arc::new(Convert { to })) } else { None }
}

/// Numbers to other numbers, as tract's cast does it.
#[derive(Debug)]
struct Convert {
    to: DatumType,
}

impl RowStep for Convert {
    fn run(&self, _rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        let output = only(outputs)?;
        let (view, _) = inputs.get(0)?;
        match (self.to, view) {
            (DatumType::F32, view) => view.add_to_f32s(output.f32s())?,
            (DatumType::F64, view) => view.add_to_f64s(output.f64s())?,
            (DatumType::I64, View::I64(values)) => output.i64s().extend_from_slice(values),
            (DatumType::I64, View::I32(values)) => output.i64s().extend(values.iter().map(|&value| i64::from(value))),
            (DatumType::I64, View::Bool(values)) => output.i64s().extend(values.iter().map(|&value| i64::from(value))),
            (to, _) => bail!("Cast to {to:?} is no step"),
        }
        Ok(())
    }
}

impl Convert {
    /// Whether this conversion is one that the step computes.
    fn is_known(from: DatumType, to: DatumType) -> bool {
        let number =
            matches!(from, DatumType::F32 | DatumType::F64 | DatumType::I64 | DatumType::I32 | DatumType::Bool);
        let widening = matches!(from, DatumType::I64 | DatumType::I32 | DatumType::Bool);
        match to {
            DatumType::F32 | DatumType::F64 => number,
            DatumType::I64 => widening,
            _ => false,
        }
    }
}
