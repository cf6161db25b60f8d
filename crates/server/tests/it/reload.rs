//! Models that are exchanged while they are asked.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ferrocast_server::loaders;
use ferrocast_testkit::small_model;
use serde_json::Value;

use crate::server::{PENGUIN, TestServer, all_samples, copy, shared};

/// Good and bad attempts.
const RELOADS: usize = 100;

/// Requests a second of all clients together.
const RATE: u32 = 500;
const CLIENTS: u32 = 4;

/// The answer to the penguin without what is not of the model's making.
fn judged(answer: &Value) -> String {
    format!("{} {}", answer["prediction"], answer["probability"])
}

/// Puts a file where another is, in one step, as tools that care do.
fn put(path: &Path, content: &[u8]) {
    let aside = path.with_extension("new");
    fs::write(&aside, content).expect("a file");
    fs::rename(&aside, path).expect("the same file system");
}

/// P21 of the reliability promises: half of the files that are loaded are damaged, half-written or of another model. No
/// request fails, each is answered by one model or the other, and the server stays ready.
#[test]
fn models_are_exchanged_under_load() {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&all_samples().join("penguins/2"), &folder.path().join("p/1"));
    let path = folder.path().join("p/1/model.onnx");
    let samples = ["1", "2"].map(|version| all_samples().join("penguins").join(version).join("model.onnx"));
    let [first, second] = samples.map(|path| fs::read(path).expect("a sample"));
    if let Ok(manifest) = fs::read(all_samples().join("penguins/model.toml")) {
        fs::write(folder.path().join("p/model.toml"), manifest).expect("a file");
    }
    let server = TestServer::start(folder.path(), &[("MODELS__CONTROL", "explicit")], loaders());
    let mut admin = server.client();
    let mut load = |content: &[u8]| {
        put(&path, content);
        let answer = admin.post("/v2/repository/models/p/load", b"");
        (answer.status, answer.text())
    };
    let mut known = Vec::new();
    for content in [&first, &second] {
        let (status, text) = load(content);
        assert_eq!(status, 200, "{text}");
        known.push(judged(&server.client().post("/predict", PENGUIN.as_bytes()).json()));
    }
    assert_ne!(known[0], known[1], "the two must be told apart");

    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut good = 0;
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut client = server.client();
                let pause = Duration::from_secs(1) * CLIENTS / RATE;
                let mut next = Instant::now();
                while !stop.load(Ordering::Relaxed) {
                    let answer = client.post("/predict", PENGUIN.as_bytes());
                    assert_eq!(answer.status, 200, "{}", answer.text());
                    let judged = judged(&answer.json());
                    assert!(known.contains(&judged), "neither model says {judged}");
                    answered.fetch_add(1, Ordering::Relaxed);
                    next += pause;
                    thread::sleep(next.saturating_duration_since(Instant::now()));
                }
            });
        }
        scope.spawn(|| {
            let mut client = server.client();
            while !stop.load(Ordering::Relaxed) {
                assert_eq!(client.get("/v2/health/ready").status, 200);
                assert_eq!(client.get("/v2/models/p/ready").status, 200);
                thread::sleep(Duration::from_millis(5));
            }
        });
        let other = small_model("mlp");
        let bad: [&[u8]; 5] = [b"", b"no model", &first[..first.len() / 2], &second[..second.len() - 7], &other];
        for number in 0..RELOADS {
            if number % 2 == 0 {
                let (status, text) = load(bad[number / 2 % bad.len()]);
                assert!(status == 400 && text.contains("failed to load 'p'"), "{number}: {status} {text}");
            } else {
                let (status, text) = load(if number % 4 == 1 { &first } else { &second });
                assert_eq!(status, 200, "{number}: {text}");
                good += 1;
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(good, RELOADS / 2);
    assert!(answered.load(Ordering::Relaxed) > RELOADS, "hardly anything was asked");
}

#[test]
fn a_changed_folder_is_taken_up_by_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.onnx"), small_model("mlp")).expect("a file");
    let settings = [("MODELS__CONTROL", "poll"), ("MODELS__POLL_MS", "50")];
    let server = TestServer::start(folder.path(), &settings, loaders());
    let mut client = server.client();
    let mut eventually = |path: &str, status: u16| {
        let started = Instant::now();
        while client.get(path).status != status {
            assert!(started.elapsed() < Duration::from_secs(15), "{path} did not become {status}");
            thread::sleep(Duration::from_millis(10));
        }
    };
    eventually("/v2/models/a/ready", 200);
    fs::write(folder.path().join("b.onnx"), small_model("mlp")).expect("a file");
    eventually("/v2/models/b/ready", 200);
    fs::remove_file(folder.path().join("a.onnx")).expect("a file");
    eventually("/v2/models/a/ready", 404);
    eventually("/v2/health/ready", 200);
}

