//! One step of a program.

use fearless_simd::{Level, dispatch};
use tract_onnx::prelude::{Tensor, TractResult};
use tract_onnx::tract_core::ops::element_wise::ElementWiseMiniOp;

use super::buffers::{Buffers, Place};
use crate::bounds::Bounds;
use crate::kernel::depthwise::Depthwise;
use crate::kernel::elements::{Affine, Combine, clamp};
use crate::kernel::finish::Finish;
use crate::kernel::layout::enter;
use crate::kernel::planar::Planar;
use crate::kernel::pointwise::Pointwise;
use crate::kernel::pool::Pool;
use crate::kernel::spatial::Spatial;
use crate::lane::{CHANNELS, Lane, Shape};

/// Lanes that tract's element-wise operators get at a time: 32 KiB, which stay in the first-level cache.
const ELEMENTS: usize = 512;

/// Makes one picture of others.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) work: Work,
    pub(super) bounds: Option<Bounds>,
    /// The pictures that it takes from buffers.
    pub(super) inputs: Vec<Place>,
    pub(super) output: Place,
}

/// What a step computes. Of the pictures that a convolution takes, the last is added to what it computes of the one before.
#[derive(Debug)]
pub(super) enum Work {
    /// An input of the region, by its number.
    Enter(usize, Shape),
    /// Of an input of the region.
    Planar(usize, Planar),
    Pointwise(Pointwise),
    Spatial(Spatial),
    Depthwise(Depthwise),
    Pool(Pool),
    Affine(Affine),
    Clamp,
    Combine(Combine),
    Concat,
    Element(Box<dyn ElementWiseMiniOp>),
}

impl Step {
    pub(super) fn run(&self, level: Level, pictures: &[&[f32]], buffers: &mut Buffers) -> TractResult<()> {
        let mut buffer = buffers.take(self.output.buffer);
        let outcome = match buffer.get_mut(..self.output.lanes) {
            Some(out) => self.compute(level, pictures, buffers, out),
            None => Ok(()),
        };
        buffers.put(self.output.buffer, buffer);
        outcome
    }

    fn compute(&self, level: Level, pictures: &[&[f32]], buffers: &Buffers, out: &mut [Lane]) -> TractResult<()> {
        let input = |number: usize| self.inputs.get(number).map(|place| buffers.picture(*place));
        let (first, bounds) = (input(0).unwrap_or_default(), self.bounds);
        let picture = |number: usize| pictures.get(number).copied().unwrap_or_default();
        let finish = Finish { addend: input(1), bounds };
        match &self.work {
            Work::Enter(number, shape) => enter(*shape, picture(*number), out),
            Work::Planar(number, planar) => {
                let finish = Finish { addend: input(0), bounds };
                dispatch!(level, simd => planar.run(simd, picture(*number), finish, out));
            }
            Work::Pointwise(pointwise) => dispatch!(level, simd => pointwise.run(simd, first, finish, out)),
            Work::Spatial(spatial) => dispatch!(level, simd => spatial.run(simd, first, finish, out)),
            Work::Depthwise(depthwise) => dispatch!(level, simd => depthwise.run(simd, first, finish, out)),
            Work::Pool(pool) => dispatch!(level, simd => pool.run(simd, first, out)),
            Work::Affine(affine) => dispatch!(level, simd => affine.run(simd, first, bounds, out)),
            Work::Clamp => dispatch!(level, simd => clamp(simd, first, bounds, out)),
            Work::Combine(combine) => {
                let second = input(1).unwrap_or_default();
                dispatch!(level, simd => combine.run(simd, (first, second), bounds, out));
            }
            Work::Concat => {
                let mut rest = out;
                for place in &self.inputs {
                    let part = buffers.picture(*place);
                    let Some((to, behind)) = rest.split_at_mut_checked(part.len()) else { break };
                    to.copy_from_slice(part);
                    rest = behind;
                }
            }
            Work::Element(operator) => elements(operator.as_ref(), first, out)?,
        }
        Ok(())
    }
}

/// tract's operator, a part of the picture at a time.
fn elements(operator: &dyn ElementWiseMiniOp, picture: &[Lane], out: &mut [Lane]) -> TractResult<()> {
    for (picture, out) in picture.chunks(ELEMENTS).zip(out.chunks_mut(ELEMENTS)) {
        let mut tensor = Tensor::zero::<f32>(&[picture.len(), CHANNELS])?;
        {
            let mut plain = tensor.try_as_plain_ram_mut()?;
            for (to, from) in plain.as_slice_mut::<f32>()?.chunks_exact_mut(CHANNELS).zip(picture) {
                to.copy_from_slice(&from.0);
            }
        }
        operator.eval_in_place(&mut tensor, None)?;
        for (from, to) in tensor.try_as_plain_ram()?.as_slice::<f32>()?.chunks_exact(CHANNELS).zip(out) {
            to.0.copy_from_slice(from);
        }
    }
    Ok(())
}
