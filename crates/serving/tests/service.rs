//! Models from a folder, answered through the service.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed expectation ends the test")]

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use ferrocast_engine::{Dim, Dtype, Signature, TensorSpec};
use ferrocast_engine_tract::TractLoader;
use ferrocast_pipeline::Loaders;
use ferrocast_schema::Rows;
use ferrocast_serving::{
    Answer, CallOptions, Deployment, ImageLimits, ModelRef, ModelState, RegistryConfig, ResolveError, ServeError,
    Service, ServiceConfig,
};
use ferrocast_testkit::{FakeEngine, FakeLoader, small_model};
use tempfile::TempDir;

fn write(root: &Path, file: &str, bytes: impl AsRef<[u8]>) {
    let path = root.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn start(root: &TempDir, loaders: Loaders) -> Service {
    let service = not_loaded(root, loaders);
    service.load_all().wait().unwrap();
    service
}

fn not_loaded(root: &TempDir, loaders: Loaders) -> Service {
    let registry = RegistryConfig { root: root.path().to_owned(), default_model: None, aliases: Vec::new() };
    let config = ServiceConfig {
        registry,
        compute_threads: NonZeroUsize::new(3).unwrap(),
        max_in_flight: 100,
        images: ImageLimits::default(),
        image_decodes: NonZeroUsize::MIN,
        trial: None,
        require_sha256: false,
        observer: Arc::new(()),
    };
    Service::start(config, loaders).unwrap()
}

/// Runs on a thread like those that read requests: one task at a time.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

fn predict(service: &Service, deployment: &Deployment, rows: &Rows) -> Result<Answer, ServeError> {
    block_on(service.predict(deployment, rows, CallOptions::default()))
}

fn wanted<'a>(name: &'a str, version: Option<&'a str>) -> ModelRef<'a> {
    ModelRef { name: Some(name), version }
}

/// P24 of the reliability promises.
#[test]
fn nothing_is_sent_to_who_has_not_loaded_yet() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "good/1/model.onnx", small_model("mlp"));
    write(root.path(), "bad/1/model.onnx", "no model");
    let service = not_loaded(&root, Loaders::new().with(TractLoader::new()));
    assert!(!service.is_ready(), "the folder has not been looked at");
    let ticket = service.load_all();
    // Neither of the two is settled at once; what fails is settled as well.
    assert!(!service.is_ready() || service.model(wanted("good", None)).is_ok());
    ticket.wait().unwrap();
    assert!(service.is_ready());
    // What comes later takes it away from nobody.
    write(root.path(), "late/1/model.onnx", small_model("mlp"));
    let ticket = service.load("late");
    assert!(service.is_ready());
    ticket.wait().unwrap();
}

#[test]
fn a_corrupt_model_leaves_the_others_serving() {
    let root = tempfile::tempdir().unwrap();
    let good = small_model("mlp");
    write(root.path(), "good/1/model.onnx", &good);
    write(root.path(), "good/2/model.onnx", &good[..good.len() / 2]);
    write(root.path(), "pickle/1/model.onnx", b"\x80\x04\x95 no model");
    let service = start(&root, Loaders::new().with(TractLoader::new()));

    let deployment = service.model(wanted("good", None)).unwrap();
    assert_eq!((deployment.model(), deployment.version()), ("good", "1"));
    assert!(deployment.costs().is_some_and(|costs| costs.points().len() > 3));
    let row = ["x0", "x1", "x2", "x3"].map(|name| (name, 0.5.into()));
    let rows = deployment.pipeline().schema().rows([row]).unwrap();
    assert_eq!(predict(&service, &deployment, &rows).unwrap().predictions.len(), 1);

    for (name, version) in [("good", Some("2")), ("pickle", None)] {
        let error = service.model(wanted(name, version)).unwrap_err();
        let ServeError::Resolve(ResolveError::NotReady { state: ModelState::Failed { reason }, .. }) = &error else {
            panic!("{error}")
        };
        assert!(reason.contains("not a valid model"), "{reason}");
    }
    assert!(matches!(
        service.model(wanted("good", Some("9"))),
        Err(ServeError::Resolve(ResolveError::UnknownVersion { .. }))
    ));
    assert!(matches!(service.model(wanted("no", None)), Err(ServeError::Resolve(ResolveError::UnknownModel { .. }))));
}

#[test]
fn a_panic_fails_its_request_alone() {
    let spec = |name: &str| TensorSpec::new(name, Dtype::F32, vec![Dim::Batch, Dim::Fixed(1)]);
    let engine = FakeEngine::new(Signature::new(vec![spec("x")], vec![spec("y")]), |inputs| {
        assert!(inputs[0].as_slice::<f32>().unwrap()[0] < 100.0, "too much");
        Ok(inputs.to_vec())
    });
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "m/1/model.onnx", "any bytes");
    let service = start(&root, Loaders::new().with(FakeLoader(engine)));
    let deployment = service.model(wanted("m", Some("v1"))).unwrap();
    let predict_value = |value: f64| {
        let rows = deployment.pipeline().schema().rows([[("x", value.into())]]).unwrap();
        predict(&service, &deployment, &rows)
    };
    for _ in 0..10 {
        let error = predict_value(1e6).unwrap_err();
        assert!(error.is_panic(), "{error}");
        assert_eq!(predict_value(2.0).unwrap().predictions[0].to_string(), "2");
    }
}

#[test]
fn a_value_that_overflows_once_scaled_is_the_callers_fault() {
    let root = tempfile::tempdir().unwrap();
    let feature = |name: &str, std: &str| {
        format!(
            "[[feature]]\nname = \"{name}\"\ntype = \"float\"\nscale = {{ kind = \"standard\", mean = 0.0, std = {std} }}\n"
        )
    };
    let features = feature("a", "1e-10") + &["b", "c", "d"].map(|name| feature(name, "1.0")).concat();
    write(root.path(), "m/1/model.toml", format!("task = \"classification\"\n{features}"));
    write(root.path(), "m/1/model.onnx", small_model("mlp"));
    let service = start(&root, Loaders::new().with(TractLoader::new()));
    let deployment = service.model(wanted("m", None)).unwrap();
    let row = [("a", 1e30), ("b", 0.0), ("c", 0.0), ("d", 0.0)].map(|(name, value)| (name, value.into()));
    let rows = deployment.pipeline().schema().rows([row]).unwrap();
    let error = predict(&service, &deployment, &rows).unwrap_err();
    assert!(matches!(&error, ServeError::OutOfRange { feature, row: 0, .. } if &**feature == "a"), "{error}");
}

#[test]
fn a_model_whose_example_fails_is_not_served() {
    let spec = |name: &str| TensorSpec::new(name, Dtype::F32, vec![Dim::Batch, Dim::Fixed(1)]);
    let engine = FakeEngine::new(Signature::new(vec![spec("x")], vec![spec("y")]), |_| Err("out of order".into()));
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "m/1/model.onnx", "any bytes");
    let service = start(&root, Loaders::new().with(FakeLoader(engine)));
    let snapshot = service.snapshot();
    let ModelState::Failed { reason } = snapshot.model("m").unwrap().versions()[0].state() else { panic!() };
    assert!(reason.contains("out of order"), "{reason}");
}
