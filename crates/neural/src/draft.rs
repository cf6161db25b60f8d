//! The operations of a region before they are compiled: each makes one picture of others.

use std::sync::Arc;

use tract_onnx::prelude::Tensor;
use tract_onnx::tract_core::ops::element_wise::ElementWiseMiniOp;

use crate::bounds::Bounds;
use crate::kernel::elements::Arithmetic;
use crate::kernel::pool::Pooling;
use crate::lane::Shape;
use crate::window::Window;

/// The position of the operation that makes a picture.
pub(crate) type Picture = usize;

/// One operation. Its inputs come before it.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) kind: Kind,
    pub(crate) inputs: Vec<Picture>,
    /// Of what it makes.
    pub(crate) shape: Shape,
    /// What its results are kept within, at last.
    pub(crate) bounds: Option<Bounds>,
}

/// What an operation computes.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// An input of the region, by its number.
    Enter(usize),
    /// A second input is added to what it computes of the first.
    Convolution(Convolution),
    Pool(Window, Pooling),
    /// Of each channel.
    Affine {
        factors: Vec<f32>,
        addends: Vec<f32>,
    },
    /// Nothing but bounds.
    Clamp,
    Combine(Arithmetic),
    /// Channels of all inputs; those of each but the last fill whole blocks.
    Concat,
    /// tract's, value by value.
    Element(Box<dyn ElementWiseMiniOp>),
}

/// The weights of a convolution, as ONNX has them: `[output channels][input channels][rows][columns]`.
#[derive(Clone, Debug)]
pub(crate) struct Convolution {
    pub(crate) window: Window,
    /// Each channel by itself, or all to all.
    pub(crate) is_depthwise: bool,
    pub(crate) weights: Arc<Tensor>,
    /// What the weights of an output channel are multiplied by, if by anything.
    pub(crate) factors: Option<Vec<f32>>,
    /// Of each output channel.
    pub(crate) bias: Vec<f32>,
}

/// Operations in order, and which of the pictures leave the region.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    /// `None` for what has become part of another.
    pub(crate) operations: Vec<Option<Operation>>,
    pub(crate) outputs: Vec<Picture>,
}

impl Draft {
    /// Adds an operation behind all others.
    pub(crate) fn push(&mut self, operation: Operation) -> Picture {
        self.operations.push(Some(operation));
        self.operations.len() - 1
    }

    /// How often each picture is used; leaving the region is a use.
    pub(crate) fn uses(&self) -> Vec<usize> {
        let mut uses = vec![0; self.operations.len()];
        let inputs = self.operations.iter().flatten().flat_map(|operation| &operation.inputs);
        for &picture in inputs.chain(&self.outputs) {
            if let Some(uses) = uses.get_mut(picture) {
                *uses += 1;
            }
        }
        uses
    }

    /// Makes operations part of those before them: factors and addends of channels, sums, bounds.
    pub(crate) fn fuse(&mut self) {
        for at in 0..self.operations.len() {
            let Some(operation) = self.operations.get(at).cloned().flatten() else { continue };
            let fused = match &operation.kind {
                Kind::Clamp => self.fuse_bounds(&operation),
                Kind::Affine { factors, addends } => self.fuse_affine(&operation, factors, addends),
                Kind::Combine(Arithmetic::Add) => self.fuse_sum(at, &operation),
                _ => None,
            };
            if let Some(picture) = fused {
                self.redirect(at, picture);
            }
        }
    }

    /// An operation whose outcome nobody else sees.
    fn only_here(&mut self, picture: Picture) -> Option<&mut Operation> {
        let uses = self.uses().get(picture).copied();
        let operation = self.operations.get_mut(picture)?.as_mut()?;
        (uses == Some(1)).then_some(operation)
    }

    /// The same of a convolution behind which there is nothing yet.
    fn open_convolution(&mut self, picture: Picture) -> Option<(&mut Convolution, &mut Vec<Picture>)> {
        match self.only_here(picture)? {
            Operation { kind: Kind::Convolution(convolution), inputs, bounds: None, .. } if inputs.len() == 1 => {
                Some((convolution, inputs))
            }
            _ => None,
        }
    }

    fn fuse_bounds(&mut self, clamp: &Operation) -> Option<Picture> {
        let (picture, bounds) = (*clamp.inputs.first()?, clamp.bounds?);
        let operation = self.only_here(picture)?;
        if !matches!(operation.kind, Kind::Convolution(_) | Kind::Affine { .. } | Kind::Combine(_) | Kind::Clamp) {
            return None;
        }
        operation.bounds = Some(operation.bounds.unwrap_or(Bounds::NONE).then(bounds));
        Some(picture)
    }

    fn fuse_affine(&mut self, affine: &Operation, factors: &[f32], addends: &[f32]) -> Option<Picture> {
        // What it makes has no bounds yet: those that follow are looked at after it.
        let picture = *affine.inputs.first()?;
        let (convolution, _) = self.open_convolution(picture)?;
        let most = |numbers: &[f32]| numbers.iter().fold(0.0, |most: f32, number| most.max(number.abs()));
        let weights = convolution.weights.try_as_plain_ram().ok()?;
        let before = convolution.factors.as_deref().map_or(1.0, most);
        // No weight becomes infinite that was none.
        if !(most(weights.as_slice::<f32>().ok()?) * before * most(factors)).is_finite() {
            return None;
        }
        for ((bias, factor), addend) in convolution.bias.iter_mut().zip(factors).zip(addends) {
            *bias = *bias * factor + addend;
        }
        convolution.factors = Some(match convolution.factors.take() {
            Some(before) => before.iter().zip(factors).map(|(before, factor)| before * factor).collect(),
            None => factors.to_vec(),
        });
        Some(picture)
    }

    /// The later one of two convolutions takes the sum in, in the sum's place: then the other picture is there.
    fn fuse_sum(&mut self, at: usize, sum: &Operation) -> Option<Picture> {
        let &[left, right] = sum.inputs.as_slice() else { return None };
        let shape = |picture: Picture| self.operations.get(picture)?.as_ref().map(|operation| operation.shape);
        if shape(left)? != shape(right)? {
            return None;
        }
        let (later, earlier) = if left > right { (left, right) } else { (right, left) };
        for (picture, addend) in [(later, earlier), (earlier, later)] {
            let Some((_, inputs)) = self.open_convolution(picture) else { continue };
            inputs.push(addend);
            let convolution = self.operations.get_mut(picture)?.take();
            *self.operations.get_mut(at)? = convolution;
            return None;
        }
        None
    }

    /// What used the picture `from` uses `to`.
    fn redirect(&mut self, from: Picture, to: Picture) {
        if let Some(operation) = self.operations.get_mut(from) {
            *operation = None;
        }
        let inputs = self.operations.iter_mut().flatten().flat_map(|operation| &mut operation.inputs);
        for picture in inputs.chain(&mut self.outputs) {
            if *picture == from {
                *picture = to;
            }
        }
    }
}
