//! A region as a list of steps over buffers.

mod buffers;
mod compile;
mod step;

use std::sync::{Mutex, PoisonError};

use fearless_simd::Level;
use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

use self::buffers::{Buffers, Place};
use self::step::Step;
use crate::kernel::layout::leave;
use crate::lane::Shape;

/// What a region computes for one picture of each input.
#[derive(Debug)]
pub(crate) struct Program {
    level: Level,
    inputs: Vec<Shape>,
    steps: Vec<Step>,
    outputs: Vec<Output>,
    /// The length of each buffer.
    lengths: Vec<usize>,
    /// Buffers that no run uses at present. They stay with the program, as allocating megabytes for each run costs more than
    /// many a step: the system clears each page of them.
    idle: Mutex<Vec<Buffers>>,
}

/// A picture that leaves the region.
#[derive(Clone, Copy, Debug)]
struct Output {
    shape: Shape,
    place: Place,
}

impl Program {
    pub(crate) fn inputs(&self) -> &[Shape] {
        &self.inputs
    }

    pub(crate) fn outputs(&self) -> impl Iterator<Item = Shape> {
        self.outputs.iter().map(|output| output.shape)
    }

    /// Computes all pictures of a batch, of which each input and output has `rows`.
    pub(crate) fn run(&self, rows: usize, inputs: &[&[f32]], outputs: &mut [&mut [f32]]) -> TractResult<()> {
        let mut buffers = self.idle().pop().unwrap_or_else(|| Buffers::new(&self.lengths));
        for row in 0..rows {
            let pictures = inputs.iter().zip(&self.inputs).map(|(input, shape)| part(input, *shape, row));
            let pictures: Vec<&[f32]> = pictures.collect::<Option<_>>().unwrap_or_default();
            if pictures.len() != self.inputs.len() {
                bail!("fewer pictures than were announced");
            }
            for step in &self.steps {
                step.run(self.level, &pictures, &mut buffers)?;
            }
            for (Output { shape, place }, output) in self.outputs.iter().zip(outputs.iter_mut()) {
                let numbers = shape.numbers();
                if let Some(planes) = output.get_mut(row * numbers..(row + 1) * numbers) {
                    leave(*shape, buffers.picture(*place), planes);
                }
            }
        }
        // Only after a run that went well: what a panic leaves behind is not to be trusted.
        self.idle().push(buffers);
        Ok(())
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Buffers>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The picture of a batch at `row`.
fn part(input: &[f32], shape: Shape, row: usize) -> Option<&[f32]> {
    input.get(row * shape.numbers()..(row + 1) * shape.numbers())
}
