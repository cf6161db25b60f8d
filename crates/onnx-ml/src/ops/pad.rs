//! `Pad`: tract's, but for strings and for negative pads, which cut off. What tract reads past or makes up is refused: a
//! value for other modes than `constant`, and reflections of more than there is.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::tract_ndarray::{ArrayD, Axis, Slice, concatenate};
use tract_onnx::prelude::{
    Arc, Datum, DatumType, IntoTensor as _, OutletId, SpecialOps as _, TDim, TValue, TVec, Tensor, TractResult,
    TypedModel, f16, tvec,
};
use tract_onnx::tract_hir::infer::{InferenceResult, Solver, TensorProxy};
use tract_onnx::tract_hir::internal::{Expansion, StaticName, bail, expand};

use crate::attributes::Attributes;
use crate::axes::axis;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::tensors::{exactly, numbers, values};
use crate::tracts;

const NAME: &str = "Pad";

#[derive(Clone, Debug)]
struct PadNode {
    tracts: Box<dyn Expansion>,
    mode: String,
    /// Where the model has the inputs that a node may leave out.
    value: Option<usize>,
    axes: Option<usize>,
}

/// How many elements to add before and behind each axis, or to cut off where negative.
type Pads = Vec<[i64; 2]>;

/// The operator with what its constant inputs say.
#[derive(Debug)]
struct Pad {
    pads: Pads,
    /// One element; the type's default if it is not given.
    value: Option<Arc<Tensor>>,
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let mode = attributes.string("mode")?.unwrap_or("constant");
    if ctx.onnx_operator_set_version < 11 {
        return match attributes.ints("pads")?.iter().find(|&&pad| pad < 0) {
            Some(pad) => bail!("{NAME}: by {pad} is not supported in this version"),
            None => tracts::build(ctx, node),
        };
    }
    let has = |position: usize| node.input.get(position).is_some_and(|name| !name.is_empty());
    let value = has(2).then_some(2);
    if value.is_some() && mode != "constant" {
        bail!("{NAME}: a value is not supported with mode={mode}");
    }
    let axes = has(3).then_some(2 + usize::from(value.is_some()));
    Ok((expand(PadNode { tracts: tracts::expansion(ctx, node)?, mode: mode.to_owned(), value, axes }), vec![]))
}

/// The pads of all axes; those of some, if they are listed.
///
/// All numbers before the axes come first, then all behind them.
fn pairs(pads: &Tensor, axes: Option<&Tensor>, rank: usize) -> TractResult<Pads> {
    let pads = pads.cast_to::<i64>()?;
    let pads = values::<i64>(&pads)?;
    let (before, behind) = pads.split_at(pads.len() / 2);
    let given = before.iter().zip(behind).map(|(&before, &behind)| [before, behind]);
    let Some(axes) = axes else { return Ok(given.collect()) };
    let axes = numbers::<i64>(NAME, axes)?;
    if axes.len() != before.len() {
        bail!("{NAME}: {} pairs of pads for {} axes", before.len(), axes.len());
    }
    let mut all = vec![[0, 0]; rank];
    for (&listed, given) in axes.iter().zip(given) {
        let listed = axis(NAME, listed, rank)?;
        all.iter_mut().skip(listed).take(1).for_each(|pair| *pair = given);
    }
    Ok(all)
}

/// The lengths of the axes of the output.
///
/// # Errors
/// When there are other pads than axes, or more is cut off than there is.
fn padded(shape: &[TDim], pads: &[[i64; 2]]) -> TractResult<TVec<TDim>> {
    if shape.len() != pads.len() {
        bail!("{NAME}: {} pairs of pads for {} axes", pads.len(), shape.len());
    }
    let lengths = shape.iter().zip(pads).map(|(length, &[before, behind])| {
        let Some(added) = before.checked_add(behind) else { bail!("{NAME}: by {before} and {behind}") };
        let cut = before.min(0).saturating_add(behind.min(0)).saturating_neg();
        if length.as_i64().is_some_and(|length| length < cut || length.checked_add(added).is_none()) {
            bail!("{NAME}: by {before} and {behind} of {length}");
        }
        Ok(length.clone() + TDim::from(added))
    });
    lengths.collect()
}

