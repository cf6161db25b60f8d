//! Which nodes of a graph can be part of a region, and what they become there.

use tract_onnx::prelude::{Datum as _, OutletId, TDim, Tensor, TypedFact, TypedModel, TypedNode};
use tract_onnx::tract_core::ops::array::TypedConcat;
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::cnn::PaddingSpec::ExplicitOnnxPool;
use tract_onnx::tract_core::ops::cnn::{Conv, KernelFormat, MaxPool, PoolSpec, SumPool};
use tract_onnx::tract_core::ops::element_wise::ElementWiseOp;
use tract_onnx::tract_core::ops::math::{Add, Div, Max, Min, Mul, Sub};
use tract_onnx::tract_core::ops::nn::{Reduce, Reducer};

use crate::bounds::Bounds;
use crate::draft::{Convolution, Kind};
use crate::kernel::elements::Arithmetic;
use crate::kernel::pool::Pooling;
use crate::lane::{CHANNELS, Shape};
use crate::region::BoundsOf;
use crate::window::{Axis, Window};

/// What a node becomes in a region.
pub(crate) struct Recognised {
    pub(crate) kind: Kind,
    pub(crate) bounds: Option<Bounds>,
    /// The pictures that it takes; constants are part of the operation.
    pub(crate) inputs: Vec<OutletId>,
    pub(crate) shape: Shape,
    /// The number of pictures, the same for all of them.
    pub(crate) rows: TDim,
}

impl Recognised {
    /// Whether regions are made for the sake of such nodes; others only join them.
    pub(crate) fn is_convolution(&self) -> bool {
        matches!(self.kind, Kind::Convolution(_))
    }
}

/// What the node becomes, if it is one of pictures of single precision, and it is known how it is computed.
pub(crate) fn recognise(model: &TypedModel, node: &TypedNode, bounds_of: &BoundsOf<'_>) -> Option<Recognised> {
    let [output] = node.outputs.as_slice() else { return None };
    let (shape, rows) = picture(&output.fact)?;
    let facts: Vec<&TypedFact> =
        node.inputs.iter().map(|&input| model.outlet_fact(input).ok()).collect::<Option<_>>()?;
    let made = |kind: Kind, inputs: &[OutletId]| {
        Some(Recognised { kind, bounds: None, inputs: inputs.to_vec(), shape, rows: rows.clone() })
    };
    let recognised = if let Some(convolution) = node.op_as::<Conv>() {
        made(self::convolution(convolution, &facts, shape)?, node.inputs.get(..1)?)
    } else if let Some(bounds) = bounds_of(node.op.as_ref()) {
        let clamp = made(Kind::Clamp, &node.inputs)?;
        Some(Recognised { bounds: Some(bounds), ..clamp })
    } else if let Some((bounds, input)) = node.op_as::<TypedBinOp>().and_then(|op| bound(op, &facts, &node.inputs)) {
        let clamp = made(Kind::Clamp, &[input])?;
        Some(Recognised { bounds: Some(bounds), ..clamp })
    } else if let Some(operator) = node.op_as::<TypedBinOp>() {
        let (kind, inputs) = binary(operator, &facts, &node.inputs, shape)?;
        made(kind, &inputs)
    } else if let Some(pool) = node.op_as::<MaxPool>() {
        made(self::pool(&pool.pool_spec, Pooling::Max, &facts, shape)?, &node.inputs)
    } else if let Some(pool) = node.op_as::<SumPool>() {
        let pooling = if pool.normalize { Pooling::Mean { padded: pool.count_include_pad } } else { Pooling::Sum };
        made(self::pool(&pool.pool_spec, pooling, &facts, shape)?, &node.inputs)
    } else if let Some(reduce) = node.op_as::<Reduce>() {
        made(sum(reduce, &facts)?, &node.inputs)
    } else if let Some(concat) = node.op_as::<TypedConcat>() {
        made(self::concat(concat, &facts)?, &node.inputs)
    } else if let Some(ElementWiseOp(operator, None)) = node.op_as::<ElementWiseOp>() {
        let in_place = operator.output_type(f32::datum_type()).is_none();
        in_place.then_some(())?;
        made(Kind::Element(operator.clone()), &node.inputs)
    } else {
        None
    }?;
    // Pictures of other batches would be others, and a constant is no picture.
    let alike = |&input: &OutletId| {
        let fact = model.outlet_fact(input).ok()?;
        let (_, rows) = picture(fact)?;
        Some(fact.konst.is_none() && rows == recognised.rows)
    };
    recognised.inputs.iter().all(|input| alike(input) == Some(true)).then_some(recognised)
}

