//! Predictions that leave the thread of their connection: joined, cut, refused, timed out, abandoned.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use ferrocast_engine::{Dim, Dtype, Signature, Tensor, TensorSpec};
use ferrocast_pipeline::Loaders;
use ferrocast_testkit::{FakeEngine, FakeLoader, small_model};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Answer, Client};
use crate::errors::assert_is_honest;
use crate::server::TestServer;

/// Long enough for anything that is to happen.
const SOON: Duration = Duration::from_secs(20);

fn write(folder: &TempDir, model: &str, manifest: &str, bytes: &[u8]) {
    let version = folder.path().join(model).join("1");
    std::fs::create_dir_all(&version).expect("a folder");
    std::fs::write(version.join("model.onnx"), bytes).expect("a file");
    std::fs::write(version.join("model.toml"), manifest).expect("a file");
}

/// A model of four numbers, on the pool, in runs of so many rows.
fn pooled(task: &str, max_batch_rows: usize) -> String {
    let features = ["a", "b", "c", "d"].map(|name| format!("[[feature]]\nname = \"{name}\"\ntype = \"float\"\n"));
    format!("task = \"{task}\"\n{}[serving]\nmode = \"pooled\"\nmax_batch_rows = {max_batch_rows}\n", features.concat())
}

/// Row `n` of every model.
fn row(n: usize) -> Value {
    let value = |shift: usize| ((n * 37 + shift * 11) % 101) as f64 / 25.0 - 2.0;
    json!({"a": value(0), "b": value(1), "c": value(2), "d": value(3)})
}

/// A reproducible stream of numbers below `end`.
fn random(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move |end| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % end as u64) as usize
    }
}

/// The answer of the model to one row: the class, and what it gives each class.
#[derive(Debug, Clone, PartialEq)]
struct Essence {
    class: i64,
    probabilities: Vec<f64>,
}

impl Essence {
    fn of(prediction: &Value) -> Essence {
        let probabilities = prediction["probability"].as_array().expect("a list").iter();
        Essence {
            class: prediction["prediction"].as_i64().expect("a class"),
            probabilities: probabilities.map(|value| value.as_f64().expect("a number")).collect(),
        }
    }

    fn is_close_to(&self, other: &Essence, tolerance: f64) -> bool {
        let pairs = self.probabilities.iter().zip(&other.probabilities);
        self.class == other.class && pairs.into_iter().all(|(a, b)| (a - b).abs() <= tolerance)
    }
}

#[test]
fn a_thousand_requests_of_three_models_at_once_get_their_own_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    // The matrix products of a network add up in another order for another number of rows.
    let models =
        [("mlp", "mlp", 64, 1e-6), ("small-runs", "mlp", 7, 1e-6), ("logistic", "sklearn_logreg_float_input", 32, 0.0)];
    for (name, file, rows, _) in models {
        // Long enough for company to come, however slow the machine is.
        let manifest = format!("{}max_delay_us = 50000\n", pooled("classification", rows));
        write(&folder, name, &manifest, &small_model(file));
    }
    let settings = [("MAX_BATCH_SIZE", "300")];
    let server = TestServer::start(folder.path(), &settings, ferrocast_server::loaders());
    let alone: HashMap<&str, Vec<Essence>> = models
        .iter()
        .map(|&(model, ..)| {
            let mut client = server.client();
            let path = format!("/models/{model}/predict");
            let answer = |n| {
                let answer = client.post(&path, row(n).to_string().as_bytes());
                assert_eq!(answer.status, 200, "{}", answer.text());
                Essence::of(&answer.json())
            };
            (model, (0..101).map(answer).collect())
        })
        .collect();
    let joined = AtomicUsize::new(0);
    thread::scope(|scope| {
        for worker in 0..8 {
            let (server, alone, joined) = (&server, &alone, &joined);
            scope.spawn(move || {
                let mut random = random(worker);
                let mut client = server.client();
                for _ in 0..125 {
                    let (model, _, _, tolerance) = models[random(3)];
                    // Every second one is small enough to share a run with others.
                    let most = if random(2) == 0 { 300 } else { 20 };
                    let (first, count) = (random(101), 1 + random(most));
                    let instances: Vec<Value> = (first..first + count).map(row).collect();
                    let path = format!("/models/{model}/predict_batch");
                    let answer = client.post(&path, json!({"instances": instances}).to_string().as_bytes());
                    assert_eq!(answer.status, 200, "{}", answer.text());
                    let body = answer.json();
                    let predictions = body["predictions"].as_array().expect("a list");
                    assert_eq!(predictions.len(), count);
                    for (n, prediction) in (first..).zip(predictions) {
                        let (joined, alone) = (Essence::of(prediction), &alone[model][n % 101]);
                        assert!(joined.is_close_to(alone, tolerance), "{model}: {joined:?} instead of {alone:?}");
                    }
                    joined.fetch_add(usize::from(rows_together(&answer) > count), Ordering::Relaxed);
                }
            });
        }
    });
    // Those of more rows than a run are in company with none but their own.
    assert!(joined.into_inner() > 10, "hardly anything ran together");
}

