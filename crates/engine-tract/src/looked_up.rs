//! Tables that are computed whole on every run, and of which a few lines are looked up: the words of a language, kept as bytes
//! and multiplied by a scale. The lines are looked up first, and the rest is computed of them alone.
//!
//! tract computes constants of constants once, but not where they have four times the memory and more than
//! [`CONST_FOLD_MEM_BUDGET`]: there every run made 30,000 words of 384 numbers to look up a sentence.

use std::sync::Arc;

use tract_onnx::prelude::{
    IntoArcTensor as _, IntoTValue as _, OutletId, SpecialOps as _, TVec, Tensor, TractResult, TypedModel,
    TypedModelPatch, tvec,
};
use tract_onnx::tract_core::ops::TypedOp;
use tract_onnx::tract_core::ops::array::Gather;
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::cast::Cast;
use tract_onnx::tract_core::ops::change_axes::AxisOp;
use tract_onnx::tract_core::ops::element_wise::ElementWiseOp;
use tract_onnx::tract_core::optim::CONST_FOLD_MEM_BUDGET;

/// One operator of what is computed of each number of a table.
struct Step {
    op: Box<dyn TypedOp>,
    /// What else it takes: on which side, and of the table's rank.
    other: Option<(usize, Arc<Tensor>)>,
}

/// A constant table, and what is computed of it, the last step first.
struct Computed {
    table: OutletId,
    steps: Vec<Step>,
}

/// The graph with lines looked up before they are computed; nothing if it has none such.
///
/// # Errors
/// Those of tract, on a graph that is not sound.
pub(crate) fn look_up_first(model: &TypedModel) -> TractResult<Option<TypedModel>> {
    let mut changed = model.clone();
    let mut found = false;
    // Each change leaves the numbers of nodes as they are.
    for id in model.eval_order()? {
        if let Some(patch) = patch(&changed, id)? {
            patch.apply(&mut changed)?;
            found = true;
        }
    }
    if !found {
        return Ok(None);
    }
    // Without the tables, which would be computed once more to find that they are too large to be kept.
    changed.compact()?;
    Ok(Some(changed))
}

fn patch(model: &TypedModel, id: usize) -> TractResult<Option<TypedModelPatch>> {
    let node = model.node(id);
    let (Some(gather), &[looked_up, places]) = (node.op_as::<Gather>(), node.inputs.as_slice()) else {
        return Ok(None);
    };
    let size = model.outlet_fact(looked_up)?.mem_size().as_i64();
    if size.is_none_or(|size| size as u64 <= CONST_FOLD_MEM_BUDGET) {
        return Ok(None);
    }
    let Some(Computed { table, steps }) = computed(model, looked_up)? else { return Ok(None) };
    let mut patch = TypedModelPatch::new("looked up before it is computed");
    let places = patch.tap_model(model, places)?;
    let new_axes = patch.outlet_fact(places)?.rank();
    let table = patch.tap_model(model, table)?;
    let mut lines = patch.wire_node(format!("{}.lines", node.name), gather.clone(), &[table, places])?;
    for (number, Step { op, other }) in steps.into_iter().enumerate().rev() {
        let name = format!("{}.step{number}", node.name);
        if let Some((side, other)) = other {
            let other = match other.shape().get(gather.axis) {
                // The same for every line.
                Some(1) => {
                    let mut shape = other.shape().to_vec();
                    shape.splice(gather.axis..=gather.axis, std::iter::repeat_n(1, new_axes));
                    let other = Arc::unwrap_or_clone(other).into_shape(&shape)?;
                    tvec!(patch.add_const(format!("{name}.same"), other)?)
                }
                _ => {
                    let all = patch.add_const(format!("{name}.all"), other)?;
                    patch.wire_node(format!("{name}.lines"), gather.clone(), &[all, places])?
                }
            };
            lines.insert_from_slice(side, &other);
        }
        lines = patch.wire_node(name, op, &lines)?;
    }
    let [lines] = *lines else { return Ok(None) };
    patch.shunt_outside(model, id.into(), lines)?;
    Ok(Some(patch))
}

/// What the outlet is of a constant, if each of its numbers is of the one in the same place.
fn computed(model: &TypedModel, mut outlet: OutletId) -> TractResult<Option<Computed>> {
    let mut steps = Vec::new();
    while model.outlet_fact(outlet)?.konst.is_none() {
        let node = model.node(outlet.node);
        let op = node.op.clone();
        match *node.inputs {
            [input] if op.is::<Cast>() || op.is::<ElementWiseOp>() => {
                steps.push(Step { op, other: None });
                outlet = input;
            }
            [left, right] if op.is::<TypedBinOp>() => {
                let (next, side, other) = match (constant(model, left)?, constant(model, right)?) {
                    (None, Some(other)) => (left, 1, other),
                    (Some(other), None) => (right, 0, other),
                    _ => return Ok(None),
                };
                // Otherwise the other one is spread over more than the table has.
                if model.outlet_fact(next)?.shape != model.outlet_fact(outlet)?.shape {
                    return Ok(None);
                }
                steps.push(Step { op, other: Some((side, other)) });
                outlet = next;
            }
            _ => return Ok(None),
        }
    }
    Ok((!steps.is_empty()).then_some(Computed { table: outlet, steps }))
}