#[test]
fn aliases_are_moved_while_the_server_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&all_samples().join("penguins"), &folder.path().join("penguins"));
    let server = TestServer::start(folder.path(), &[("MODELS__CONTROL", "explicit")], loaders());
    let move_to = |alias: &str, version: &str| {
        let body = format!(r#"{{"version": "{version}"}}"#);
        let answer = server.client().request(
            "PUT",
            &format!("/models/penguins/aliases/{alias}"),
            &[("content-type", "application/json")],
            body.as_bytes(),
        );
        (answer.status, answer.text())
    };
    let meant = |path: &str| server.client().post(path, PENGUIN.as_bytes()).json()["version"].clone();
    let (status, text) = move_to("stable", "v1");
    assert_eq!((status, text.as_str()), (200, r#"{"model":"penguins","alias":"stable","version":"1"}"#));
    assert_eq!((meant("/predict/stable"), meant("/predict")), ("1".into(), "2".into()));
    assert_eq!(move_to("default", "stable").0, 200);
    assert_eq!((meant("/predict"), meant("/models/penguins/predict")), ("1".into(), "1".into()));
    assert_eq!(meant("/predict/latest"), "2");
    assert_eq!(server.client().get("/models/penguins").json()["default_version"], "1");
    assert_eq!(move_to("default", "latest").0, 200);
    assert_eq!(meant("/predict"), "2");
    for (alias, version, status) in [("stable", "7", 404), ("latest", "1", 400), ("3", "1", 400), ("..", "1", 400)] {
        assert_eq!(move_to(alias, version).0, status, "{alias} {version}");
    }
    let refused = shared().client().request(
        "PUT",
        "/models/penguins/aliases/stable",
        &[("content-type", "application/json")],
        br#"{"version": "1"}"#,
    );
    assert_eq!((refused.status, refused.text().contains("models.control")), (400, true));
}

/// P22 of the reliability promises: eight who load, unload, move aliases and look, in any order, beside clients. Each gets an
/// answer, and in the end everything serves that was asked for last.
#[test]
fn many_administrators_do_no_harm() {
    const ADMINS: u64 = 8;
    const OPERATIONS: usize = 200;
    let folder = tempfile::tempdir().expect("a folder");
    for version in ["a/1", "a/2", "b/1"] {
        fs::create_dir_all(folder.path().join(version)).expect("a folder");
        fs::write(folder.path().join(version).join("model.onnx"), small_model("mlp")).expect("a file");
    }
    let server = TestServer::start(folder.path(), &[("MODELS__CONTROL", "explicit")], loaders());
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let admins: Vec<_> = (1..=ADMINS)
            .map(|seed| {
                let mut client = server.client();
                scope.spawn(move || {
                    let mut random = seed;
                    let mut next = |below: u64| {
                        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                        (random >> 33) % below
                    };
                    for _ in 0..OPERATIONS {
                        let model = ["a", "b", "nobody"][next(3) as usize];
                        let answer = match next(4) {
                            0 => client.post(&format!("/v2/repository/models/{model}/load"), b""),
                            1 => client.post(&format!("/v2/repository/models/{model}/unload"), b""),
                            2 => client.post("/v2/repository/index", b""),
                            _ => {
                                let path = format!("/models/{model}/aliases/stable");
                                client.request(
                                    "PUT",
                                    &path,
                                    &[("content-type", "application/json")],
                                    br#"{"version":"1"}"#,
                                )
                            }
                        };
                        let is_expected = matches!(answer.status, 200 | 400 | 404 | 429);
                        assert!(is_expected, "{}: {}", answer.status, answer.text());
                        assert_eq!(answer.status == 429, answer.header("retry-after").is_some());
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            let mut client = server.client();
            while !stop.load(Ordering::Relaxed) {
                let answer = client.post("/models/a/predict", br#"{"x0": 1, "x1": 2, "x2": 3, "x3": 4}"#);
                // Between an unload and the next load there is no version to answer.
                assert!(matches!(answer.status, 200 | 404 | 503), "{}: {}", answer.status, answer.text());
                if answer.header("connection") == Some("close") {
                    client = server.client();
                }
                answered.fetch_add(usize::from(answer.status == 200), Ordering::Relaxed);
                assert_eq!(client.get("/v2/health/live").status, 200);
            }
        });
        admins.into_iter().for_each(|admin| admin.join().expect("an administrator"));
        stop.store(true, Ordering::Relaxed);
    });
    assert!(answered.into_inner() > 0, "nothing was ever answered");
    let mut client = server.client();
    for model in ["a", "b"] {
        assert_eq!(client.post(&format!("/v2/repository/models/{model}/load"), b"").status, 200);
    }
    let index = client.post("/v2/repository/index", br#"{"ready": true}"#).json();
    assert_eq!(index.as_array().map(Vec::len), Some(3), "{index}");
}

/// P24 of the reliability promises: alive whatever the models do; ready while the model serves that the configuration names.
#[test]
fn probes_tell_what_a_balancer_must_know() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("needed.onnx");
    fs::write(&path, small_model("mlp")).expect("a file");
    fs::write(folder.path().join("broken.onnx"), "no model").expect("a file");
    let settings = [("MODELS__CONTROL", "explicit"), ("MODELS__DEFAULT", "needed")];
    let server = TestServer::start(folder.path(), &settings, loaders());
    let mut client = server.client();
    let mut probes = |change: &str, expected: [u16; 4]| {
        if !change.is_empty() {
            client.post(&format!("/v2/repository/models/{change}"), b"");
        }
        let paths = ["/v2/health/live", "/v2/health/ready", "/health", "/v2/models/needed/ready"];
        assert_eq!(paths.map(|path| client.get(path).status), expected, "{change}");
    };
    probes("", [200, 200, 200, 200]);
    probes("broken/load", [200, 200, 200, 200]);
    probes("needed/unload", [200, 503, 503, 503]);
    fs::write(&path, "no model").expect("a file");
    probes("needed/load", [200, 503, 503, 503]);
    fs::write(&path, small_model("mlp")).expect("a file");
    probes("needed/load", [200, 200, 200, 200]);
    fs::write(&path, "no model").expect("a file");
    probes("needed/load", [200, 200, 200, 200]);
    fs::remove_file(&path).expect("a file");
    probes("needed/load", [200, 200, 200, 200]);
}
