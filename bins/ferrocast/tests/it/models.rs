//! The commands that look at one model: `check`, `init`, `inspect`, `predict`.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::program::{ferrocast, folder, run, samples};

const PENGUIN: &str = r#"{"feature1": 50.0, "feature2": 15.2, "feature3": "A", "feature4": 218}"#;

#[test]
fn check_opens_every_model_below_a_folder() {
    let (code, out, err) = run(ferrocast(&samples()).args(["check", "."]));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    for model in ["./auto-mpg/1 (regression", "./penguins/1 (classification", "./penguins/2 (classification"] {
        assert!(out.contains(&format!("ok      {model}")), "{out}");
    }
    assert!(out.contains(r#""island":"Torgersen""#) && out.contains("-> Adelie"), "{out}");
}

#[test]
fn check_says_how_to_mend_what_fails() {
    let folder = folder();
    fs::write(folder.path().join("model.onnx"), b"PK\x03\x04 no model").expect("a file");
    let (code, out, err) = run(ferrocast(folder.path()).args(["check", "model.onnx"]));
    assert_eq!((code, err.as_str()), (Some(1), "1 of 1 failed\n"));
    assert!(out.starts_with("failed  model.onnx\n") && out.contains("to mend it: "), "{out}");
    let (code, _, err) = run(ferrocast(folder.path()).args(["check", "nowhere"]));
    assert_eq!((code, err.as_str()), (Some(1), "1 of 1 failed\n"));
}

/// It says which versions there are, and a server does not load a model without knowing that.
#[test]
fn check_reads_the_manifest_of_all_versions_though_each_has_its_own() {
    let folder = folder();
    let version = folder.path().join("churn/1");
    fs::create_dir_all(&version).expect("a folder");
    fs::copy(samples().join("penguins/1/model.onnx"), version.join("model.onnx")).expect("a copy");
    fs::write(version.join("model.toml"), "task = \"classification\"\n").expect("a file");
    fs::write(folder.path().join("churn/model.toml"), "[versions]\nlatest = 1\n").expect("a file");
    let (code, out, err) = run(ferrocast(folder.path()).args(["check", "."]));
    assert_eq!((code, err.as_str()), (Some(1), "1 of 2 failed\n"));
    assert!(out.contains("failed  ./churn/model.toml\n  model.toml: line 1, column 1: task: is missing"), "{out}");
}

#[test]
fn check_notes_scores_that_are_no_probabilities() {
    let folder = folder();
    let model = samples().join("../crates/testkit/models/conv.onnx");
    fs::copy(model, folder.path().join("model.onnx")).expect("a copy");
    let note = "note: the scores are no probabilities";
    for (apply, noted) in [("none", true), ("softmax", false)] {
        let manifest = format!("task = \"classification\"\n[output]\napply = \"{apply}\"\n");
        fs::write(folder.path().join("model.toml"), manifest).expect("a file");
        let (code, out, _) = run(ferrocast(folder.path()).args(["check", "."]));
        assert_eq!((code, out.contains(note)), (Some(0), noted), "{out}");
    }
}

#[test]
fn init_writes_a_manifest_that_checks_and_is_not_overwritten() {
    let folder = folder();
    fs::copy(samples().join("penguins/1/model.onnx"), folder.path().join("model.onnx")).expect("a copy");
    let (code, out, err) = run(ferrocast(folder.path()).args(["init", "model.onnx"]));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("wrote model.toml\n"), "{out}");
    let manifest = fs::read_to_string(folder.path().join("model.toml")).expect("the manifest");
    assert!(manifest.contains("[[feature]]") && manifest.contains("Torgersen"), "{manifest}");
    let (code, out, _) = run(ferrocast(folder.path()).args(["check", "."]));
    assert_eq!(code, Some(0), "{out}");
    let (code, _, err) = run(ferrocast(folder.path()).args(["init", "model.onnx"]));
    assert_eq!((code, err.as_str()), (Some(1), "model.toml exists; --force replaces it\n"));
    let (code, _, _) = run(ferrocast(folder.path()).args(["init", "model.onnx", "--force"]));
    assert_eq!(code, Some(0));
}

#[test]
fn inspect_shows_what_the_file_says() {
    let (code, out, err) = run(ferrocast(&samples()).args(["inspect", "penguins/1/model.onnx"]));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    for part in ["made by    skl2onnx", "input      bill_length_mm", "ai.onnx.ml:", "Every operator can be run."] {
        assert!(out.contains(part), "no {part:?} in {out}");
    }
    let (code, _, err) = run(ferrocast(&samples()).args(["inspect", "nowhere.onnx"]));
    assert_eq!(code, Some(1));
    assert!(err.starts_with("nowhere.onnx: No such file or directory"), "{err}");
}

#[test]
fn a_folder_stands_for_the_model_in_it() {
    let folder = folder();
    fs::copy(samples().join("penguins/1/model.onnx"), folder.path().join("model.onnx")).expect("a copy");
    for command in ["inspect", "init", "check"] {
        let (code, _, err) = run(ferrocast(folder.path()).args([command, "."]));
        assert_eq!((code, err.as_str()), (Some(0), ""), "{command}");
    }
    assert!(folder.path().join("model.toml").is_file());
}

/// As in `ferrocast inspect model.onnx | head -1`, when `head` is done before we are.
#[test]
fn a_reader_that_leaves_is_no_failure() {
    for arguments in [["inspect", "penguins/1"], ["check", "."], ["docs", "errors"], ["docs", "configuration"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let (code, _, err) = run(ferrocast(&samples()).args(arguments).stdout(writer));
        assert_eq!((code, err.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn init_writes_a_manifest_for_pictures_if_that_is_what_the_model_takes() {
    let folder = folder();
    fs::copy(samples().join("../crates/testkit/models/conv.onnx"), folder.path().join("pets.onnx")).expect("a copy");
    let (code, out, _) = run(ferrocast(folder.path()).args(["init", "pets.onnx"]));
    assert!(code == Some(0) && out.contains("ferrocast init --pictures --force pets.onnx"), "{out}");
    let (code, out, err) = run(ferrocast(folder.path()).args(["init", "--pictures", "--force", "pets.onnx"]));
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    let manifest = fs::read_to_string(folder.path().join("pets.toml")).expect("the manifest");
    assert!(manifest.contains("[image]\nsize = { width = 8, height = 8"), "{manifest}");
    let (code, out, _) = run(ferrocast(folder.path()).args(["check", "pets.onnx"]));
    assert!(code == Some(0) && out.contains("a grey picture -> "), "{out}");
    let picture = samples().join("../docs/images/chelsea.png");
    let (code, out, _) = run(ferrocast(folder.path()).args(["predict", "pets.onnx"]).arg(picture));
    assert!(code == Some(0) && out.starts_with(r#"{"predicted_class":""#), "{out}");
    let (code, out, err) = run(ferrocast(folder.path()).args(["predict", "pets.onnx", "pets.toml"]));
    assert!(code == Some(1) && out.is_empty() && err.contains("NOT_AN_IMAGE"), "{err}");

    fs::copy(samples().join("penguins/1/model.onnx"), folder.path().join("model.onnx")).expect("a copy");
    let (code, _, err) = run(ferrocast(folder.path()).args(["init", "--pictures", "model.onnx"]));
    assert_eq!((code, err.contains("no input of three colours")), (Some(1), true), "{err}");
}

#[test]
fn predict_answers_as_the_server_does() {
    let folder = folder();
    let file = folder.path().join("row.json");
    fs::write(&file, PENGUIN).expect("a file");
    let (code, out, err) = run(ferrocast(&samples()).args(["predict", "penguins/2"]).arg(&file));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let answer: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(
        (&answer["label"], &answer["model"], &answer["version"]),
        (&"Gentoo".into(), &"penguins".into(), &"2".into())
    );
}

#[test]
fn predict_reads_standard_input_and_batches() {
    let mut program = ferrocast(&samples());
    program.args(["predict", "penguins/1", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = program.spawn().expect("the program starts");
    let mut input = child.stdin.take().expect("its input");
    write!(input, r#"{{"instances": [{PENGUIN}, {PENGUIN}]}}"#).expect("written");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(answer["processed_count"], 2);
}

#[test]
fn predict_refuses_as_the_server_does() {
    let folder = folder();
    let file = folder.path().join("row.json");
    fs::write(&file, r#"{"feature1": 140}"#).expect("a file");
    let (code, out, err) = run(ferrocast(&samples()).args(["predict", "penguins/2"]).arg(&file));
    assert_eq!((code, out.as_str()), (Some(1), ""));
    let answer: Value = serde_json::from_str(&err).expect("JSON");
    assert_eq!(answer["error_code"], "VALIDATION_ERROR");
}

#[cfg(not(feature = "onnxruntime"))]
#[test]
fn an_engine_that_is_not_built_in_is_told_how_to_get() {
    let folder = folder();
    let model = samples().join("../crates/testkit/models/mlp.onnx");
    fs::copy(model, folder.path().join("model.onnx")).expect("a copy");
    fs::write(folder.path().join("model.toml"), "task = \"regression\"\n[model]\nengine = \"onnxruntime\"\n")
        .expect("a file");
    let (code, out, _) = run(ferrocast(folder.path()).args(["check", "."]));
    assert_eq!(code, Some(1));
    assert!(out.contains("no engine `onnxruntime` here: ") && out.contains("--features onnxruntime"), "{out}");
}
