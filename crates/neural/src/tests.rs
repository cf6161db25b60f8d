//! Regions of graphs beside tract's own operators, and convolutions beside plain loops, with every set of instructions that
//! the processor has.

mod convolutions;
mod graphs;
mod rows;

use fearless_simd::Level;
use tract_onnx::prelude::{
    DatumExt as _, IntoRunnable as _, IntoTensor as _, OutletId, SpecialOps as _, TVec, Tensor, TypedModel,
};
use tract_onnx::tract_core::ops::TypedOp;
use tract_onnx::tract_core::ops::cnn::{Conv, KernelFormat, PaddingSpec, PoolSpec};
use tract_onnx::tract_core::ops::nn::DataFormat;

use crate::bounds::Bounds;
use crate::operator::Blocks;
use crate::region::take_over_at;

/// Numbers that look like chance, between -1 and 1.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    pub(super) fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.next() as usize % values.len()]
    }

    pub(super) fn tensor(&mut self, shape: &[usize]) -> Tensor {
        let numbers: Vec<f32> =
            (0..shape.iter().product()).map(|_| self.next() as f32 / (1u64 << 30) as f32 - 1.0).collect();
        Tensor::from_shape(shape, &numbers).unwrap()
    }
}

/// A convolution as tract has it.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) input: usize,
    pub(super) output: usize,
    pub(super) group: usize,
    pub(super) kernel: [usize; 2],
    pub(super) strides: [usize; 2],
    pub(super) dilations: [usize; 2],
    pub(super) before: [usize; 2],
    pub(super) after: [usize; 2],
}

impl Layer {
    /// A kernel that is a square, whose results are as many as pixels.
    pub(super) fn same(input: usize, output: usize, kernel: usize) -> Layer {
        let pad = [kernel / 2; 2];
        Layer {
            input,
            output,
            group: 1,
            kernel: [kernel; 2],
            strides: [1; 2],
            dilations: [1; 2],
            before: pad,
            after: pad,
        }
    }

    pub(super) fn depthwise(channels: usize, kernel: usize) -> Layer {
        Layer { group: channels, ..Layer::same(channels, channels, kernel) }
    }

    pub(super) fn spec(&self) -> PoolSpec {
        PoolSpec {
            data_format: DataFormat::NCHW,
            kernel_shape: self.kernel.into_iter().collect(),
            padding: PaddingSpec::Explicit(self.before.into_iter().collect(), self.after.into_iter().collect()),
            dilations: Some(self.dilations.into_iter().collect()),
            strides: Some(self.strides.into_iter().collect()),
            input_channels: self.input,
            output_channels: self.output,
        }
    }

    pub(super) fn weights(&self, chance: &mut Chance) -> Tensor {
        chance.tensor(&[self.output, self.input / self.group, self.kernel[0], self.kernel[1]])
    }

    pub(super) fn wire(&self, graph: &mut Graph, input: OutletId) -> OutletId {
        let (weights, bias) = (self.weights(&mut graph.chance), graph.chance.tensor(&[self.output]));
        self.wire_with(graph, input, weights, bias)
    }

    pub(super) fn wire_with(&self, graph: &mut Graph, input: OutletId, weights: Tensor, bias: Tensor) -> OutletId {
        let weights = graph.constant(weights);
        let bias = graph.constant(bias);
        graph.wire(Conv::new(self.spec(), KernelFormat::OIHW, self.group, None), &[input, weights, bias])
    }
}

/// A graph that is being made.
pub(super) struct Graph {
    pub(super) model: TypedModel,
    pub(super) chance: Chance,
}

impl Graph {
    /// With one input of a shape.
    pub(super) fn new(seed: u64, shape: &[usize]) -> (Graph, OutletId) {
        let mut model = TypedModel::default();
        let input = model.add_source("input", f32::fact(shape)).unwrap();
        (Graph { model, chance: Chance::new(seed) }, input)
    }

    fn name(&self, of: &str) -> String {
        format!("{of}{}", self.model.nodes().len())
    }

    pub(super) fn constant(&mut self, tensor: Tensor) -> OutletId {
        self.model.add_const(self.name("constant"), tensor).unwrap()
    }

    pub(super) fn wire(&mut self, op: impl Into<Box<dyn TypedOp>>, inputs: &[OutletId]) -> OutletId {
        let name = self.name("node");
        self.model.wire_node(name, op, inputs).unwrap()[0]
    }

    pub(super) fn finish(mut self, outputs: &[OutletId]) -> TypedModel {
        self.model.select_output_outlets(outputs).unwrap();
        self.model
    }
}

/// What a graph makes of its inputs, optimised by tract.
pub(super) fn run(model: TypedModel, inputs: &[Tensor]) -> Vec<Tensor> {
    as_written(model.into_optimized().unwrap(), inputs)
}

/// The same of the graph as it is. tract 0.23.9 optimises a constant less what a convolution makes into something else.
pub(super) fn as_written(model: TypedModel, inputs: &[Tensor]) -> Vec<Tensor> {
    let plan = model.into_runnable().unwrap();
    let inputs: TVec<_> = inputs.iter().cloned().map(Into::into).collect();
    plan.run(inputs).unwrap().into_iter().map(|output| output.into_tensor()).collect()
}

/// The graph with regions in place of what they compute.
pub(super) fn blocked(level: Level, model: &TypedModel) -> TypedModel {
    take_over_at(level, model, &no_bounds).unwrap().unwrap()
}

pub(super) fn no_bounds(_: &dyn TypedOp) -> Option<Bounds> {
    None
}

/// Bounds in place of an operator that tract has, too.
pub(super) fn bounds_for_tanh(op: &dyn TypedOp) -> Option<Bounds> {
    (op.name() == "Tanh").then_some(Bounds { low: -0.5, high: 0.25 })
}

/// How many regions there are, and how many convolutions outside of them.
pub(super) fn count(model: &TypedModel) -> (usize, usize) {
    let of = |is: &dyn Fn(&dyn TypedOp) -> bool| model.nodes().iter().filter(|node| is(node.op.as_ref())).count();
    (of(&|op| op.is::<Blocks>()), of(&|op| op.is::<Conv>()))
}

/// Numbers are alike: those that are none, in the same places, and others but for rounding.
pub(super) fn assert_alike(found: &Tensor, expected: &Tensor, what: &dyn std::fmt::Debug) {
    assert_eq!(found.shape(), expected.shape(), "{what:?}");
    let numbers = |tensor: &Tensor| tensor.try_as_plain_ram().unwrap().as_slice::<f32>().unwrap().to_vec();
    let (found, expected) = (numbers(found), numbers(expected));
    let scale = expected.iter().filter(|number| number.is_finite()).fold(1.0f32, |most, number| most.max(number.abs()));
    for (at, (found, expected)) in found.into_iter().zip(expected).enumerate() {
        let alike =
            found == expected || (found.is_nan() && expected.is_nan()) || (found - expected).abs() <= scale * 2e-5;
        assert!(alike, "{found} instead of {expected} at {at}: {what:?}");
    }
}
