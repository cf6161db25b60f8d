//! Predictions on the pool: whose rows run together, what is refused, and what never runs.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed expectation ends the test")]

use std::num::NonZeroUsize;
use std::path::Path;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ferrocast_engine::{BoxError, Dim, Dtype, Signature, Tensor, TensorSpec};
use ferrocast_engine_tract::TractLoader;
use ferrocast_pipeline::Loaders;
use ferrocast_schema::{Prediction, Rows};
use ferrocast_serving::{
    Answer, CallOptions, ClosedBy, Deployment, ImageLimits, ModelRef, Reason, RegistryConfig, ServeError, Service,
    ServiceConfig,
};
use ferrocast_testkit::{FakeEngine, FakeLoader, small_model};
use tempfile::TempDir;
use tokio::task::{JoinHandle, LocalSet};

/// Long enough for anything that is to happen.
const SOON: Duration = Duration::from_secs(20);

/// Not among the rows of a warm-up.
const HELD: f64 = -4096.0;

const REGRESSION: &str =
    "task = \"regression\"\n[model]\nengine = \"fake\"\n[[feature]]\nname = \"x\"\ntype = \"float\"\nexample = 1.0\n";

struct Served {
    service: Rc<Service>,
    deployment: Arc<Deployment>,
    _root: TempDir,
}

/// One model, called `m`.
fn serve(manifest: &str, model: &[u8], loaders: Loaders, threads: usize) -> Served {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "m/1/model.toml", manifest.as_bytes());
    write(root.path(), "m/1/model.onnx", model);
    let registry = RegistryConfig { root: root.path().to_owned(), default_model: None, aliases: Vec::new() };
    let compute_threads = NonZeroUsize::new(threads).unwrap();
    let service = Service::start(
        ServiceConfig {
            registry,
            compute_threads,
            max_in_flight: 1_000,
            images: ImageLimits::default(),
            image_decodes: compute_threads,
            trial: None,
            require_sha256: false,
            observer: Arc::new(()),
        },
        loaders,
    )
    .unwrap();
    service.load_all().wait().unwrap();
    let deployment = service.model(ModelRef { name: Some("m"), version: None }).unwrap();
    Served { service: Rc::new(service), deployment, _root: root }
}

fn write(root: &Path, file: &str, bytes: &[u8]) {
    let path = root.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

impl Served {
    fn rows(&self, values: &[f64]) -> Rows {
        let rows = values.iter().map(|&value| [("x", value.into())]);
        self.deployment.pipeline().schema().rows(rows).unwrap()
    }

    /// Begins a prediction on this thread.
    fn begin(&self, rows: Rows, deadline: Option<Instant>) -> JoinHandle<Result<Answer, ServeError>> {
        let (service, deployment) = (Rc::clone(&self.service), Arc::clone(&self.deployment));
        let options = CallOptions { deadline, ..CallOptions::default() };
        tokio::task::spawn_local(async move { service.predict(&deployment, &rows, options).await })
    }
}

/// Runs on one thread, as those that read requests do.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    LocalSet::new().block_on(&runtime, test);
}

fn signature() -> Signature {
    let spec = |name: &str| TensorSpec::new(name, Dtype::F32, vec![Dim::Batch, Dim::Fixed(1)]);
    Signature::new(vec![spec("x")], vec![spec("y")])
}

fn fake(script: impl Fn(&[f32]) -> Result<Vec<f32>, BoxError> + Send + Sync + 'static) -> Loaders {
    let engine = FakeEngine::new(signature(), move |inputs| {
        let y = script(inputs[0].as_slice::<f32>().unwrap())?;
        Ok(vec![Tensor::from_vec(&[y.len(), 1], y)?])
    });
    Loaders::new().with(FakeLoader(engine))
}

/// Doubles its rows. A run with the row [`HELD`] tells that it has begun, and waits until it is let go.
fn gated() -> (Loaders, Receiver<usize>, SyncSender<()>) {
    let (began, beginnings) = sync_channel(100);
    let (go, gate) = sync_channel::<()>(100);
    let gate = Mutex::new(gate);
    let loaders = fake(move |x| {
        if x.contains(&(HELD as f32)) {
            began.send(x.len()).unwrap();
            gate.lock().unwrap().recv_timeout(SOON).unwrap();
        }
        if x.contains(&666.0) {
            return Err("not this one".into());
        }
        assert!(!x.contains(&13.0), "unlucky");
        Ok(x.iter().map(|x| x * 2.0).collect())
    });
    (loaders, beginnings, go)
}