/// A constant, maybe with axes added by the rules of broadcasting.
fn constant(model: &TypedModel, outlet: OutletId) -> TractResult<Option<Arc<Tensor>>> {
    if let Some(constant) = &model.outlet_fact(outlet)?.konst {
        return Ok(Some(Arc::clone(constant)));
    }
    let node = model.node(outlet.node);
    let &[input] = node.inputs.as_slice() else { return Ok(None) };
    if !node.op_is::<AxisOp>() {
        return Ok(None);
    }
    let Some(before) = constant(model, input)? else { return Ok(None) };
    let after: Option<TVec<_>> = node.op.eval_out_of_plan(tvec!(before.into_tvalue()))?;
    Ok(after.and_then(|mut after| after.pop()).map(|after| after.into_arc_tensor()))
}

#[cfg(test)]
mod tests {
    use tract_onnx::prelude::{
        DatumExt as _, DatumType, IntoRunnable as _, IntoTensor as _, OutletId, SpecialOps as _, Tensor, TypedModel,
        tvec,
    };
    use tract_onnx::tract_core::ops::array::Gather;
    use tract_onnx::tract_core::ops::cast::cast;
    use tract_onnx::tract_core::ops::math::{add, exp, mul, sub};

    use super::{CONST_FOLD_MEM_BUDGET, look_up_first};

    const WORDS: usize = 30_000;
    const WIDTH: usize = 40;

    fn numbers(count: usize) -> Vec<i8> {
        (0..count).map(|number| (number * 37 % 251) as i8).collect()
    }

    fn floats(shape: &[usize]) -> Tensor {
        let values: Vec<f32> =
            numbers(shape.iter().product()).into_iter().map(|number| f32::from(number) / 100.0).collect();
        Tensor::from_shape(shape, &values).unwrap()
    }

    /// Words looked up along an axis, of what `compute` makes of a table of bytes that have been cast.
    fn model(axis: usize, compute: impl Fn(&mut TypedModel, OutletId) -> OutletId) -> TypedModel {
        let mut model = TypedModel::default();
        let places = model.add_source("places", i64::fact([2, 3])).unwrap();
        let shape = if axis == 0 { [WORDS, WIDTH] } else { [WIDTH, WORDS] };
        let table = Tensor::from_shape(&shape, &numbers(WORDS * WIDTH)).unwrap();
        let table = model.add_const("table", table).unwrap();
        let table = model.wire_node("cast", cast(DatumType::F32), &[table]).unwrap()[0];
        let table = compute(&mut model, table);
        let found = model.wire_node("lookup", Gather::new(axis), &[table, places]).unwrap();
        model.select_output_outlets(&found).unwrap();
        model
    }

    fn answer(model: TypedModel) -> Tensor {
        let places = Tensor::from_shape(&[2, 3], &[5i64, 29_999, 0, 5, 17, -1]).unwrap();
        let answer = model.into_optimized().unwrap().into_runnable().unwrap().run(tvec!(places.into())).unwrap();
        answer.into_iter().next().unwrap().into_tensor()
    }

    /// The largest thing that a run makes.
    fn largest(model: &TypedModel) -> u64 {
        let made = model.nodes().iter().filter(|node| !node.inputs.is_empty()).flat_map(|node| &node.outputs);
        made.map(|output| output.fact.mem_size().as_i64().unwrap() as u64).max().unwrap()
    }

    #[test]
    fn lines_are_computed_alone() {
        for axis in [0, 1] {
            let (same, of_each) = if axis == 0 { ([1, WIDTH], [WORDS, 1]) } else { ([WIDTH, 1], [1, WORDS]) };
            let model = model(axis, |model, table| {
                let scale = model.add_const("scale", floats(&same)).unwrap();
                let scaled = model.wire_node("scaled", mul(), &[table, scale]).unwrap()[0];
                let grown = model.wire_node("grown", exp(), &[scaled]).unwrap()[0];
                let offset = model.add_const("offset", floats(&of_each)).unwrap();
                model.wire_node("less", sub(), &[offset, grown]).unwrap()[0]
            });
            assert!(largest(&model) > CONST_FOLD_MEM_BUDGET);
            let changed = look_up_first(&model).unwrap().unwrap();
            assert!(largest(&changed) < 10_000, "{changed}");
            assert_eq!(answer(changed), answer(model), "along {axis}");
        }
    }

    #[test]
    fn what_depends_on_the_request_stays() {
        let model = model(0, |model, table| {
            let scale = model.add_source("scale", f32::fact([1, WIDTH])).unwrap();
            model.wire_node("scaled", add(), &[table, scale]).unwrap()[0]
        });
        assert!(look_up_first(&model).unwrap().is_none());
    }
}