/// The shape of each picture of a batch, and their number.
pub(crate) fn picture(fact: &TypedFact) -> Option<(Shape, TDim)> {
    let [rows, channels, height, width] = fact.shape.dims() else { return None };
    let length = |dim: &TDim| dim.as_i64().and_then(|length| usize::try_from(length).ok());
    let shape = Shape::new(length(channels)?, length(height)?, length(width)?)?;
    (fact.datum_type == f32::datum_type() && !fact.is_exotic()).then(|| (shape, rows.clone()))
}

fn numbers(tensor: &Tensor) -> Option<Vec<f32>> {
    if tensor.datum_type() != f32::datum_type() {
        return None;
    }
    Some(tensor.try_as_plain_ram().ok()?.as_slice::<f32>().ok()?.to_vec())
}

fn convolution(operator: &Conv, facts: &[&TypedFact], output: Shape) -> Option<Kind> {
    let [input, weights, bias] = facts else { return None };
    let (input, _) = picture(input)?;
    let (window, made) = Window::of(&operator.pool_spec, input)?;
    let (weights, bias) = (weights.konst.clone()?, numbers(bias.konst.as_ref()?)?);
    let is_depthwise = operator.group > 1 && operator.group == input.channels && input.channels == output.channels;
    if operator.q_params.is_some()
        || operator.kernel_fmt != KernelFormat::OIHW
        || !(operator.group == 1 || is_depthwise)
        || made != output
    {
        return None;
    }
    let seen = if is_depthwise { 1 } else { input.channels };
    let expected = [output.channels, seen, window.down.kernel, window.across.kernel];
    // Where zeros beside a picture count, and where they do not, is the same only for weights that are numbers.
    let is_finite = numbers(&weights)?.iter().all(|weight| weight.is_finite());
    if weights.shape() != expected || !is_finite {
        return None;
    }
    let bias = spread(bias, output.channels)?;
    Some(Kind::Convolution(Convolution { window, is_depthwise, weights, factors: None, bias }))
}

/// A number for each channel, of which there may be one for all.
fn spread(numbers: Vec<f32>, channels: usize) -> Option<Vec<f32>> {
    match numbers.as_slice() {
        &[number] => Some(vec![number; channels]),
        _ => (numbers.len() == channels).then_some(numbers),
    }
}

fn pool(spec: &PoolSpec, pooling: Pooling, facts: &[&TypedFact], output: Shape) -> Option<Kind> {
    let [input] = facts else { return None };
    let (input, _) = picture(input)?;
    let (window, made) = Window::of(spec, input)?;
    // Each window sees something of the picture, whatever it is filled up with. With dilation it may step over all there is.
    let sees = |axis: &Axis| {
        let reach = axis.kernel.saturating_sub(1) * axis.dilation;
        axis.before <= reach && (axis.output - 1) * axis.stride < axis.input + axis.before && axis.dilation == 1
    };
    // The kernel's size says how many values count only where no window ends behind what the picture is filled up with,
    // as it may where the number of results is rounded up.
    let whole = pooling != Pooling::Mean { padded: true } || !matches!(spec.padding, ExplicitOnnxPool(_, _, true));
    let fits = made == output && output.channels == input.channels && sees(&window.down) && sees(&window.across);
    (fits && whole).then_some(Kind::Pool(window, pooling))
}

/// The sum of all pixels, which a mean begins with.
fn sum(operator: &Reduce, facts: &[&TypedFact]) -> Option<Kind> {
    let [input] = facts else { return None };
    let (input, _) = picture(input)?;
    if operator.reducer != Reducer::Sum || operator.axes.as_slice() != [2, 3] {
        return None;
    }
    let axis = |length: usize| Axis { kernel: length, stride: 1, dilation: 1, before: 0, input: length, output: 1 };
    Some(Kind::Pool(Window { down: axis(input.height), across: axis(input.width) }, Pooling::Sum))
}

fn concat(operator: &TypedConcat, facts: &[&TypedFact]) -> Option<Kind> {
    let (_, but_last) = facts.split_last()?;
    let whole = but_last.iter().all(|fact| picture(fact).is_some_and(|(shape, _)| shape.channels % CHANNELS == 0));
    (operator.axis == 1 && whole).then_some(Kind::Concat)
}

