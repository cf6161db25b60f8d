//! The engine ONNX Runtime, in a program that is built with it: with its library, without, and with another file.

#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed expectation ends the test"
)]

#[path = "../it/program.rs"]
mod program;
#[path = "../it/served.rs"]
#[allow(dead_code, reason = "it serves the other tests of the program as well")]
mod served;

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::{ferrocast, folder, run, samples};
use crate::served::Served;

/// The library that is tested with.
fn library() -> String {
    std::env::var("ORT_DYLIB_PATH").expect(
        "ORT_DYLIB_PATH names no library: `cargo xtask ci --only onnxruntime` installs the Python package onnxruntime and runs these \
         tests with its capi/libonnxruntime.so.*",
    )
}

/// The sample `penguins` twice: as it is, and as `chosen` with a manifest that chooses the engine.
fn models(root: &Path) {
    let manifest = fs::read_to_string(samples().join("penguins/model.toml")).expect("a manifest");
    for (name, engine) in [("penguins", ""), ("chosen", "\n[model]\nengine = \"onnxruntime\"\n")] {
        let version = root.join(name).join("1");
        fs::create_dir_all(&version).expect("a folder");
        fs::copy(samples().join("penguins/1/model.onnx"), version.join("model.onnx")).expect("a copy");
        fs::write(root.join(name).join("model.toml"), format!("{manifest}{engine}")).expect("a file");
    }
}

fn serve(root: &Path, settings: &[(&str, &str)]) -> Served {
    models(root);
    Served::start(|command: &mut Command| {
        command.arg("--models").arg(root).env("ORT_DISABLE_TELEMETRY", "1").envs(settings.iter().copied());
    })
}

fn ask(served: &Served, method: &str, path: &str, body: &str) -> Value {
    let mut stream = served.connect();
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n");
    stream.write_all(format!("{head}content-length: {length}\r\n\r\n{body}").as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

/// The version's entry in the index, once it has been tried.
fn entry(served: &Served, model: &str) -> Value {
    let started = Instant::now();
    loop {
        let index = ask(served, "POST", "/v2/repository/index", "{}");
        let entry = index.as_array().and_then(|all| all.iter().find(|entry| entry["name"] == model).cloned());
        match entry {
            Some(entry) if entry["state"] != "LOADING" => return entry,
            _ => assert!(started.elapsed() < Duration::from_secs(60), "{index}"),
        }
    }
}

fn predict(served: &Served, model: &str) -> Value {
    assert_eq!(entry(served, model)["state"], "READY", "{}", entry(served, model));
    let penguin = json!({"bill_length_mm": 50.0, "bill_depth_mm": 15.2, "island": "Biscoe", "flipper_length_mm": 218});
    ask(served, "POST", &format!("/models/{model}/predict"), &penguin.to_string())
}

/// With `models.trial`, as it is by default: the process that tries models is told where the library is.
#[test]
fn a_model_runs_on_the_engine_that_its_manifest_chooses() {
    let folder = folder();
    let served = serve(folder.path(), &[("ONNXRUNTIME__LIBRARY", &library())]);
    let (ours, chosen) = (predict(&served, "penguins"), predict(&served, "chosen"));
    assert_eq!((&ours["label"], &chosen["label"]), (&json!("Gentoo"), &json!("Gentoo")), "{ours} {chosen}");
    let probabilities = |answer: &Value| -> Vec<f64> {
        answer["probability"].as_array().expect("a list").iter().filter_map(Value::as_f64).collect()
    };
    let (ours, chosen) = (probabilities(&ours), probabilities(&chosen));
    assert_eq!((ours.len(), chosen.len()), (3, 3));
    assert!(ours.iter().zip(&chosen).all(|(a, b)| (a - b).abs() < 1e-5), "{ours:?} {chosen:?}");
}

#[test]
fn without_the_library_the_others_serve() {
    let named = folder().path().join("libonnxruntime.so");
    let cases = [(None, "`onnxruntime.library` (ORT_DYLIB_PATH)"), (Some(&named), "libonnxruntime.so: No such file")];
    for (given, expected) in cases {
        let folder = folder();
        let path = given.map(|path| path.display().to_string()).unwrap_or_default();
        let served = serve(folder.path(), &[("ORT_DYLIB_PATH", &path)]);
        assert_eq!(predict(&served, "penguins")["label"], "Gentoo");
        let chosen = entry(&served, "chosen");
        let reason = chosen["reason"].as_str().expect("a reason");
        assert_eq!(chosen["state"], "UNAVAILABLE", "{chosen}");
        for told in ["no engine `onnxruntime` here: ", expected, "pip install onnxruntime", "onnxruntime.library"] {
            assert!(reason.contains(told), "{told}: {reason}");
        }
    }
}

#[test]
fn commands_find_the_library_in_the_environment() {
    let folder = folder();
    models(folder.path());
    let check = |environment: &[(&str, &str)]| {
        let (code, out, _) = run(ferrocast(folder.path()).args(["check", "chosen"]).envs(environment.iter().copied()));
        (code, out)
    };
    let library = library();
    let (code, out) = check(&[("ORT_DYLIB_PATH", &library), ("ORT_DISABLE_TELEMETRY", "1")]);
    assert_eq!(code, Some(0), "{out}");
    let (code, out) = check(&[]);
    assert!(code == Some(1) && out.contains("its shared library is not given"), "{out}");
    for allowed in
        [&[("ORT_DYLIB_PATH", library.as_str())][..], &[("ORT_DYLIB_PATH", &library), ("ORT_DISABLE_TELEMETRY", "0")]]
    {
        let (code, out) = check(allowed);
        assert!(code == Some(1) && out.contains("unless its telemetry is off"), "{out}");
    }
}
