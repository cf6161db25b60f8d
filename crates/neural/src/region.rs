//! Which nodes of a graph go together, and the operator that takes their place.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use fearless_simd::Level;
use tract_onnx::prelude::{OutletId, TDim, TractResult, TypedModel, TypedModelPatch, TypedNode};
use tract_onnx::tract_core::ops::TypedOp;
use tract_onnx::tract_core::ops::cnn::Conv;

use crate::bounds::Bounds;
use crate::draft::{Draft, Kind, Operation};
use crate::operator::Blocks;
use crate::program::Program;
use crate::recognise::{Recognised, picture, recognise};
use crate::rows;

/// So many convolutions are ours for each that stays tract's, or all stay tract's: pictures are put into blocks and back around
/// each of these, which costs more than the others gain where every third convolution has groups.
const FOR_EACH_OTHER: usize = 4;

/// Tells of an operator of others' whether all it does is to keep values within bounds.
pub type BoundsOf<'a> = dyn Fn(&dyn TypedOp) -> Option<Bounds> + 'a;

/// The graph with its convolutions and dense layers, and what goes with them, as operators of this crate; `None` if it has
/// none that they could compute.
///
/// For graphs as they are before tract declutters them, which makes products of matrices of some convolutions. Answers
/// differ from tract's by what rounding makes of sums in another order, and NaN stays NaN where tract's pools lose it.
///
/// # Errors
/// Those of tract, on a graph that is not sound.
pub fn take_over(model: &TypedModel, bounds_of: &BoundsOf<'_>) -> TractResult<Option<TypedModel>> {
    take_over_at(Level::new(), model, bounds_of)
}

/// The same with a given set of instructions.
pub(crate) fn take_over_at(
    level: Level,
    model: &TypedModel,
    bounds_of: &BoundsOf<'_>,
) -> TractResult<Option<TypedModel>> {
    let mut model = model.clone();
    // Weights that are cast or reshaped are constants, too.
    model.prop_consts()?;
    let mut changed = false;
    if most_are_known(&model, bounds_of) {
        // One at a time, as each changes the graph around the next.
        while let Some(region) = Region::first(&model, bounds_of)? {
            region.replace(level, &mut model)?;
            changed = true;
        }
    }
    changed |= rows::replace(level, &mut model, bounds_of)?;
    if !changed {
        return Ok(None);
    }
    model.compact()?;
    Ok(Some(model))
}

fn most_are_known(model: &TypedModel, bounds_of: &BoundsOf<'_>) -> bool {
    let all = model.nodes().iter().filter(|node| node.op_is::<Conv>());
    let (known, others): (Vec<_>, Vec<_>) = all.partition(|node| recognise(model, node, bounds_of).is_some());
    others.len() * FOR_EACH_OTHER <= known.len()
}

/// Nodes that become one.
struct Region {
    /// In an order in which they can be computed.
    members: Vec<(usize, Recognised)>,
    rows: TDim,
}

impl Region {
    /// The first convolution with all that can go with it.
    ///
    /// A node may be part if none of its inputs needs an outcome of the region by way of a node that is no part of it: then
    /// the whole region can be computed before everything that needs it, and after everything that it needs.
    fn first(model: &TypedModel, bounds_of: &BoundsOf<'_>) -> TractResult<Option<Region>> {
        let mut region: Option<Region> = None;
        let mut members: HashSet<usize> = HashSet::new();
        // Nodes outside that need the region.
        let mut behind: HashSet<usize> = HashSet::new();
        for id in model.eval_order()? {
            let node = model.node(id);
            let is_behind = node.inputs.iter().any(|input| behind.contains(&input.node));
            let joins = if is_behind { None } else { recognise(model, node, bounds_of) };
            match (joins, &mut region) {
                (Some(recognised), None) if recognised.is_convolution() => {
                    members.insert(id);
                    let rows = recognised.rows.clone();
                    region = Some(Region { members: vec![(id, recognised)], rows });
                }
                (Some(recognised), Some(region))
                    if recognised.rows == region.rows && is_near(node, &recognised, &members) =>
                {
                    members.insert(id);
                    region.members.push((id, recognised));
                }
                _ if is_behind || node.inputs.iter().any(|input| members.contains(&input.node)) => {
                    behind.insert(id);
                }
                _ => {}
            }
        }
        Ok(region)
    }

    /// Puts one operator in the place of all members.
    fn replace(self, level: Level, model: &mut TypedModel) -> TractResult<()> {
        let mut draft = Draft::default();
        let mut pictures: HashMap<OutletId, usize> = HashMap::new();
        let mut inputs: Vec<OutletId> = Vec::new();
        let ids: HashSet<usize> = self.members.iter().map(|(id, _)| *id).collect();
        let name = self.members.first().map(|(id, _)| model.node(*id).name.clone()).unwrap_or_default();
        for (id, recognised) in self.members {
            let mut taken = Vec::with_capacity(recognised.inputs.len());
            for outlet in recognised.inputs {
                let picture = match pictures.get(&outlet) {
                    Some(&known) => known,
                    None => {
                        let entered = enter(model, outlet, inputs.len())?;
                        inputs.push(outlet);
                        *pictures.entry(outlet).or_insert(draft.push(entered))
                    }
                };
                taken.push(picture);
            }
            let Recognised { kind, bounds, shape, .. } = recognised;
            let made = draft.push(Operation { kind, inputs: taken, shape, bounds });
            pictures.insert(OutletId::new(id, 0), made);
        }
        let results = model.output_outlets()?;
        let leaves = |outlet: &OutletId| {
            let successors = &model.node(outlet.node).outputs.first().map(|output| &output.successors);
            let used = successors.is_some_and(|all| all.iter().any(|inlet| !ids.contains(&inlet.node)));
            ids.contains(&outlet.node) && (used || results.contains(outlet))
        };
        let mut outputs: Vec<OutletId> = pictures.keys().copied().filter(leaves).collect();
        outputs.sort();
        draft.outputs = outputs.iter().filter_map(|outlet| pictures.get(outlet).copied()).collect();
        draft.fuse();
        let operator = Blocks::new(Arc::new(Program::compile(level, draft)?));
        let mut patch = TypedModelPatch::new("blocks of channels");
        let taps = patch.taps(model, &inputs)?;
        let made = patch.wire_node(format!("{name}.blocks"), operator, &taps)?;
        for (outlet, made) in outputs.into_iter().zip(made) {
            patch.shunt_outside(model, outlet, made)?;
        }
        patch.apply(model)
    }
}

/// Whether the node computes something of what the region has, or is a convolution: others gain nothing by joining.
fn is_near(node: &TypedNode, recognised: &Recognised, members: &HashSet<usize>) -> bool {
    recognised.is_convolution() || node.inputs.iter().any(|input| members.contains(&input.node))
}

fn enter(model: &TypedModel, outlet: OutletId, number: usize) -> TractResult<Operation> {
    let fact = model.outlet_fact(outlet)?;
    let Some((shape, _)) = picture(fact) else {
        tract_onnx::tract_hir::internal::bail!("no picture: {fact:?}");
    };
    Ok(Operation { kind: Kind::Enter(number), inputs: Vec::new(), shape, bounds: None })
}
