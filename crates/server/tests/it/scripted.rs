//! A model whose runs a test counts, holds and breaks.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ferrocast_engine::{
    Dim, Dtype, EngineLoader, InferenceEngine, Inspection, LoadError, LoadOptions, ModelSource, Signature, Tensor,
    TensorSpec,
};
use ferrocast_pipeline::Loaders;
use ferrocast_testkit::{FakeEngine, FakeLoader};

/// Long enough for anything that is to happen.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// The row on which a run waits, if the test wants one to; that on which the engine panics; that on which it answers with no
/// number. None is among the rows of a warm-up.
pub(crate) const HELD: &str = r#"{"x": -4096.0}"#;
pub(crate) const PANIC: &str = r#"{"x": 13.0}"#;
pub(crate) const NO_NUMBER: &str = r#"{"x": 14.0}"#;

const MANIFEST: &str = "task = \"regression\"\n[model]\nengine = \"scripted\"\n[[feature]]\nname = \"x\"\ntype = \"float\"\nexample = 1.0\n[serving]\nmode = \"pooled\"\nmax_batch_rows = 1\n";

/// Writes a version of a model that answers `factor` times `x`, with more of a manifest.
pub(crate) fn write(folder: &Path, model: &str, factor: f32, manifest: &str) {
    let version = folder.join(model).join("1");
    std::fs::create_dir_all(&version).expect("a folder");
    std::fs::write(version.join("model.toml"), format!("{MANIFEST}{manifest}")).expect("a file");
    std::fs::write(version.join("model.onnx"), factor.to_string()).expect("a file");
}

/// What the engine and the test share.
pub(crate) struct Script {
    /// A run is held.
    pub(crate) began: Receiver<()>,
    go: SyncSender<()>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    runs: AtomicUsize,
    holds: AtomicBool,
    /// Loads that may begin; `None`: any.
    loads: Mutex<Option<Receiver<()>>>,
    begin: SyncSender<()>,
    gate: Mutex<Receiver<()>>,
}

impl Script {
    pub(crate) fn new() -> Script {
        let (begin, began) = sync_channel(1_000);
        let (go, gate) = sync_channel(1_000);
        let shared = Shared {
            runs: AtomicUsize::new(0),
            holds: AtomicBool::new(false),
            loads: Mutex::new(None),
            begin,
            gate: Mutex::new(gate),
        };
        Script { began, go, shared: Arc::new(shared) }
    }

    /// The engine, for any number of servers.
    pub(crate) fn loaders(&self) -> Loaders {
        Loaders::new().with(ScriptedLoader(Arc::clone(&self.shared)))
    }

    /// The next run of [`HELD`] waits until it is [let go](Script::let_go).
    pub(crate) fn hold_next(&self) {
        self.shared.holds.store(true, Ordering::SeqCst);
    }

    /// Waits until a run is held.
    pub(crate) fn wait_until_held(&self) {
        self.began.recv_timeout(SOON).expect("it runs");
    }

    pub(crate) fn let_go(&self) {
        self.go.send(()).expect("the engine lives");
    }

    /// No model is loaded before what this gives is sent something, once for each.
    pub(crate) fn hold_loads(&self) -> SyncSender<()> {
        let (allow, loads) = sync_channel(1_000);
        *self.shared.loads.lock().expect("no panic") = Some(loads);
        allow
    }

    /// How often the engine has run since the last look.
    pub(crate) fn take_runs(&self) -> usize {
        self.shared.runs.swap(0, Ordering::SeqCst)
    }
}

/// Loads a number, and multiplies by it.
#[derive(Debug)]
struct ScriptedLoader(Arc<Shared>);

impl ScriptedLoader {
    fn engine(&self, source: ModelSource<'_>) -> FakeEngine {
        let factor: f32 = std::str::from_utf8(source.bytes).ok().and_then(|text| text.parse().ok()).expect("a factor");
        let shared = Arc::clone(&self.0);
        let tensor = |name| TensorSpec::new(name, Dtype::F32, vec![Dim::Batch, Dim::Fixed(1)]);
        let signature = Signature::new(vec![tensor("x")], vec![tensor("y")]);
        FakeEngine::new(signature, move |inputs: &[Tensor]| {
            shared.runs.fetch_add(1, Ordering::SeqCst);
            let x = inputs[0].as_slice::<f32>().expect("floats");
            assert!(!x.contains(&13.0), "unlucky number, says the canary");
            if x.contains(&-4096.0) && shared.holds.swap(false, Ordering::SeqCst) {
                shared.begin.send(()).ok();
                // The test may have ended.
                shared.gate.lock().expect("no panic").recv_timeout(SOON).ok();
            }
            let y: Vec<f32> = x.iter().map(|&x| if x == 14.0 { f32::NAN } else { factor * x }).collect();
            Ok(vec![Tensor::from_vec(&[y.len(), 1], y).expect("one value per row")])
        })
    }
}

impl EngineLoader for ScriptedLoader {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn load(&self, source: ModelSource<'_>, options: &LoadOptions) -> Result<Arc<dyn InferenceEngine>, LoadError> {
        if let Some(loads) = &*self.0.loads.lock().expect("no panic") {
            loads.recv_timeout(SOON).ok();
        }
        FakeLoader(self.engine(source)).load(source, options)
    }

    fn inspect(&self, source: ModelSource<'_>) -> Result<Inspection, LoadError> {
        FakeLoader(self.engine(source)).inspect(source)
    }
}

/// Looks again and again until there is something to see.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(began.elapsed() < SOON, "never seen: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
