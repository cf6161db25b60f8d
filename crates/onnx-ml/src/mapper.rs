//! Operators that map every element by a table, each for itself.

use tract_onnx::prelude::{Arc, DatumType, TValue, TVec, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::eager::{Fact, Kernel};
use crate::lookup::Lookup;
use crate::row_program::{Buffer, Inputs, RowStep, only};
use crate::tensors::exactly;

/// One table for each element type that the operator takes: the input decides.
#[derive(Debug)]
pub(crate) struct Mapper {
    pub(crate) operator: &'static str,
    pub(crate) tables: Vec<Arc<Lookup>>,
}

impl Mapper {
    fn table(&self, input: DatumType) -> TractResult<&Arc<Lookup>> {
        match self.tables.iter().find(|table| table.keys() == input) {
            Some(table) => Ok(table),
            None => {
                let keys: Vec<DatumType> = self.tables.iter().map(|table| table.keys()).collect();
                bail!("{}: the keys are {keys:?}, the input holds {input:?}", self.operator)
            }
        }
    }
}

impl Kernel for Mapper {
    fn name(&self) -> &'static str {
        self.operator
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(self.operator, inputs)?;
        Ok(tvec!(Fact { datum_type: self.table(input.datum_type)?.values(), shape: input.shape.clone() }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(self.operator, &inputs)?;
        Ok(tvec!(self.table(input.datum_type())?.map(input)?))
    }

    fn row_step(self: Arc<Self>, inputs: &[Fact]) -> Option<Arc<dyn RowStep>> {
        let [input] = inputs else { return None };
        let table = self.tables.iter().find(|table| table.keys() == input.datum_type)?;
        if table.is_step() { Some(table.clone()) } else { None }
    }
}

impl RowStep for Lookup {
    fn run(&self, _rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        self.write(inputs.get(0)?.0, only(outputs)?)
    }
}
