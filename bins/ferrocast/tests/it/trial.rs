//! Models that are tried in a process of their own before they are loaded.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use ferrocast_testkit::small_model;
use serde_json::Value;

use crate::program::{folder, samples};
use crate::served::Served;

fn ask(served: &Served, method: &str, path: &str) -> (String, Value) {
    let mut stream = served.connect();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).expect("a status").to_owned();
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

fn serve(models: &Path, settings: &[(&str, &str)]) -> Served {
    Served::start(|command: &mut Command| {
        command.arg("--models").arg(models).env("MODELS__CONTROL", "explicit").envs(settings.iter().copied());
    })
}

/// The reason why the version does not serve, once it has been tried.
fn reason(served: &Served, model: &str) -> String {
    let started = Instant::now();
    loop {
        let (_, index) = ask(served, "POST", "/v2/repository/index");
        let entry = index.as_array().and_then(|all| all.iter().find(|entry| entry["name"] == model).cloned());
        match entry {
            Some(entry) if entry["state"] != "LOADING" => return entry["reason"].as_str().unwrap_or("").to_owned(),
            _ => assert!(started.elapsed() < Duration::from_secs(60), "{index}"),
        }
    }
}

/// P19 of the reliability promises. The sample model of pictures stands for one that takes too much memory: it ends its own
/// process, and the server and the model beside it go on.
#[test]
fn what_is_too_large_costs_its_own_process() {
    let models = folder();
    fs::write(models.path().join("good.onnx"), small_model("mlp")).expect("a file");
    let large = models.path().join("large");
    fs::create_dir_all(large.join("1")).expect("a folder");
    for file in ["model.toml", "labels.txt", "1/model.onnx"] {
        fs::copy(samples().join("imagenet").join(file), large.join(file)).expect("a file");
    }
    let served = serve(models.path(), &[("MODELS__TRIAL_MEMORY", "134217728")]);
    let said = reason(&served, "large");
    assert!(said.contains("it takes more than 134217728 bytes of memory to load (models.trial_memory)"), "{said}");
    assert_eq!(reason(&served, "good"), "");
    assert_eq!(ask(&served, "GET", "/v2/models/good/ready").0, "200");
    assert_eq!(ask(&served, "GET", "/v2/health/ready").0, "200");
    // It loads where it may.
    assert_eq!(reason(&serve(models.path(), &[]), "large"), "");
}

#[test]
fn the_reason_is_that_of_the_loader() {
    let models = folder();
    fs::write(models.path().join("good.onnx"), small_model("mlp")).expect("a file");
    fs::write(models.path().join("bad.onnx"), b"no model").expect("a file");
    let tried = serve(models.path(), &[]);
    let not_tried = serve(models.path(), &[("MODELS__TRIAL", "false")]);
    let said = reason(&tried, "bad");
    assert_eq!(said, reason(&not_tried, "bad"));
    assert!(said.contains("To mend it"), "{said}");
    assert_eq!(reason(&tried, "good"), "");
}

/// Nothing that a file says ends the server: damaged copies of a real model, each tried, none of them loaded in its place
/// unless it answers.
#[test]
fn damaged_models_are_tried_elsewhere() {
    let models = folder();
    let path = models.path().join("m.onnx");
    let original = small_model("conv");
    fs::write(&path, &original).expect("a file");
    let served = serve(models.path(), &[("MODELS__TRIAL_SECONDS", "10")]);
    assert_eq!(reason(&served, "m"), "");
    let mut mutator = ferrocast_testkit::Mutator::new(11);
    for number in 0..25 {
        fs::write(&path, mutator.damage(&original)).expect("a file");
        let (status, said) = ask(&served, "POST", "/v2/repository/models/m/load");
        assert!(status == "200" || (status == "400" && said["error"].is_string()), "{number}: {status} {said}");
        assert_eq!(ask(&served, "GET", "/v2/models/m/ready").0, "200", "{number}");
    }
}
