//! An engine that panics: the request fails, nothing else does.

use std::thread;

use ferrocast_engine::{Dim, Dtype, Signature, Tensor, TensorSpec};
use ferrocast_pipeline::Loaders;
use ferrocast_testkit::{FakeEngine, FakeLoader};

use crate::errors::assert_is_honest;
use crate::server::TestServer;

const MANIFEST: &str = r#"
manifest = 1
task = "regression"

[model]
engine = "fake"

[[feature]]
name = "x"
type = "float"
example = 1.0
"#;

/// The value on which the engine panics; another on which it answers with an infinity.
const PANIC: f32 = 13.0;
const INFINITE: f32 = 14.0;

fn scripted(inputs: &[Tensor]) -> Vec<Tensor> {
    let x = inputs[0].as_slice::<f32>().expect("floats").to_vec();
    assert!(!x.contains(&PANIC), "unlucky number, says the canary");
    let y: Vec<f32> = x.iter().map(|&x| if x == INFINITE { f32::INFINITY } else { 2.0 * x }).collect();
    vec![Tensor::from_vec(&[y.len(), 1], y).expect("one value per row")]
}

fn server(settings: &[(&str, &str)]) -> (tempfile::TempDir, TestServer) {
    let folder = tempfile::tempdir().expect("a folder");
    let version = folder.path().join("shaky/1");
    std::fs::create_dir_all(&version).expect("a folder");
    std::fs::write(version.join("model.onnx"), b"whatever").expect("a file");
    std::fs::write(version.join("model.toml"), MANIFEST).expect("a file");
    let tensor = |name| TensorSpec::new(name, Dtype::F32, vec![Dim::Batch, Dim::Fixed(1)]);
    let signature = Signature::new(vec![tensor("x")], vec![tensor("y")]);
    let engine = FakeEngine::new(signature, |inputs| Ok(scripted(inputs)));
    let server = TestServer::start(folder.path(), settings, Loaders::new().with(FakeLoader(engine)));
    (folder, server)
}

#[test]
fn a_thousand_panics_beside_good_traffic() {
    let (_folder, server) = server(&[]);
    thread::scope(|scope| {
        for worker in 0..8 {
            let server = &server;
            scope.spawn(move || {
                let mut client = server.client();
                for turn in 0..125 {
                    let answer = client.post("/predict", br#"{"x": 13.0}"#);
                    assert_is_honest(&answer, "panic");
                    assert_eq!((answer.status, answer.code().as_str()), (500, "ENGINE_PANIC"));
                    assert!(!answer.text().contains("canary"));
                    let good = client.post("/predict", format!("{{\"x\": {turn}.5}}").as_bytes());
                    assert_eq!(good.status, 200, "worker {worker}: {}", good.text());
                    assert_eq!(good.json()["prediction"], f64::from(turn) * 2.0 + 1.0);
                }
            });
        }
    });
    assert_eq!(server.client().get("/health").status, 200);
}

#[test]
fn numbers_that_json_cannot_carry_are_errors() {
    let (_folder, server) = server(&[]);
    let answer = server.client().post("/predict", br#"{"x": 14.0}"#);
    assert_is_honest(&answer, "infinity");
    assert_eq!(answer.code(), "NON_FINITE_OUTPUT");
    let batch = server.client().post("/predict_batch", br#"{"instances": [{"x": 1.0}, {"x": 14.0}]}"#);
    assert_eq!((batch.status, &batch.json()["status"]), (200, &"partial".into()));
    assert_eq!(batch.json()["predictions"][1]["error_code"], "NON_FINITE_OUTPUT");
}

#[test]
fn only_debug_mode_shows_causes() {
    for (debug, shown) in [("false", false), ("true", true)] {
        let (_folder, server) = server(&[("DEBUG", debug)]);
        let answer = server.client().post("/predict", br#"{"x": 13.0}"#);
        assert_eq!((answer.status, answer.text().contains("canary")), (500, shown), "{}", answer.text());
    }
}
