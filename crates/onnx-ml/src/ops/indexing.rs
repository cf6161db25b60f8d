//! `Gather`, `GatherElements`, `ScatterElements` and `ScatterND`, whose indices may be negative and have to be
//! within the data. tract's own panic where they are beyond it, and some where they are negative.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{OutletId, TVec, TractResult, TypedModel};
use tract_onnx::tract_hir::infer::{InferenceResult, Solver, TensorProxy};
use tract_onnx::tract_hir::internal::{Expansion, StaticName, bail, expand};

use crate::attributes::Attributes;
use crate::axes::axis;
use crate::eager::BuildResult;
use crate::in_range::{self, Along};
use crate::tracts;

/// Where the operator's indices lead.
#[derive(Clone, Copy, Debug)]
enum Reach {
    Axis(i64),
    FirstAxes,
}

/// tract's operator, with its indices checked.
#[derive(Clone, Debug)]
struct Indexing {
    operator: &'static str,
    tracts: Box<dyn Expansion>,
    reach: Reach,
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let operator = match &*node.op_type {
        "Gather" => "Gather",
        "GatherElements" => "GatherElements",
        "ScatterElements" => "ScatterElements",
        "ScatterND" => "ScatterND",
        other => bail!("{other} takes no indices"),
    };
    let reach = match operator {
        "ScatterND" => Reach::FirstAxes,
        _ => Reach::Axis(attributes.int("axis")?.unwrap_or(0)),
    };
    Ok((expand(Indexing { operator, tracts: tracts::expansion(ctx, node)?, reach }), vec![]))
}

impl Indexing {
    fn along(&self, rank: usize) -> TractResult<Along> {
        Ok(match self.reach {
            Reach::Axis(given) => Along::Axis(axis(self.operator, given, rank)?),
            Reach::FirstAxes => Along::AxesFrom(0),
        })
    }
}

impl Expansion for Indexing {
    fn name(&self) -> StaticName {
        self.operator.into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        let Some(data) = inputs.first() else { bail!("{}: no input", self.operator) };
        // Before tract, whose rules take the axis for one that there is.
        solver.given(&data.rank, |_, rank| self.along(usize::try_from(rank)?).map(drop))?;
        self.tracts.rules(solver, inputs, outputs)
    }

    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let &[data, indices, ref updates @ ..] = inputs else {
            bail!("{}: has {} inputs", self.operator, inputs.len())
        };
        let along = self.along(model.outlet_fact(data)?.rank())?;
        let indices = in_range::wire(self.operator, name, model, [data, indices], along)?;
        let mut inputs = vec![data, indices];
        inputs.extend(updates);
        self.tracts.wire(name, model, &inputs)
    }
}
