//! `TopK`: tract's, but an error where the axis or so many elements are not there: it panics, or makes some up.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{
    Arc, DatumType, OutletId, SpecialOps as _, TValue, TVec, Tensor, TractResult, TypedModel, tvec,
};
use tract_onnx::tract_hir::infer::{InferenceResult, Solver, TensorProxy};
use tract_onnx::tract_hir::internal::{Expansion, StaticName, bail, expand};

use crate::attributes::Attributes;
use crate::axes::axis;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::tensors::{exactly, numbers};
use crate::tracts;

const NAME: &str = "TopK";

#[derive(Clone, Debug)]
struct TopK {
    tracts: Box<dyn Expansion>,
    axis: i64,
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let axis = Attributes::new(node).int("axis")?.unwrap_or(-1);
    Ok((expand(TopK { tracts: tracts::expansion(ctx, node)?, axis }), vec![]))
}

/// The number of elements, as a constant gives it; `None` if it is arithmetic on shapes.
fn count(constant: &Tensor) -> TractResult<Option<i64>> {
    if constant.datum_type() == DatumType::TDim {
        return Ok(None);
    }
    let [count] = *exactly(NAME, &numbers::<i64>(NAME, constant)?)?;
    if count < 0 {
        bail!("{NAME}: {count} elements");
    }
    Ok(Some(count))
}

impl Expansion for TopK {
    fn name(&self) -> StaticName {
        NAME.into()
    }

    fn nboutputs(&self) -> TractResult<usize> {
        self.tracts.nboutputs()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        let [data, elements] = exactly(NAME, inputs)?;
        // Before tract, whose rules take both for what there is.
        solver.given(&data.rank, |_, rank| axis(NAME, self.axis, usize::try_from(rank)?).map(drop))?;
        solver.given(&elements.value, |_, elements: Arc<Tensor>| count(&elements).map(drop))?;
        self.tracts.rules(solver, inputs, outputs)
    }

    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let &[data, elements] = exactly(NAME, inputs)?;
        let shape = &model.outlet_fact(data)?.shape;
        let enough = Enough { axis: axis(NAME, self.axis, shape.rank())? };
        let length = shape.get(enough.axis).and_then(|length| length.as_i64());
        let fact = model.outlet_fact(elements)?;
        if fact.datum_type == DatumType::TDim {
            return self.tracts.wire(name, model, inputs);
        }
        let elements = match (length, &fact.konst) {
            (Some(length), Some(constant)) => {
                expect_enough(count(constant)?, length)?;
                elements
            }
            _ => match *model.wire_node(format!("{name}.enough"), Eager::of(enough), inputs)? {
                [checked] => checked,
                ref outputs => bail!("{NAME}: {} outputs where there is one", outputs.len()),
            },
        };
        self.tracts.wire(name, model, &[data, elements])
    }
}

fn expect_enough(count: Option<i64>, length: i64) -> TractResult<()> {
    match count.filter(|&count| count > length) {
        Some(count) => bail!("{NAME}: {count} elements of {length}"),
        None => Ok(()),
    }
}

/// Hands the number of elements on if the data have as many.
#[derive(Debug)]
struct Enough {
    axis: usize,
}

impl Kernel for Enough {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [_, elements] = exactly(NAME, inputs)?;
        Ok(tvec!(elements.clone()))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [data, elements] = exactly(NAME, &inputs)?;
        let length = data.shape().get(self.axis).copied().unwrap_or_default();
        expect_enough(count(elements)?, i64::try_from(length)?)?;
        Ok(tvec!(elements.clone()))
    }
}