/// Lets other tasks of the thread run until the event has come.
async fn wait_for<T>(events: &Receiver<T>) -> T {
    let began = Instant::now();
    loop {
        if let Ok(event) = events.try_recv() {
            return event;
        }
        assert!(began.elapsed() < SOON, "nothing came");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn pooled(more: &str) -> String {
    format!("{REGRESSION}[serving]\nmode = \"pooled\"\n{more}")
}

fn values(answer: &Answer) -> Vec<String> {
    answer.predictions.iter().map(Prediction::to_string).collect()
}

#[test]
fn rows_of_several_requests_run_together_and_get_their_own_answers() {
    let (loaders, began, go) = gated();
    let served = serve(&pooled("max_batch_rows = 8\nthreads = 1"), b"", loaders, 2);
    run(async {
        let first = served.begin(served.rows(&[HELD]), None);
        assert_eq!(wait_for(&began).await, 1);
        let others: Vec<_> = (0..5).map(|n| served.begin(served.rows(&[f64::from(n), 0.5]), None)).collect();
        tokio::task::yield_now().await;
        go.send(()).unwrap();
        let first = first.await.unwrap().unwrap();
        assert_eq!((first.timing.batch_rows, first.timing.closed_by), (1, Some(ClosedBy::Drained)));
        for (n, other) in (0..5).zip(others) {
            let answer = other.await.unwrap().unwrap();
            assert_eq!(values(&answer), [(2 * n).to_string(), "1".to_owned()]);
            let together = if n < 4 { (8, Some(ClosedBy::Full)) } else { (2, Some(ClosedBy::Drained)) };
            assert_eq!((answer.timing.batch_rows, answer.timing.closed_by), together);
        }
    });
}

#[test]
fn a_row_that_the_model_refuses_fails_its_own_request_only() {
    for (bad, panics) in [(666.0, false), (13.0, true)] {
        let (loaders, began, go) = gated();
        let served = serve(&pooled("max_batch_rows = 64\nthreads = 1"), b"", loaders, 2);
        run(async {
            let first = served.begin(served.rows(&[HELD]), None);
            wait_for(&began).await;
            let good = served.begin(served.rows(&[2.0]), None);
            let bad = served.begin(served.rows(&[bad]), None);
            let good_too = served.begin(served.rows(&[3.0]), None);
            tokio::task::yield_now().await;
            go.send(()).unwrap();
            first.await.unwrap().unwrap();
            let error = bad.await.unwrap().unwrap_err();
            assert_eq!(error.is_panic(), panics, "{error}");
            let good = good.await.unwrap().unwrap();
            assert_eq!((values(&good), good.timing.batch_rows), (vec!["4".to_owned()], 3));
            assert_eq!(values(&good_too.await.unwrap().unwrap()), ["6"]);
        });
    }
}

#[test]
fn what_is_too_late_never_runs() {
    let (loaders, began, go) = gated();
    let served = serve(&pooled("max_batch_rows = 1\nthreads = 1"), b"", loaders, 2);
    run(async {
        let first = served.begin(served.rows(&[HELD]), None);
        wait_for(&began).await;
        let start = Instant::now();
        let deadline = start + Duration::from_millis(50);
        let late = served.begin(served.rows(&[HELD]), Some(deadline));
        assert!(matches!(late.await.unwrap(), Err(ServeError::DeadlineExceeded)));
        assert!(start.elapsed() >= Duration::from_millis(50));
        assert_eq!(served.deployment.load().rows, 0, "its room is free");
        go.send(()).unwrap();
        first.await.unwrap().unwrap();
        let long_ago = served.begin(served.rows(&[HELD]), Some(start));
        assert!(matches!(long_ago.await.unwrap(), Err(ServeError::DeadlineExceeded)));
        assert!(began.try_recv().is_err());
    });
}

#[test]
fn rows_of_a_caller_that_has_gone_never_run() {
    let (loaders, began, go) = gated();
    let served = serve(&pooled("max_batch_rows = 1\nthreads = 1"), b"", loaders, 2);
    run(async {
        let first = served.begin(served.rows(&[HELD]), None);
        wait_for(&began).await;
        let gone: Vec<_> = (0..50).map(|_| served.begin(served.rows(&[HELD]), None)).collect();
        tokio::task::yield_now().await;
        assert_eq!(served.deployment.load().rows, 50);
        for gone in gone {
            gone.abort();
            assert!(gone.await.unwrap_err().is_cancelled());
        }
        assert_eq!(served.deployment.load().rows, 0);
        assert_eq!(served.deployment.pool_counts().abandoned, 50);
        go.send(()).unwrap();
        first.await.unwrap().unwrap();
        assert!(began.try_recv().is_err());
    });
}

#[test]
fn a_full_queue_refuses_at_once_and_says_for_how_long() {
    let (loaders, began, go) = gated();
    let served = serve(&pooled("max_batch_rows = 1\nmax_queue_rows = 3\nthreads = 1"), b"", loaders, 2);
    run(async {
        let first = served.begin(served.rows(&[HELD]), None);
        wait_for(&began).await;
        let waiting: Vec<_> = (1..=3).map(|n| served.begin(served.rows(&[f64::from(n)]), None)).collect();
        tokio::task::yield_now().await;
        let refused = served.begin(served.rows(&[4.0]), None).await.unwrap().unwrap_err();
        let ServeError::QueueFull { waiting: rows, limit, .. } = &refused else { panic!("{refused}") };
        assert_eq!((*rows, *limit), (3, 3));
        assert!(matches!(served.service.admit(&served.deployment), Err(ServeError::QueueFull { .. })));
        go.send(()).unwrap();
        first.await.unwrap().unwrap();
        for (n, waiting) in (1..=3).zip(waiting) {
            assert_eq!(values(&waiting.await.unwrap().unwrap()), [(n * 2).to_string()]);
        }
        assert!(served.service.admit(&served.deployment).is_ok());
        assert_eq!(served.deployment.pool_counts().rejected, 2);
    });
}

#[test]
fn only_so_many_are_let_in() {
    let (loaders, ..) = gated();
    let served = serve(REGRESSION, b"", loaders, 2);
    let permits: Vec<_> = (0..1_000).map(|_| served.service.admit(&served.deployment).unwrap()).collect();
    assert!(matches!(served.service.admit(&served.deployment), Err(ServeError::InFlightFull { limit: 1_000, .. })));
    drop(permits);
    assert!(served.service.admit(&served.deployment).is_ok());
}

#[test]
fn a_shutdown_answers_what_waits() {
    let (loaders, began, go) = gated();
    let served = serve(&pooled("max_batch_rows = 1\nthreads = 1"), b"", loaders, 2);
    run(async {
        let first = served.begin(served.rows(&[HELD]), None);
        wait_for(&began).await;
        let waiting = served.begin(served.rows(&[2.0]), None);
        tokio::task::yield_now().await;
        assert_eq!(served.service.shutdown(Instant::now() + Duration::from_millis(10)), 1);
        assert!(matches!(waiting.await.unwrap(), Err(ServeError::ShuttingDown)));
        assert!(matches!(served.begin(served.rows(&[3.0]), None).await.unwrap(), Err(ServeError::ShuttingDown)));
        go.send(()).unwrap();
        assert_eq!(values(&first.await.unwrap().unwrap()), ["-8192"]);
    });
}

#[test]
fn a_real_model_answers_joined_and_cut_rows_as_it_does_alone() {
    let manifest = "task = \"classification\"\n[[feature]]\nname = \"a\"\ntype = \"float\"\n[[feature]]\nname = \"b\"\ntype = \"float\"\n[[feature]]\nname = \"c\"\ntype = \"float\"\n[[feature]]\nname = \"d\"\ntype = \"float\"\n[serving]\nmode = \"pooled\"\nmax_batch_rows = 16\n";
    let served = serve(manifest, &small_model("mlp"), Loaders::new().with(TractLoader::new()), 3);
    let pipeline = served.deployment.pipeline();
    let row = |n: usize| {
        ["a", "b", "c", "d"]
            .map(|name| (name, ((n * 37 % 101) as f64 / 50.0 - 1.0 + f64::from(name.as_bytes()[0])).into()))
    };
    run(async {
        let requests: Vec<Rows> = (0..200)
            .map(|request| pipeline.schema().rows((0..1 + request % 40).map(|n| row(request * 41 + n))).unwrap())
            .collect();
        let answers: Vec<_> = requests.iter().map(|rows| served.begin(rows.clone(), None)).collect();
        for (rows, answer) in requests.iter().zip(answers) {
            let answer = answer.await.unwrap().unwrap();
            assert!(answer.timing.batch_rows <= 16);
            assert_eq!(answer.predictions, pipeline.predict(rows).unwrap());
        }
    });
    let counts = served.deployment.pool_counts();
    assert_eq!(counts.rows, (0..200).map(|request| 1 + request % 40).sum::<u64>());
}

#[test]
fn rows_whose_answers_depend_on_each_other_are_not_joined() {
    // As a softmax over the wrong axis does.
    let shares = fake(|x| Ok(x.iter().map(|part| part / x.iter().sum::<f32>()).collect()));
    let served = serve(REGRESSION, b"", shares, 2);
    assert!(!served.deployment.placement().joins);
    run(async {
        let rows: Vec<f64> = (0..3_000).map(|_| 1.0).collect();
        let whole = served.begin(served.rows(&rows), None).await.unwrap().unwrap();
        assert_eq!(whole.timing.batch_rows, 3_000, "nor cut");
        assert!(values(&whole).iter().all(|share| share.starts_with("0.00033333")), "{:?}", whole.predictions[0]);
    });
    let sleepy = |x: &[f32]| {
        std::thread::sleep(Duration::from_millis(5));
        Ok(x.to_vec())
    };
    let served = serve(REGRESSION, b"", fake(sleepy), 2);
    let placement = served.deployment.placement();
    assert!(placement.joins && matches!(placement.reason, Reason::JoiningPays { .. }), "{placement:?}");
}

#[test]
fn a_model_that_refuses_made_up_rows_is_measured_with_its_example() {
    // As a table that is looked up by position; the second one takes no batch either.
    for longest in [usize::MAX, 1] {
        let served = serve(
            REGRESSION,
            b"",
            fake(move |x| {
                assert!(x.len() <= longest, "one at a time");
                match x.iter().all(|&x| x == 1.0 || x == 2.0) {
                    true => Ok(x.to_vec()),
                    false => Err("not in the table".into()),
                }
            }),
            2,
        );
        let sizes = served.deployment.costs().unwrap().points().len();
        assert_eq!(sizes, if longest == 1 { 1 } else { 7 });
        run(async {
            assert_eq!(values(&served.begin(served.rows(&[2.0]), None).await.unwrap().unwrap()), ["2"]);
        });
    }
}

#[test]
fn an_inline_answer_that_is_too_late_is_none() {
    let sleepy = |x: &[f32]| {
        std::thread::sleep(Duration::from_millis(30));
        Ok(x.to_vec())
    };
    let served = serve(&format!("{REGRESSION}[serving]\nmode = \"inline\"\n"), b"", fake(sleepy), 2);
    run(async {
        let deadline = Instant::now() + Duration::from_millis(10);
        let late = served.begin(served.rows(&[1.0]), Some(deadline)).await.unwrap();
        assert!(matches!(late, Err(ServeError::DeadlineExceeded)));
        assert!(served.begin(served.rows(&[1.0]), None).await.unwrap().is_ok());
    });
    // The same without a future, counted alike.
    let within = |time: Duration| {
        let options = CallOptions { deadline: Some(Instant::now() + time), ..CallOptions::default() };
        served.service.predict_inline(&served.deployment, &served.rows(&[1.0]), options)
    };
    let late = [Duration::from_millis(10), Duration::ZERO].map(within);
    assert!(late.iter().all(|late| matches!(late, Err(ServeError::DeadlineExceeded))));
    assert_eq!(within(Duration::from_secs(60)).unwrap().predictions.len(), 1);
    let statistics = served.deployment.report();
    assert_eq!((statistics.answered.count, statistics.failed.count), (2, 3));
}

#[test]
fn a_lone_request_stays_on_its_thread_and_company_goes_to_the_pool() {
    // A millisecond whatever the rows: too slow to hold others up, not so slow as to pay for a trip.
    let sleepy = |x: &[f32]| {
        std::thread::sleep(Duration::from_millis(1));
        Ok(x.to_vec())
    };
    let served = serve(REGRESSION, b"", fake(sleepy), 2);
    run(async {
        for n in 0..5 {
            let alone = served.begin(served.rows(&[f64::from(n)]), None).await.unwrap().unwrap();
            assert_eq!(alone.timing.closed_by, None);
        }
        let many: Vec<_> = (0..20).map(|n| served.begin(served.rows(&[f64::from(n)]), None)).collect();
        let mut pooled = 0;
        for (n, answer) in many.into_iter().enumerate() {
            let answer = answer.await.unwrap().unwrap();
            assert_eq!(values(&answer), [n.to_string()]);
            pooled += usize::from(answer.timing.closed_by.is_some());
        }
        assert_eq!(pooled, 20, "each saw that it was not alone");
    });
}
