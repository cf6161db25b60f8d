//! What every engine must do, as one suite that any backend runs.

use std::sync::Arc;

use ferrocast_engine::{
    Dim, Dtype, EngineError, EngineLoader, InferenceEngine, LoadError, LoadOptions, ModelSource, Tensor,
};

use crate::{Mutator, SMALL_MODELS, small_model};

/// Runs every check of the engine contract against `loader`.
///
/// # Panics
/// If a check fails; that is its report.
pub fn engine_suite(loader: &dyn EngineLoader) {
    signatures_are_discovered(loader);
    numbers_are_right(loader);
    text_goes_in(loader);
    wrong_inputs_are_typed_errors(loader);
    a_batch_equals_its_rows(loader);
    sessions_run_side_by_side(loader);
    a_session_outlives_a_failed_run(loader);
    a_run_depends_on_its_inputs_alone(loader);
    unsupported_operators_are_told(loader);
    inspection_needs_no_load(loader);
    foreign_files_are_errors(loader);
    damaged_files_are_errors_or_models(loader);
}

fn load(loader: &dyn EngineLoader, name: &str) -> Arc<dyn InferenceEngine> {
    try_load(loader, &small_model(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn try_load(loader: &dyn EngineLoader, bytes: &[u8]) -> Result<Arc<dyn InferenceEngine>, LoadError> {
    loader.load(ModelSource { name: "suite", bytes }, &LoadOptions::default())
}

fn f32s(shape: &[usize], data: impl IntoIterator<Item = f32>) -> Tensor {
    Tensor::from_vec(shape, data.into_iter().collect()).unwrap()
}

/// Rows that differ from each other and stay small.
fn ramp(rows: usize, width: usize) -> impl Iterator<Item = f32> {
    (0..rows * width).map(|i| ((i * 37) % 101) as f32 / 50.0 - 1.0)
}

fn signatures_are_discovered(loader: &dyn EngineLoader) {
    let mlp = load(loader, "mlp");
    let signature = mlp.signature();
    assert_eq!(signature.inputs().len(), 1);
    assert_eq!(signature.inputs()[0].dtype, Dtype::F32);
    assert_eq!(signature.inputs()[0].shape, [Dim::Batch, Dim::Fixed(4)]);
    assert_eq!(signature.outputs()[0].shape, [Dim::Batch, Dim::Fixed(3)]);
    assert!(signature.is_batchable());
    let conv = load(loader, "conv");
    assert_eq!(conv.signature().inputs()[0].shape, [Dim::Batch, Dim::Fixed(3), Dim::Fixed(8), Dim::Fixed(8)]);
    assert!(conv.signature().is_batchable(), "{:?}", conv.signature());
    let fixed = load(loader, "fixed_batch");
    assert_eq!(fixed.signature().inputs()[0].shape, [Dim::Fixed(1), Dim::Fixed(4)]);
    assert!(!fixed.signature().is_batchable());
    assert_eq!(load(loader, "identity_f64").signature().inputs()[0].dtype, Dtype::F64);
    // A ZipMap's scores come as one column for each class.
    let zipmap = load(loader, "sklearn_logreg_float_input");
    let outputs: Vec<_> = zipmap.signature().outputs().iter().map(|spec| spec.dtype).collect();
    assert_eq!(outputs, [Dtype::I64, Dtype::F32]);
}

fn numbers_are_right(loader: &dyn EngineLoader) {
    let softmax = load(loader, "mlp").infer(&[f32s(&[2, 4], ramp(2, 4))]).unwrap();
    for row in softmax[0].as_slice::<f32>().unwrap().chunks(3) {
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{row:?}");
    }
    let doubles = load(loader, "identity_f64");
    let width = doubles.signature().inputs()[0].row_width().unwrap_or(1);
    let exact = Tensor::from_vec(&[1, width], vec![0.1f64; width]).unwrap();
    assert_eq!(doubles.infer(std::slice::from_ref(&exact)).unwrap()[0], exact);
    let logarithm = load(loader, "nan").infer(&[f32s(&[2, 1], [-1.0, 1.0])]).unwrap();
    let values = logarithm[0].as_slice::<f32>().unwrap();
    assert!(values[0].is_nan() && values[1] == 0.0, "{values:?}");
}

fn text_goes_in(loader: &dyn EngineLoader) {
    let engine = load(loader, "strings");
    assert_eq!(engine.signature().inputs()[0].dtype, Dtype::Str);
    let words = ["cold", "no such word"].map(str::to_owned).to_vec();
    let outputs = engine.infer(&[Tensor::from_vec(&[2, 1], words).unwrap()]).unwrap();
    assert_eq!(outputs[0].dtype(), Dtype::I64);
    assert_eq!(outputs[0].len(), 2);
}

fn wrong_inputs_are_typed_errors(loader: &dyn EngineLoader) {
    let mlp = load(loader, "mlp");
    let wrong: [Vec<Tensor>; 6] = [
        vec![],
        vec![f32s(&[1, 4], ramp(1, 4)), f32s(&[1, 4], ramp(1, 4))],
        vec![f32s(&[1, 5], ramp(1, 5))],
        vec![f32s(&[4], ramp(1, 4))],
        vec![f32s(&[1, 1, 4], ramp(1, 4))],
        vec![Tensor::from_vec(&[1, 4], vec![1i64; 4]).unwrap()],
    ];
    for inputs in wrong {
        let error = mlp.infer(&inputs).expect_err("wrong inputs are refused");
        assert!(error.is_caller_fault(), "{inputs:?}: {error}");
    }
    let error = mlp.infer(&[f32s(&[1, 5], ramp(1, 5))]).expect_err("five columns");
    assert!(matches!(error, EngineError::Input { .. }));
    assert!(error.to_string().contains("FP32 [batch, 4]"), "{error}");
}

fn a_batch_equals_its_rows(loader: &dyn EngineLoader) {
    for (name, width) in [("mlp", 4), ("conv", 3 * 8 * 8), ("lstm", 4 * 2), ("sklearn_logreg_float_input", 4)] {
        let engine = load(loader, name);
        let axes: Vec<usize> = engine.signature().inputs()[0]
            .shape
            .iter()
            .map(|dim| if let Dim::Fixed(size) = dim { *size } else { 1 })
            .collect();
        for rows in [1, 2, 7, 33] {
            let mut shape = axes.clone();
            shape[0] = rows;
            let batch = f32s(&shape, ramp(rows, width));
            let together = engine.infer(std::slice::from_ref(&batch)).unwrap();
            let singles: Vec<Vec<Tensor>> = batch
                .split_rows(&vec![1; rows])
                .unwrap()
                .into_iter()
                .map(|row| engine.infer(&[row]).unwrap())
                .collect();
            for (output, joined) in together.iter().enumerate() {
                let parts: Vec<&Tensor> = singles.iter().map(|single| &single[output]).collect();
                assert_close(joined, &Tensor::concat_rows(&parts).unwrap(), &format!("{name}, {rows} rows"));
            }
        }
    }
}

fn assert_close(left: &Tensor, right: &Tensor, what: &str) {
    assert_eq!((left.dtype(), left.shape()), (right.dtype(), right.shape()), "{what}");
    match (left.as_slice::<f32>(), right.as_slice::<f32>()) {
        (Some(left), Some(right)) => {
            let worst = left.iter().zip(right).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst <= 1e-6, "{what}: {worst}");
        }
        _ => assert_eq!(left, right, "{what}"),
    }
}

fn sessions_run_side_by_side(loader: &dyn EngineLoader) {
    let engine = load(loader, "mlp");
    let inputs: Vec<Tensor> = (1..=8).map(|rows| f32s(&[rows, 4], ramp(rows, 4))).collect();
    let expected: Vec<_> = inputs.iter().map(|x| engine.infer(std::slice::from_ref(x)).unwrap()).collect();
    std::thread::scope(|scope| {
        for (input, expected) in inputs.iter().zip(&expected) {
            let engine = &engine;
            scope.spawn(move || {
                let mut session = engine.session().unwrap();
                for _ in 0..50 {
                    assert_eq!(&session.run(std::slice::from_ref(input)).unwrap(), expected);
                }
            });
        }
    });
}

fn a_session_outlives_a_failed_run(loader: &dyn EngineLoader) {
    let engine = load(loader, "mlp");
    let mut session = engine.session().unwrap();
    let good = f32s(&[3, 4], ramp(3, 4));
    let before = session.run(std::slice::from_ref(&good)).unwrap();
    session.run(&[f32s(&[3, 5], ramp(3, 5))]).expect_err("five columns");
    assert_eq!(session.run(&[good]).unwrap(), before);
}

/// Loops and recurrent layers carry a state from step to step; it must not reach the next run.
fn a_run_depends_on_its_inputs_alone(loader: &dyn EngineLoader) {
    for (name, shape) in [("lstm", [2, 4, 2].as_slice()), ("scan", &[3, 2])] {
        let engine = load(loader, name);
        let len = shape.iter().product();
        let first = f32s(shape, ramp(1, len));
        let other = f32s(shape, ramp(1, len).map(|value| 1.0 - value));
        let mut session = engine.session().unwrap();
        let before = session.run(std::slice::from_ref(&first)).unwrap();
        let between = session.run(&[other]).unwrap();
        assert_eq!(session.run(&[first]).unwrap(), before, "{name}");
        assert_ne!(between, before, "{name}");
    }
    // Sums of the rows so far.
    let sums = load(loader, "scan").infer(&[f32s(&[3, 2], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])]).unwrap();
    assert_eq!(sums[0].as_slice::<f32>(), Some(&[1.0, 2.0, 4.0, 6.0, 9.0, 12.0][..]));
}

/// Which operators of ONNX an engine lacks is its own; that of a domain which nobody knows is lacking everywhere.
fn unsupported_operators_are_told(loader: &dyn EngineLoader) {
    let error = try_load(loader, &small_model("unsupported")).map(drop).expect_err("unknown operators");
    let LoadError::Unsupported { ops } = &error else { panic!("{error}") };
    assert!(ops.contains(&"org.example:FooBar".to_owned()), "{ops:?}");
}

fn inspection_needs_no_load(loader: &dyn EngineLoader) {
    let bytes = small_model("unsupported");
    let inspection = loader.inspect(ModelSource { name: "unsupported", bytes: &bytes }).unwrap();
    assert!(inspection.unsupported.contains(&"org.example:FooBar".to_owned()), "{:?}", inspection.unsupported);
    assert_eq!(inspection.operators.get("Det"), Some(&1));
    assert!(!inspection.inputs.is_empty() && !inspection.outputs.is_empty());
}

fn foreign_files_are_errors(loader: &dyn EngineLoader) {
    let foreign: [&[u8]; 8] = [
        b"",
        b"\0",
        b"PK\x03\x04a zip file, such as a PyTorch checkpoint",
        b"\x80\x04\x95a pickle",
        b"\x89PNG\r\n\x1a\n",
        b"{\"a\": 1}",
        b"<html></html>",
        &[0xff; 4096],
    ];
    for bytes in foreign {
        let error = try_load(loader, bytes).map(drop).expect_err("a foreign file is refused");
        assert!(matches!(error, LoadError::Malformed(_)), "{bytes:?}: {error}");
        loader.inspect(ModelSource { name: "foreign", bytes }).expect_err("a foreign file is refused");
    }
}

/// A damaged file may still be a model. It must not panic or hang, neither at load nor at a run.
fn damaged_files_are_errors_or_models(loader: &dyn EngineLoader) {
    let mut mutator = Mutator::new(20_261_122);
    for name in SMALL_MODELS {
        let original = small_model(name);
        for end in (0..original.len()).step_by((original.len() / 20).max(1)) {
            drop(try_load(loader, &original[..end]));
        }
        for _ in 0..40 {
            let bytes = mutator.damage(&original);
            let Ok(engine) = try_load(loader, &bytes) else { continue };
            let [input] = engine.signature().inputs() else { continue };
            let shape: Vec<usize> = input.shape.iter().map(|d| if let Dim::Fixed(n) = d { *n } else { 1 }).collect();
            let fits = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).is_some_and(|n| n < 1 << 20);
            if fits && input.dtype == Dtype::F32 {
                let len = shape.iter().product();
                drop(engine.infer(&[f32s(&shape, ramp(1, len))]));
            }
        }
    }
}
