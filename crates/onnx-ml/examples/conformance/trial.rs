//! Builds and runs the model of a test.
//!
//! A test feeds everything through the graph's inputs, also what every real model holds as a constant: axes, shapes,
//! paddings. tract has to know those when it builds. So each test runs as it stands, and once more with every input but
//! the first turned into an initializer; passing in one of the two ways is enough, a wrong answer in either is wrong.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{any, cmp};

use tract_onnx::Onnx;
use tract_onnx::pb::{GraphProto, ModelProto, TensorProto};
use tract_onnx::prelude::{Framework as _, InferenceModelExt as _, IntoRunnable as _, TVec, Tensor, TractResult};

use crate::compare::{Extent, difference};
use crate::test_case::{DataSet, TestCase};

/// What came of a test. All but the first say why.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Passed,
    /// An error while the model was built.
    Refused(String),
    /// An error while it ran.
    Failed(String),
    /// It ran, and answered something else.
    Wrong(String),
    Panicked(String),
}

impl Outcome {
    /// Whether a user would not learn that something is wrong, or would learn it the hard way.
    pub(crate) fn is_harmful(&self) -> bool {
        matches!(self, Outcome::Wrong(_) | Outcome::Panicked(_))
    }

    /// The best first.
    fn rank(&self) -> u8 {
        match self {
            Outcome::Passed => 0,
            Outcome::Refused(_) => 1,
            Outcome::Failed(_) => 2,
            Outcome::Wrong(_) => 3,
            Outcome::Panicked(_) => 4,
        }
    }
}

/// Operators whose answers no test can foresee.
const RANDOM: &[&str] =
    &["Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"];

/// Runs the test in both ways.
pub(crate) fn run(test: &TestCase) -> Outcome {
    let as_it_stands = attempt(test, Fixed::Nothing);
    if test.inputs() < 2 {
        return as_it_stands;
    }
    let with_constants = attempt(test, Fixed::AllButFirst);
    if as_it_stands.is_harmful() || with_constants.is_harmful() {
        cmp::max_by_key(as_it_stands, with_constants, Outcome::rank)
    } else {
        cmp::min_by_key(with_constants, as_it_stands, Outcome::rank)
    }
}

/// Which inputs become initializers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fixed {
    Nothing,
    AllButFirst,
}

fn attempt(test: &TestCase, fixed: Fixed) -> Outcome {
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let data_sets = test.data_sets().map_err(|error| Outcome::Failed(format!("{error:#}")))?;
        data_sets.iter().try_for_each(|data_set| run_data_set(test, data_set, fixed))
    }));
    match caught {
        Ok(Ok(())) => Outcome::Passed,
        Ok(Err(outcome)) => outcome,
        Err(payload) => Outcome::Panicked(panic_text(payload.as_ref())),
    }
}

fn run_data_set(test: &TestCase, data_set: &DataSet, fixed: Fixed) -> Result<(), Outcome> {
    // Set up as the server does: exporters declare wrong output shapes, the graph itself knows better.
    let mut onnx = tract_onnx::onnx().with_ignore_output_shapes(true).with_ignore_output_types(true);
    ferrocast_onnx_ml::register(&mut onnx);
    let mut model = test.model.clone();
    if let (Fixed::AllButFirst, Some(graph)) = (fixed, &mut model.graph) {
        fix_all_but_first(graph, &data_set.inputs);
    }
    let refused = |error| Outcome::Refused(format!("{error:#}"));
    let runnable = build(&onnx, &model).map_err(refused)?;
    let fed = if fixed == Fixed::AllButFirst { 1 } else { data_set.inputs.len() };
    let failed = |error| Outcome::Failed(format!("{error:#}"));
    let inputs = tensors(&onnx, data_set.inputs.get(..fed).unwrap_or_default()).map_err(failed)?;
    let expected = tensors(&onnx, &data_set.outputs).map_err(failed)?;
    let outputs = runnable.run(inputs.into_iter().map(Tensor::into).collect()).map_err(failed)?;
    match difference(&outputs, &expected, extent(&model)).map_err(failed)? {
        Some(difference) => Err(Outcome::Wrong(difference)),
        None => Ok(()),
    }
}

fn build(onnx: &Onnx, model: &ModelProto) -> TractResult<std::sync::Arc<tract_onnx::prelude::TypedRunnableModel>> {
    onnx.model_for_proto_model(model)?.into_optimized()?.into_runnable()
}

fn fix_all_but_first(graph: &mut GraphProto, values: &[TensorProto]) {
    let fixed = graph.input.split_off(1);
    let initializers = fixed.into_iter().zip(values.iter().skip(1));
    graph.initializer.extend(initializers.map(|(input, value)| TensorProto { name: input.name, ..value.clone() }));
}

fn tensors(onnx: &Onnx, protos: &[TensorProto]) -> TractResult<TVec<Tensor>> {
    protos.iter().map(|proto| tract_onnx::tensor::load_tensor(&*onnx.provider, proto, None)).collect()
}

fn extent(model: &ModelProto) -> Extent {
    let mut nodes = model.graph.iter().flat_map(|graph| &graph.node);
    if nodes.any(|node| RANDOM.contains(&&*node.op_type)) { Extent::Facts } else { Extent::Values }
}

fn panic_text(payload: &(dyn any::Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str).or(payload.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words").to_owned()
}