/// The rows of the run that the answer comes from.
fn rows_together(answer: &Answer) -> usize {
    let (_, batch) = timing(answer).split_once("batch;desc=\"").expect("a batch");
    batch.split(' ').next().and_then(|rows| rows.parse().ok()).expect("its rows")
}

fn timing(answer: &Answer) -> &str {
    answer.header("server-timing").unwrap_or_else(|| panic!("no Server-Timing: {}", answer.text()))
}

/// Not among the rows of a warm-up.
const HELD: f32 = -4096.0;

const GATED: &str = "task = \"regression\"\n[model]\nengine = \"fake\"\n[[feature]]\nname = \"x\"\ntype = \"float\"\nexample = 1.0\n[serving]\nmode = \"pooled\"\nmax_batch_rows = 1\n";

/// Two models, `m` and `other`, that give numbers back. A run of [`HELD`] tells that it has begun, and waits until it is let go.
struct Gated {
    server: TestServer,
    began: Receiver<()>,
    go: SyncSender<()>,
    runs: Arc<AtomicUsize>,
    _folder: TempDir,
}

fn gated(manifest: &str, settings: &[(&str, &str)]) -> Gated {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder, "m", &format!("{GATED}{manifest}"), b"whatever");
    write(&folder, "other", GATED, b"whatever");
    let (begin, began) = sync_channel(1_000);
    let (go, gate) = sync_channel::<()>(1_000);
    let gate = Mutex::new(gate);
    let runs = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&runs);
    let tensor = |name| TensorSpec::new(name, Dtype::F32, vec![Dim::Batch, Dim::Fixed(1)]);
    let engine = FakeEngine::new(Signature::new(vec![tensor("x")], vec![tensor("y")]), move |inputs: &[Tensor]| {
        count.fetch_add(1, Ordering::Relaxed);
        if inputs[0].as_slice::<f32>().expect("floats")[0] == HELD {
            begin.send(()).expect("the test lives");
            gate.lock().expect("no panic").recv_timeout(SOON).expect("let go");
        }
        Ok(inputs.to_vec())
    });
    // One thread for each of the two models.
    let settings = [settings, &[("MODELS__DEFAULT", "m"), ("SERVER__COMPUTE_THREADS", "2")]].concat();
    let server = TestServer::start(folder.path(), &settings, Loaders::new().with(FakeLoader(engine)));
    runs.store(0, Ordering::Relaxed);
    Gated { server, began, go, runs, _folder: folder }
}

/// Sends a request that holds the model's one thread, and gives its connection back.
fn hold(gated: &Gated) -> Client {
    let mut client = gated.server.client();
    send(&mut client, "{\"x\": -4096.0}", "");
    gated.began.recv_timeout(SOON).expect("it runs");
    client
}

/// A request whose answer is not waited for.
fn send(client: &mut Client, body: &str, headers: &str) {
    let head = format!("POST /predict HTTP/1.1\r\nhost: a\r\n{headers}content-length: {}\r\n\r\n", body.len());
    client.send(format!("{head}{body}").as_bytes());
}

/// The model's queue, from its description.
fn queue(gated: &Gated) -> Value {
    gated.server.client().get("/models/m").json()["described"]["queue"].clone()
}