/// The greater or the lesser of each value and a constant.
fn bound(operator: &TypedBinOp, facts: &[&TypedFact], inputs: &[OutletId]) -> Option<(Bounds, OutletId)> {
    let (&[left, right], &[left_input, right_input]) = (facts, inputs) else { return None };
    let TypedBinOp(operator, None) = operator else { return None };
    let (constant, input) = match (&left.konst, &right.konst) {
        (Some(constant), None) => (constant, right_input),
        (None, Some(constant)) => (constant, left_input),
        _ => return None,
    };
    let &[value] = numbers(constant)?.as_slice() else { return None };
    if value.is_nan() {
        None
    } else if operator.is::<Max>() {
        Some((Bounds { low: value, ..Bounds::NONE }, input))
    } else if operator.is::<Min>() {
        Some((Bounds { high: value, ..Bounds::NONE }, input))
    } else {
        None
    }
}

fn binary(
    operator: &TypedBinOp,
    facts: &[&TypedFact],
    inputs: &[OutletId],
    output: Shape,
) -> Option<(Kind, Vec<OutletId>)> {
    let (&[left, right], &[left_input, right_input]) = (facts, inputs) else { return None };
    let TypedBinOp(operator, None) = operator else { return None };
    let affine = |factor: &dyn Fn(f32) -> f32, addend: &dyn Fn(f32) -> f32, fact: &TypedFact, input: OutletId| {
        let numbers = channel_numbers(fact, output)?;
        let factors: Vec<f32> = numbers.iter().map(|&number| factor(number)).collect();
        // A division by a number whose inverse is none is no multiplication.
        factors.iter().all(|factor| factor.is_finite()).then_some(())?;
        let addends = numbers.iter().map(|&number| addend(number)).collect();
        Some((Kind::Affine { factors, addends }, vec![input]))
    };
    let same = |fact: &TypedFact| picture(fact).is_some_and(|(shape, _)| shape == output);
    let is_constant = |fact: &TypedFact| fact.konst.is_some();
    let (number, one, nothing, less) = (|number| number, |_| 1.0, |_| 0.0, |number: f32| -number);
    if operator.is::<Add>() && same(left) && is_constant(right) {
        affine(&one, &number, right, left_input)
    } else if operator.is::<Add>() && same(right) && is_constant(left) {
        affine(&one, &number, left, right_input)
    } else if operator.is::<Mul>() && same(left) && is_constant(right) {
        affine(&number, &nothing, right, left_input)
    } else if operator.is::<Mul>() && same(right) && is_constant(left) {
        affine(&number, &nothing, left, right_input)
    } else if operator.is::<Sub>() && same(left) && is_constant(right) {
        affine(&one, &less, right, left_input)
    } else if operator.is::<Sub>() && same(right) && is_constant(left) {
        affine(&|_| -1.0, &number, left, right_input)
    } else if operator.is::<Div>() && same(left) && is_constant(right) {
        affine(&f32::recip, &nothing, right, left_input)
    } else {
        let arithmetic = if operator.is::<Add>() {
            Arithmetic::Add
        } else if operator.is::<Mul>() {
            Arithmetic::Multiply
        } else if operator.is::<Sub>() {
            Arithmetic::Subtract
        } else {
            return None;
        };
        // The other one has a number for each channel, or one for each pixel of each.
        let pixel = Shape { height: 1, width: 1, ..output };
        let fits = |fact: &TypedFact| picture(fact).is_some_and(|(shape, _)| shape == output || shape == pixel);
        if same(left) && fits(right) {
            Some((Kind::Combine(arithmetic), vec![left_input, right_input]))
        } else if same(right) && fits(left) && arithmetic != Arithmetic::Subtract {
            Some((Kind::Combine(arithmetic), vec![right_input, left_input]))
        } else {
            None
        }
    }
}

/// The numbers of a constant that has one for each channel, or one for all.
fn channel_numbers(fact: &TypedFact, picture: Shape) -> Option<Vec<f32>> {
    let constant = fact.konst.as_ref()?;
    match constant.shape() {
        [1, channels, 1, 1] if *channels == 1 || *channels == picture.channels => {
            spread(numbers(constant)?, picture.channels)
        }
        _ => None,
    }
}
