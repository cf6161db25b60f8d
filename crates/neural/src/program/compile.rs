//! Drafts become programs: kernels are chosen, weights packed, buffers assigned.

use std::sync::Mutex;

use fearless_simd::Level;
use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

use super::buffers::{Place, Plan};
use super::step::{Step, Work};
use super::{Output, Program};
use crate::draft::{Convolution, Draft, Kind, Operation};
use crate::kernel::depthwise::Depthwise;
use crate::kernel::elements::{Affine, Combine};
use crate::kernel::planar::Planar;
use crate::kernel::pointwise::Pointwise;
use crate::kernel::pool::Pool;
use crate::kernel::spatial::Spatial;
use crate::lane::{CHANNELS, Lane, Shape};
use crate::packed::groups;

impl Program {
    /// The program of a draft for a set of instructions.
    ///
    /// # Errors
    /// When the draft is none: an operation comes before its inputs, or a constant is not there.
    pub(crate) fn compile(level: Level, mut draft: Draft) -> TractResult<Program> {
        let planes = read_planes(&mut draft);
        let mut left = draft.uses();
        let mut plan = Plan::default();
        let mut places: Vec<Option<Place>> = Vec::with_capacity(draft.operations.len());
        let mut inputs = Vec::new();
        let mut steps = Vec::new();
        for ((operation, planar), uses) in draft.operations.iter().zip(planes).zip(left.clone()) {
            if let Some(Operation { kind: Kind::Enter(number), shape, .. }) = operation {
                inputs.push((*number, *shape));
            }
            let Some(operation) = operation.as_ref().filter(|_| uses > 0) else {
                places.push(None);
                continue;
            };
            let taken: Option<Vec<Place>> =
                operation.inputs.iter().map(|&input| places.get(input).copied().flatten()).collect();
            let Some(taken) = taken else { bail!("an operation comes before its inputs") };
            let lanes = operation.shape.lanes();
            // While its inputs still have theirs.
            let output = Place { buffer: plan.assign(lanes), lanes };
            for (&input, place) in operation.inputs.iter().zip(&taken) {
                if let Some(uses) = left.get_mut(input) {
                    *uses = uses.saturating_sub(1);
                    if *uses == 0 {
                        plan.release(place.buffer);
                    }
                }
            }
            steps.push(Step { work: work(level, operation, planar)?, bounds: operation.bounds, inputs: taken, output });
            places.push(Some(output));
        }
        inputs.sort_by_key(|(number, _)| *number);
        let output = |&picture: &usize| {
            let shape = draft.operations.get(picture)?.as_ref()?.shape;
            Some(Output { shape, place: places.get(picture).copied().flatten()? })
        };
        let outputs: Option<Vec<Output>> = draft.outputs.iter().map(output).collect();
        let Some(outputs) = outputs else { bail!("an outcome that nothing makes") };
        let inputs = inputs.into_iter().map(|(_, shape)| shape).collect();
        Ok(Program { level, inputs, steps, outputs, lengths: plan.lengths, idle: Mutex::new(Vec::new()) })
    }
}

/// Lets convolutions of pictures of a few channels read the inputs of the region themselves: which input each of them reads.
fn read_planes(draft: &mut Draft) -> Vec<Option<usize>> {
    let entered = |operation: &Option<Operation>| match operation {
        Some(Operation { kind: Kind::Enter(number), shape, .. }) if shape.channels < CHANNELS => Some(*number),
        _ => None,
    };
    let entered: Vec<Option<usize>> = draft.operations.iter().map(entered).collect();
    let reads = |operation: &mut Option<Operation>| {
        let operation = operation.as_mut()?;
        let Kind::Convolution(Convolution { is_depthwise: false, .. }) = operation.kind else { return None };
        let number = entered.get(*operation.inputs.first()?).copied().flatten()?;
        operation.inputs.remove(0);
        Some(number)
    };
    draft.operations.iter_mut().map(reads).collect()
}

/// The kernel of an operation, with its constants.
fn work(level: Level, operation: &Operation, planar: Option<usize>) -> TractResult<Work> {
    let pixels = operation.shape.pixels();
    Ok(match &operation.kind {
        Kind::Enter(number) => Work::Enter(*number, operation.shape),
        Kind::Convolution(convolution) => self::convolution(level, convolution, operation.shape, planar)?,
        &Kind::Pool(window, pooling) => Work::Pool(Pool { window, pooling }),
        Kind::Affine { factors, addends } => {
            Work::Affine(Affine { pixels, factors: Lane::blocks(factors), addends: Lane::blocks(addends) })
        }
        Kind::Clamp => Work::Clamp,
        &Kind::Combine(arithmetic) => Work::Combine(Combine { pixels, arithmetic }),
        Kind::Concat => Work::Concat,
        Kind::Element(operator) => Work::Element(operator.clone()),
    })
}

fn convolution(level: Level, convolution: &Convolution, shape: Shape, planar: Option<usize>) -> TractResult<Work> {
    let Convolution { window, bias, .. } = convolution;
    let (window, taps) = (*window, window.taps());
    let plain = convolution.weights.try_as_plain_ram()?;
    let numbers = plain.as_slice::<f32>()?;
    // Of an output channel, in ONNX's order.
    let terms = numbers.len() / shape.channels;
    let weight = |channel: usize, term: usize| {
        let number = numbers.get(channel * terms + term).copied().unwrap_or_default();
        let factor = convolution.factors.as_ref().and_then(|factors| factors.get(channel));
        factor.map_or(number, |factor| number * factor)
    };
    if convolution.is_depthwise {
        let lane = |place: usize| {
            let (block, tap) = (place / taps, place % taps);
            let channels = block * CHANNELS..shape.channels.min((block + 1) * CHANNELS);
            let mut lane = Lane::ZERO;
            lane.0.iter_mut().zip(channels).for_each(|(to, channel)| *to = weight(channel, tap));
            lane
        };
        let weights = (0..shape.blocks() * taps).map(lane).collect();
        return Ok(Work::Depthwise(Depthwise { window, weights, bias: Lane::blocks(bias) }));
    }
    if let Some(number) = planar {
        let groups = groups(level, shape.channels, terms, bias, weight);
        return Ok(Work::Planar(number, Planar { window, groups }));
    }
    if window.is_one_pixel() {
        let groups = groups(level, shape.channels, terms, bias, weight);
        return Ok(Work::Pointwise(Pointwise { pixels: shape.pixels(), channels: terms, groups }));
    }
    // ONNX has the taps of a channel side by side; the kernel takes the channels of a tap one after the other.
    let channels = terms / taps;
    let by_tap = |channel: usize, term: usize| weight(channel, term % channels * taps + term / channels);
    let groups = groups(level, shape.channels, terms, bias, by_tap);
    Ok(Work::Spatial(Spatial { window, channels, groups }))
}