/// Waits until the queue looks like this.
fn wait_for(gated: &Gated, key: &str, value: u64) {
    let began = std::time::Instant::now();
    while queue(gated)[key] != value {
        assert!(began.elapsed() < SOON, "{key} is not {value}: {}", queue(gated));
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_request_whose_time_is_up_is_answered_and_does_not_run() {
    let gated = gated("", &[]);
    let mut first = hold(&gated);
    let mut client = gated.server.client();
    let late = client.request("POST", "/predict", &[("x-request-timeout-ms", "100")], b"{\"x\": 2.0}");
    assert_is_honest(&late, "too late");
    assert_eq!((late.status, late.code().as_str()), (504, "DEADLINE_EXCEEDED"));
    let tensor = json!({"name": "x", "datatype": "FP32", "shape": [1, 1], "data": [2.0]});
    let asked = json!({"parameters": {"timeout": 100_000}, "inputs": [tensor]});
    let late = client.post("/v2/models/m/infer", asked.to_string().as_bytes());
    assert_eq!((late.status, late.text().contains("parameters.timeout")), (503, true), "{}", late.text());
    // Everything else is answered meanwhile, on the same connection too.
    assert_eq!(client.get("/health").status, 200);
    gated.go.send(()).expect("it waits");
    assert_eq!(first.answer(false).status, 200);
    assert_eq!(client.post("/predict", b"{\"x\": 3.0}").json()["prediction"], 3.0);
    assert_eq!(gated.runs.load(Ordering::Relaxed), 2, "the late one never ran");
}

#[test]
fn the_time_of_a_request_includes_that_of_its_body() {
    let gated = gated("", &[]);
    let mut client = gated.server.client();
    client.send(b"POST /predict HTTP/1.1\r\nhost: a\r\nx-request-timeout-ms: 100\r\ncontent-length: 10\r\n\r\n{\"x");
    let answer = client.answer(false);
    assert_is_honest(&answer, "a body that stalls");
    assert_eq!(answer.status, 504);
}

#[test]
fn a_header_that_is_no_time_is_refused() {
    let gated = gated("", &[]);
    for value in ["soon", "0", "-5", "1.5", ""] {
        let answer =
            gated.server.client().request("POST", "/predict", &[("x-request-timeout-ms", value)], b"{\"x\": 2.0}");
        assert_is_honest(&answer, value);
        assert_eq!(answer.status, 422);
        assert_eq!(answer.json()["details"][0]["loc"], json!(["header", "X-Request-Timeout-Ms"]));
    }
}

#[test]
fn a_full_queue_refuses_and_the_connection_goes_on() {
    let gated = gated("max_queue_rows = 3\n", &[]);
    let mut first = hold(&gated);
    let mut waiting: Vec<Client> = (0..3)
        .map(|_| {
            let mut client = gated.server.client();
            send(&mut client, "{\"x\": 2.0}", "");
            client
        })
        .collect();
    wait_for(&gated, "rows", 3);
    let mut client = gated.server.client();
    for _ in 0..20 {
        let refused = client.post("/predict", b"{\"x\": 4.0}");
        assert_is_honest(&refused, "full");
        assert_eq!((refused.status, refused.code().as_str()), (429, "OVERLOADED"));
        assert!(refused.text().contains("3 of at most 3 rows") && refused.text().contains("serving.max_queue_rows"));
        let seconds: u64 = refused.header("retry-after").expect("a time").parse().expect("whole seconds");
        assert!(seconds >= 1);
        // Before the body is parsed.
        assert_eq!(client.post("/predict", b"no JSON").status, 429);
    }
    gated.go.send(()).expect("it waits");
    assert!(waiting.iter_mut().all(|client| client.answer(false).status == 200));
    assert_eq!(first.answer(false).status, 200);
    assert_eq!(client.post("/predict", b"{\"x\": 4.0}").status, 200, "the same connection");
    assert_eq!(queue(&gated)["rejected"], 40);
}

#[test]
fn a_large_body_is_refused_before_it_is_read() {
    let gated = gated("max_queue_rows = 1\n", &[]);
    let _first = hold(&gated);
    let mut second = gated.server.client();
    send(&mut second, "{\"x\": 2.0}", "");
    wait_for(&gated, "rows", 1);
    let mut client = gated.server.client();
    client.send(b"POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n");
    assert_eq!(client.answer(false).status, 429);
    assert!(client.is_closed());
    gated.go.send(()).expect("it waits");
}

#[test]
fn only_so_many_predictions_are_under_way() {
    let gated = gated("", &[("LIMITS__MAX_IN_FLIGHT", "2")]);
    let mut first = hold(&gated);
    let mut second = gated.server.client();
    send(&mut second, "{\"x\": 2.0}", "");
    wait_for(&gated, "rows", 1);
    let mut client = gated.server.client();
    let refused = client.post("/predict", b"{\"x\": 4.0}");
    assert_is_honest(&refused, "in flight");
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    assert!(refused.text().contains("limits.max_in_flight"), "{}", refused.text());
    // Who is busy is well, and no server is better than a busy one.
    assert_eq!(["/v2/health/live", "/v2/health/ready", "/health"].map(|path| client.get(path).status), [200; 3]);
    gated.go.send(()).expect("it waits");
    assert_eq!((first.answer(false).status, second.answer(false).status), (200, 200));
    assert_eq!(client.post("/predict", b"{\"x\": 4.0}").status, 200);
}

#[test]
fn clients_that_have_gone_take_their_rows_along() {
    let gated = gated("", &[]);
    let mut first = hold(&gated);
    let gone: Vec<Client> = (0..200)
        .map(|_| {
            let mut client = gated.server.client();
            send(&mut client, "{\"x\": 2.0}", "");
            client
        })
        .collect();
    wait_for(&gated, "rows", 200);
    drop(gone);
    wait_for(&gated, "rows", 0);
    gated.go.send(()).expect("it waits");
    assert_eq!(first.answer(false).status, 200);
    assert_eq!(gated.runs.load(Ordering::Relaxed), 1);
    assert_eq!(queue(&gated)["abandoned"], 200);
}

#[test]
fn a_stop_answers_what_waits_for_the_pool() {
    let gated = gated("", &[]);
    let mut first = hold(&gated);
    let mut waiting: Vec<Client> = (0..20)
        .map(|_| {
            let mut client = gated.server.client();
            send(&mut client, "{\"x\": 2.0}", "");
            client
        })
        .collect();
    wait_for(&gated, "rows", 20);
    gated.server.begin_to_stop();
    thread::sleep(Duration::from_millis(50));
    gated.go.send(()).expect("it waits");
    assert_eq!(first.answer(false).status, 200);
    assert!(waiting.iter_mut().all(|client| client.answer(false).status == 200));
}

#[test]
fn answers_say_where_their_time_went() {
    let gated = gated("", &[]);
    let answer = gated.server.client().post("/predict", b"{\"x\": 2.0}");
    let parts: Vec<&str> = timing(&answer).split(", ").collect();
    assert!(parts[0].starts_with("queue;dur="), "{parts:?}");
    assert_eq!(parts[1..3], ["batch;desc=\"1 row", "full\""], "{parts:?}");
    assert!(parts[3].starts_with("inference;dur="), "{parts:?}");
    let batch = gated.server.client().post("/predict_batch", b"{\"instances\": [{\"x\": 2.0}, {\"x\": 3.0}]}");
    assert!(batch.header("server-timing").is_some());
}

#[test]
fn the_description_tells_what_was_measured_and_decided() {
    let gated = gated("max_queue_rows = 5\nmax_delay_us = 10\n", &[]);
    let described = gated.server.client().get("/models/m").json()["described"].clone();
    let execution = &described["execution"];
    assert_eq!(execution["reason"], "the manifest says pooled");
    for (key, value) in [
        ("mode", json!("pooled")),
        ("inline_rows", json!(0)),
        ("inline_alone_rows", json!(0)),
        ("joins", json!(false)),
        ("max_batch_rows", json!(1)),
        ("max_queue_rows", json!(5)),
        ("max_delay_us", json!(10)),
        ("threads", json!(1)),
    ] {
        assert_eq!(execution[key], value, "{key}");
    }
    assert_eq!(described["warm_up"][0]["rows"], 1);
}

#[test]
fn a_slow_model_leaves_threads_for_the_others() {
    let gated = gated("", &[]);
    let mut held = hold(&gated);
    let mut waits = gated.server.client();
    send(&mut waits, "{\"x\": 2.0}", "");
    wait_for(&gated, "rows", 1);
    // One of the two threads is held, and the model that holds it does not get the other.
    let mut client = gated.server.client();
    for n in 0..100 {
        let answer = client.post("/models/other/predict", format!("{{\"x\": {n}.0}}").as_bytes());
        assert_eq!((answer.status, &answer.json()["prediction"]), (200, &json!(f64::from(n))));
    }
    assert_eq!(queue(&gated)["running"], 1);
    gated.go.send(()).expect("it waits");
    assert_eq!((held.answer(false).status, waits.answer(false).status), (200, 200));
}