impl PadNode {
    /// Fails for what tract makes up.
    fn expect_supported(&self, shape: &[TDim], pads: &Tensor, axes: Option<&Tensor>) -> TractResult<()> {
        // Symbolic pads are tract's own arithmetic on shapes.
        if pads.datum_type() == DatumType::TDim {
            return Ok(());
        }
        let pads = pairs(pads, axes, shape.len())?;
        padded(shape, &pads)?;
        for (length, pair) in shape.iter().zip(&pads) {
            let too_far = |pad: &i64| length.as_i64().is_some_and(|length| *pad >= length && *pad > 0);
            if self.mode == "reflect" && pair.iter().any(too_far) {
                bail!("{NAME}: reflects {pair:?} of {length}");
            }
            if self.mode != "constant" && pair.iter().any(|&pad| pad < 0) {
                bail!("{NAME}: by {pair:?} is not supported with mode={}", self.mode);
            }
        }
        Ok(())
    }
}

impl Expansion for PadNode {
    fn name(&self) -> StaticName {
        NAME.into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        // Before tract, whose rules take the axes and the output for what there is.
        let (Some(data), Some(pads)) = (inputs.first(), inputs.get(1)) else {
            bail!("{NAME}: {} inputs", inputs.len())
        };
        match self.axes.and_then(|position| inputs.get(position)) {
            Some(axes) => solver.given_3(&data.shape, &pads.value, &axes.value, |_, shape, pads, axes| {
                self.expect_supported(&shape, &pads, Some(&axes))
            })?,
            None => {
                solver.given_2(&data.shape, &pads.value, |_, shape, pads| self.expect_supported(&shape, &pads, None))?
            }
        }
        self.tracts.rules(solver, inputs, outputs)
    }

    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let Some(&data) = inputs.first() else { bail!("{NAME}: no input") };
        let constant = |label: &str, position: Option<usize>| {
            let Some(&outlet) = position.and_then(|position| inputs.get(position)) else { return Ok(None) };
            match &model.outlet_fact(outlet)?.konst {
                Some(constant) => Ok(Some(constant.clone())),
                None => bail!("{NAME}: the {label} are no constant"),
            }
        };
        let (pads, axes) = (constant("pads", Some(1))?, constant("axes", self.axes)?);
        let value = constant("values", self.value)?;
        let Some(pads) = pads else { bail!("{NAME}: no pads") };
        let pads = pairs(&pads, axes.as_deref(), model.outlet_fact(data)?.rank())?;
        let is_text = model.outlet_fact(data)?.datum_type == DatumType::String;
        if !is_text && pads.iter().flatten().all(|&pad| pad >= 0) {
            return self.tracts.wire(name, model, inputs);
        }
        if self.mode != "constant" {
            bail!("{NAME}: of strings, only with mode=constant");
        }
        model.wire_node(name, Eager::of(Pad { pads, value }), &[data])
    }
}

impl Pad {
    fn pad<T: Datum + Default>(&self, input: &Tensor) -> TractResult<Tensor> {
        let value: T = match &self.value {
            Some(value) => value.cast_to::<T>()?.try_as_plain_ram()?.to_scalar::<T>()?.clone(),
            None => T::default(),
        };
        let mut padded = input.to_plain_array_view::<T>()?.to_owned();
        for (axis, &[before, behind]) in self.pads.iter().enumerate() {
            // Not more than there is: `facts` has seen to it but for symbolic axes.
            let length = padded.len_of(Axis(axis)) as i64;
            let (first, last) = (before.min(0).saturating_neg(), length.saturating_add(behind.min(0)));
            if first > last {
                bail!("{NAME}: by {before} and {behind} of {length}");
            }
            padded.slice_axis_inplace(Axis(axis), Slice::from(first as usize..last as usize));
            let side = |count: i64| {
                let mut shape = padded.shape().to_vec();
                shape.iter_mut().skip(axis).take(1).for_each(|length| *length = count.max(0) as usize);
                ArrayD::from_elem(shape, value.clone())
            };
            padded = concatenate(Axis(axis), &[side(before).view(), padded.view(), side(behind).view()])?;
        }
        Ok(padded.into_tensor())
    }
}

impl Kernel for Pad {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        Ok(tvec!(Fact { datum_type: input.datum_type, shape: padded(&input.shape, &self.pads)? }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        let padded = match input.datum_type() {
            DatumType::F16 => self.pad::<f16>(input),
            DatumType::F32 => self.pad::<f32>(input),
            DatumType::F64 => self.pad::<f64>(input),
            DatumType::I8 => self.pad::<i8>(input),
            DatumType::I32 => self.pad::<i32>(input),
            DatumType::I64 => self.pad::<i64>(input),
            DatumType::U8 => self.pad::<u8>(input),
            DatumType::Bool => self.pad::<bool>(input),
            DatumType::String => self.pad::<String>(input),
            other => bail!("{NAME}: of {other:?}"),
        };
        Ok(tvec!(padded?.into()))
    }
}
