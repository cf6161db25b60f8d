//! Outputs in which the numbers of a row stand below one another, as rows of their own: skl2onnx 1.20 ends every
//! `MLPRegressor` with a reshape to `[-1, 1]`, which is right for one number only. The rows are what stood before it.

use tract_onnx::prelude::{
    InferenceFact, InferenceModel, InferenceModelExt, OutletId, Symbol, TDim, TVec, TractResult,
};
use tract_onnx::tract_hir::internal::{Factoid, ToDim as _};

/// Takes out a last reshape that makes `[k * batch, 1]` of `[batch, k]`. Nothing else is touched: the same shape may as well
/// come from a concatenation, where the numbers of a row stand apart.
pub(crate) fn restore(model: &mut InferenceModel, batch: &Symbol) -> TractResult<()> {
    if !model.outputs.iter().any(|&output| is_reshape(model, output)) {
        return Ok(());
    }
    let mut known = model.clone();
    if known.analyse(false).is_err() {
        // Whoever compiles the model says what is wrong with it.
        return Ok(());
    }
    let mut outputs = model.outputs.clone();
    for output in &mut outputs {
        if let Some(rows) = rows_before(&known, *output, batch)? {
            let name = known.outlet_label(*output).map(str::to_owned);
            name.map_or(Ok(()), |name| model.set_outlet_label(rows, name))?;
            *output = rows;
        }
    }
    model.select_output_outlets(&outputs)
}

fn is_reshape(model: &InferenceModel, output: OutletId) -> bool {
    model.nodes().get(output.node).is_some_and(|node| node.op.name() == "Reshape")
}

/// The tensor of which the reshape behind `output` makes a row of each number, if it does so.
fn rows_before(model: &InferenceModel, output: OutletId, batch: &Symbol) -> TractResult<Option<OutletId>> {
    if !is_reshape(model, output) {
        return Ok(None);
    }
    let Some(&input) = model.node(output.node).inputs.first() else { return Ok(None) };
    let shape = |outlet| model.outlet_fact(outlet).map(|fact: &InferenceFact| fact.shape.concretize());
    let (Some(before), Some(after)) = (shape(input)?, shape(output)?) else { return Ok(None) };
    Ok(spreads_rows(&before, &after, batch).then_some(input))
}

fn spreads_rows(before: &TVec<TDim>, after: &TVec<TDim>, batch: &Symbol) -> bool {
    let rows = TDim::Sym(batch.clone());
    let [first, width] = before.as_slice() else { return false };
    let Ok(width) = width.to_i64() else { return false };
    *first == rows && width > 1 && after.as_slice() == [rows * width, 1.to_dim()]
}

#[cfg(test)]
mod tests {
    use tract_onnx::prelude::{SymbolScope, TDim, tvec};
    use tract_onnx::tract_hir::internal::ToDim as _;

    use super::spreads_rows;

    #[test]
    fn only_numbers_of_one_row_are_put_back() {
        let scope = SymbolScope::default();
        let (batch, other) = (scope.sym("batch"), scope.sym("other"));
        let rows = || TDim::Sym(batch.clone());
        let doubled = || tvec![rows() * 2, 1.to_dim()];
        assert!(spreads_rows(&tvec![rows(), 2.to_dim()], &doubled(), &batch));
        // One number is a row already.
        assert!(!spreads_rows(&tvec![rows(), 1.to_dim()], &tvec![rows(), 1.to_dim()], &batch));
        assert!(!spreads_rows(&tvec![rows() * 2], &doubled(), &batch));
        assert!(!spreads_rows(&tvec![2.to_dim(), rows()], &doubled(), &batch));
        assert!(!spreads_rows(&tvec![rows(), 2.to_dim()], &tvec![rows() * 2], &batch));
        assert!(!spreads_rows(&tvec![TDim::Sym(other), 2.to_dim()], &doubled(), &batch));
    }
}
