//! What opens, what does not, and what each says.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed expectation ends the test")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ferrocast_engine::{Dim, Dtype, EngineError, Signature, Tensor, TensorSpec};
use ferrocast_engine_tract::TractLoader;
use ferrocast_pipeline::{Class, Loaders, ModelFiles, OpenError, Pipeline, PipelineBuilder, PredictError, advice};
use ferrocast_schema::{ClassValue, JsonLimits, Prediction, Scores, Task};
use ferrocast_testkit::{FakeEngine, small_model};
use tempfile::TempDir;

fn loaders() -> Loaders {
    Loaders::new().with(TractLoader::new())
}

/// A model's folder with these files.
fn folder(model: &[u8], manifest: Option<&str>) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("model.onnx"), model).unwrap();
    if let Some(manifest) = manifest {
        std::fs::write(dir.path().join("model.toml"), manifest).unwrap();
    }
    dir
}

fn open(model: &[u8], manifest: Option<&str>) -> Result<Pipeline, OpenError> {
    Pipeline::open(folder(model, manifest).path(), &loaders())
}

fn predict(pipeline: &Pipeline, json: &str) -> Prediction {
    let rows = pipeline.schema().parse_row(json.as_bytes(), &JsonLimits::default()).unwrap();
    pipeline.predict(&rows).unwrap().remove(0)
}

fn sample(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(path)
}

#[test]
fn without_a_manifest_the_file_tells_fields_categories_and_classes() {
    let model = std::fs::read(sample("penguins/1/model.onnx")).unwrap();
    let pipeline = open(&model, None).unwrap();
    let names: Vec<_> = pipeline.manifest().features.iter().map(|feature| feature.name.as_str()).collect();
    assert_eq!(names, ["bill_length_mm", "bill_depth_mm", "island", "flipper_length_mm"]);
    assert_eq!(pipeline.manifest().features[2].categories, ["Biscoe", "Dream", "Torgersen"]);
    assert_eq!(pipeline.manifest().task, Task::Classification);
    let row = r#"{"bill_length_mm": 50.0, "bill_depth_mm": 15.2, "island": "Biscoe", "flipper_length_mm": 218}"#;
    let Prediction::Class { class, label, scores, .. } = predict(&pipeline, row) else { panic!() };
    let Scores::Probabilities(probabilities) = scores else { panic!("{scores:?}") };
    assert_eq!((class, label, probabilities.len()), (ClassValue::Int(2), None, 3));
}

#[test]
fn margins_are_not_told_as_probabilities() {
    let raw = ["perceptron", "ridge_classifier", "logistic_raw_scores"];
    for export in raw.into_iter().chain(["logistic_no_zipmap", "one_vs_rest", "random_forest_multiclass"]) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../onnx-ml/tests/exports/{export}.onnx"));
        let pipeline = open(&std::fs::read(path).unwrap(), None).unwrap();
        // A row whose margins could pass for probabilities is still told as the model's other rows are.
        for value in ["0.0", "0.1", "9.0"] {
            let fields = ["x0", "x1", "x2", "x3"].map(|name| format!(r#""{name}": {value}"#)).join(",");
            let prediction = predict(&pipeline, &format!("{{{fields}}}"));
            assert_eq!(prediction.has_raw_scores(), raw.contains(&export), "{export}: {prediction:?}");
        }
    }
}

#[test]
fn several_labels_have_classes_and_probabilities_of_their_own() {
    let pipeline = open(&small_model("sklearn_multi_output"), None).unwrap();
    assert_eq!(pipeline.manifest().task, Task::Classification);
    let told = |class: &Class| class.value.to_string();
    let classes: Vec<Vec<String>> = pipeline.targets().iter().map(|list| list.iter().map(told).collect()).collect();
    assert_eq!(classes, [vec!["setosa", "versicolor", "virginica"], vec!["long", "short"]]);
    assert!(pipeline.classes().is_empty());

    let answer = predict(&pipeline, r#"{"x0": 6.7, "x1": 3.0, "x2": 5.2, "x3": 2.3}"#);
    assert_eq!(answer.to_string(), "[virginica, long]");
    let Prediction::Classes(choices) = answer else { panic!("{answer:?}") };
    // What ONNX Runtime answers.
    let expected: [&[f32]; 2] = [&[0.000_055_26, 0.080_083_53, 0.919_861_2], &[0.955_049_4, 0.044_950_57]];
    for (choice, expected) in choices.iter().zip(expected) {
        let Scores::Probabilities(got) = &choice.scores else { panic!("{choice:?}") };
        assert!(got.len() == expected.len() && got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{got:?}");
    }
}

#[test]
fn several_numbers_of_a_row_stay_together() {
    let pipeline = open(&small_model("sklearn_mlp_two_targets"), None).unwrap();
    let rows = [(6.7, 3.0), (5.1, 3.5)].map(|(x0, x1)| [("x0", x0.into()), ("x1", x1.into())]);
    let answers = pipeline.predict(&pipeline.schema().rows(rows).unwrap()).unwrap();
    for (answer, expected) in answers.iter().zip([[2.924_452, 1.623_451], [3.170_272, 1.588_928]]) {
        let Prediction::Vector(got) = answer else { panic!("{answer:?}") };
        assert!(got.len() == 2 && got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{got:?}");
    }
}

#[test]
fn gaps_are_filled_from_the_nearest_rows() {
    let pipeline = open(&small_model("sklearn_knn_imputer"), None).unwrap();
    assert!(pipeline.manifest().features.iter().all(|feature| feature.nullable));
    // What scikit-learn answers.
    for (row, expected) in [
        (r#"{"x0": null, "x1": 3.0, "x2": 5.2, "x3": 2.3}"#, [6.6, 3.0, 5.2, 2.3]),
        (r#"{"x0": 5.1, "x1": 3.5, "x2": null, "x3": null}"#, [5.1, 3.5, 1.55, 0.25]),
        (r#"{"x0": 5.0, "x1": 3.0, "x2": 1.0, "x3": 0.2}"#, [5.0, 3.0, 1.0, 0.2]),
    ] {
        let Prediction::Vector(got) = predict(&pipeline, row) else { panic!() };
        assert!(got.len() == 4 && got.iter().zip(expected).all(|(a, b): (_, f32)| (a - b).abs() < 1e-6), "{got:?}");
    }
    // No row is near to one without any number: the export has no answer, in ONNX Runtime neither.
    let nothing = br#"{"x0": null, "x1": null, "x2": null, "x3": null}"#;
    let rows = pipeline.schema().parse_row(nothing, &JsonLimits::default()).unwrap();
    assert!(matches!(pipeline.predict(&rows), Err(PredictError::Engine(_))));
}

#[test]
fn several_labels_have_no_names_in_a_manifest() {
    let model = small_model("sklearn_multi_output");
    for key in ["tensor = \"probabilities1\"", "classes = [0, 1]", "labels = [\"no\", \"yes\"]"] {
        let manifest = format!("task = \"classification\"\n[output]\nlabel_tensor = \"label\"\n{key}\n");
        let error = open(&model, Some(&manifest)).map(drop).unwrap_err().to_string();
        let expected = format!(
            "`{}` is for models with one label, but `label` holds 2 for each row",
            &key[..key.find(' ').unwrap()]
        );
        assert!(error.contains(&expected), "{error}");
    }
}

#[test]
fn a_made_up_manifest_can_be_written_and_read_back() {
    for model in ["mlp", "conv", "sklearn_logreg_string_labels", "sklearn_multi_output", "strings"] {
        let pipeline = open(&small_model(model), None).unwrap_or_else(|error| panic!("{model}: {error}"));
        let text = pipeline.manifest().to_toml();
        let again = open(&small_model(model), Some(&text)).unwrap_or_else(|error| panic!("{model}: {error}\n{text}"));
        assert_eq!(again.manifest(), pipeline.manifest(), "{text}");
    }
}

#[test]
fn columns_of_one_array_are_numbered() {
    let pipeline = open(&small_model("sklearn_logreg_string_labels"), None).unwrap();
    let Prediction::Class { class, .. } = predict(&pipeline, r#"{"x0": 5.1, "x1": 3.5, "x2": 1.4, "x3": 0.2}"#) else {
        panic!()
    };
    assert_eq!(class, ClassValue::Str("setosa".into()));
}

#[test]
fn pictures_and_other_arrays_are_one_field() {
    let pipeline = open(&small_model("conv"), None).unwrap();
    let feature = &pipeline.manifest().features[0];
    assert_eq!(feature.shape, [3, 8, 8]);
    let values = vec!["0.5"; 3 * 8 * 8].join(",");
    let body = format!(r#"{{"{}": [{values}]}}"#, feature.name);
    assert!(matches!(predict(&pipeline, &body), Prediction::Vector(values) if values.len() == 2));
}

#[test]
fn a_fixed_batch_of_one_takes_any_number_of_rows() {
    let pipeline = open(&small_model("fixed_batch"), None).unwrap();
    let names: Vec<_> = pipeline.manifest().features.iter().map(|feature| feature.name.clone()).collect();
    let row = |value: f64| names.iter().map(move |name| (name.as_str(), value.into()));
    let together = pipeline.predict(&pipeline.schema().rows([row(0.1), row(0.7), row(-2.0)]).unwrap()).unwrap();
    let apart: Vec<_> = [0.1, 0.7, -2.0]
        .into_iter()
        .flat_map(|value| pipeline.predict(&pipeline.schema().rows([row(value)]).unwrap()).unwrap())
        .collect();
    assert_eq!(together, apart);
    assert_ne!(together[0], together[1]);
}

#[test]
fn a_version_without_a_manifest_takes_the_one_above() {
    let pipeline = Pipeline::open(sample("penguins/2"), &loaders()).unwrap();
    assert_eq!(pipeline.manifest().output.labels, ["Adelie", "Chinstrap", "Gentoo"]);
    // A folder named in another way is the same folder.
    assert!(Pipeline::open(sample("penguins/2/../1"), &loaders()).unwrap().manifest().summary.is_some());
}

#[test]
fn labels_may_be_in_a_file() {
    let manifest = "task = \"classification\"\n[output]\nlabels_file = \"labels.txt\"\n";
    let dir = folder(&small_model("sklearn_logreg_string_labels"), Some(manifest));
    let missing = Pipeline::open(dir.path(), &loaders()).unwrap_err();
    assert!(missing.to_string().starts_with("labels.txt: "), "{missing}");
    std::fs::write(dir.path().join("labels.txt"), "Iris setosa\nIris versicolor\nIris virginica\n").unwrap();
    let pipeline = Pipeline::open(dir.path(), &loaders()).unwrap();
    let answer = predict(&pipeline, r#"{"x0": 5.1, "x1": 3.5, "x2": 1.4, "x3": 0.2}"#);
    assert_eq!(answer.to_string(), "Iris setosa");
}

#[test]
fn what_does_not_fit_fails_at_load_and_says_why() {
    let check = |model: &[u8], manifest: Option<&str>, expected: &str| {
        let error = open(model, manifest).map(drop).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        error
    };
    let logreg = small_model("sklearn_logreg_string_labels");
    let classification = |rest: &str| format!("task = \"classification\"\n{rest}");
    let labels = classification("[output]\nlabels = [\"a\", \"b\"]");
    check(&logreg, Some(&labels), "2 labels, but the model has 3 classes");
    let tensor = classification("[output]\ntensor = \"nope\"");
    check(&logreg, Some(&tensor), "the graph has no such output; it has output_label, output_probability");
    let engine = classification("[model]\nengine = \"onnxruntime\"");
    check(&logreg, Some(&engine), "no engine `onnxruntime`; there is: tract");
    let digest = classification(&format!("[model]\nsha256 = \"{}\"", "0".repeat(64)));
    check(&logreg, Some(&digest), "the file's SHA-256 is ");
    let feature = classification("[[feature]]\nname = \"only\"\ntype = \"float\"");
    check(&logreg, Some(&feature), "takes 4 columns a row");
    check(b"not a model", None, "this is no ONNX file");
    let error = check(&small_model("unsupported"), None, "unsupported operators: Det, org.example:FooBar");
    assert!(advice(&error).unwrap().contains("no part of ONNX"));
    assert!(matches!(Pipeline::open("no/such/folder", &loaders()), Err(OpenError::NotFound { .. })));
}

#[test]
fn an_engine_that_is_lacking_says_why() {
    let folder = folder(&small_model("mlp"), Some("task = \"regression\"\n[model]\nengine = \"another\""));
    let loaders = loaders().lacking("another", "it is not built in");
    let error = Pipeline::open(folder.path(), &loaders).map(drop).unwrap_err();
    assert_eq!(error.to_string(), "model.toml: model.engine: no engine `another` here: it is not built in");
}

#[test]
fn a_pinned_digest_that_matches_opens() {
    // sha256sum of the empty string would do for a file; here the error tells the digest, as it tells the user.
    let mlp = small_model("mlp");
    let manifest = |digest: &str| format!("task = \"classification\"\n[model]\nsha256 = \"{digest}\"");
    let Err(OpenError::Digest { found }) = open(&mlp, Some(&manifest(&"0".repeat(64)))) else { panic!() };
    open(&mlp, Some(&manifest(&found.to_uppercase()))).unwrap();

    // Where it is asked for, one must be there.
    let unpinned = folder(&mlp, Some("task = \"classification\""));
    let files = ModelFiles { require_sha256: true, ..ModelFiles::find(unpinned.path()).unwrap() };
    let Err(OpenError::NotPinned { digest }) = Pipeline::open_files(&files, &loaders()) else { panic!() };
    assert_eq!(digest, found);
    std::fs::write(unpinned.path().join("model.toml"), manifest(&digest)).unwrap();
    Pipeline::open_files(&files, &loaders()).unwrap();
}

/// P20 of the reliability promises.
#[cfg(unix)]
#[test]
fn nothing_is_read_outside_of_the_root() {
    let place = tempfile::tempdir().unwrap();
    let (root, secret) = (place.path().join("root"), place.path().join("secret.onnx"));
    std::fs::create_dir_all(&root).unwrap();
    std::fs::write(&secret, small_model("mlp")).unwrap();
    let model = root.join("model.onnx");
    let open = || {
        let files = ModelFiles { root: Some(root.clone()), ..ModelFiles::find(&model).unwrap() };
        Pipeline::open_files(&files, &loaders()).map(drop).map_err(|error| error.chain())
    };
    std::os::unix::fs::symlink("../secret.onnx", &model).unwrap();
    assert_eq!(open().unwrap_err(), "model.onnx: a path led outside of the filesystem");
    std::fs::remove_file(&model).unwrap();
    std::fs::hard_link(&secret, &model).unwrap();
    assert_eq!(open().unwrap_err(), "model.onnx: it has other names as well (hard links); copy the file");
    std::fs::remove_file(&secret).unwrap();
    assert_eq!(open(), Ok(()));
}

#[test]
fn a_panicking_engine_is_an_error_every_time() {
    let spec = |name: &str| TensorSpec::new(name, Dtype::F32, vec![Dim::Batch, Dim::Fixed(1)]);
    let signature = Signature::new(vec![spec("x")], vec![spec("y")]);
    let engine = FakeEngine::new(signature, |inputs| {
        assert!(inputs[0].as_slice::<f32>().unwrap()[0] >= 0.0, "below zero");
        Ok(inputs.to_vec())
    });
    let pipeline = Pipeline::builder(Arc::new(engine)).build().unwrap();
    for _ in 0..3 {
        let rows = pipeline.schema().rows([[("x", (-1.0).into())]]).unwrap();
        let error = pipeline.predict(&rows).unwrap_err();
        assert!(matches!(&error, PredictError::Engine(EngineError::Panicked(text)) if text == "below zero"), "{error}");
        assert_eq!(predict(&pipeline, r#"{"x": 2.5}"#).to_string(), "2.5");
    }
}

#[test]
fn outputs_unlike_the_signature_are_an_error() {
    let spec = |name: &str| TensorSpec::new(name, Dtype::F32, vec![Dim::Batch, Dim::Fixed(1)]);
    let engine = FakeEngine::new(Signature::new(vec![spec("x")], vec![spec("y")]), |_| {
        Ok(vec![Tensor::from_vec(&[5, 1], vec![0f32; 5])?])
    });
    let pipeline = Pipeline::builder(Arc::new(engine)).build().unwrap();
    let rows = pipeline.schema().rows([[("x", 1.0.into())]]).unwrap();
    assert!(matches!(pipeline.predict(&rows), Err(PredictError::Decode(_))));
}

#[test]
fn classes_are_known_whoever_names_them() {
    let classes = |model: &str, manifest: Option<&str>| {
        let pipeline = open(&small_model(model), manifest).unwrap();
        let told = |class: &Class| format!("{} {}", class.value, class.label.as_deref().unwrap_or("-"));
        pipeline.classes().iter().map(told).collect::<Vec<_>>()
    };
    let of_the_file = ["setosa -", "versicolor -", "virginica -"];
    let task = "task = \"classification\"\n[output]\n";
    assert_eq!(classes("sklearn_logreg_string_labels", None), of_the_file);
    assert_eq!(classes("sklearn_logreg_string_labels", Some(task)), of_the_file);
    let labels = format!("{task}labels = [\"S\", \"V\", \"W\"]");
    assert_eq!(classes("sklearn_logreg_string_labels", Some(&labels)), ["setosa S", "versicolor V", "virginica W"]);
    let own = format!("{task}classes = [\"a\", \"b\", \"c\"]\nlabel_tensor = \"output_label\"");
    assert_eq!(classes("sklearn_logreg_string_labels", Some(&own)), ["a -", "b -", "c -"]);
    assert!(classes("conv", None).is_empty());
}

/// A classifier of two classes around fixed outputs, one row of scores for each row that comes in.
fn classifier(label_shape: fn(usize) -> Vec<usize>, scores: Vec<TensorSpec>) -> PipelineBuilder {
    let label = TensorSpec::new("label", Dtype::I64, vec![Dim::Batch]);
    let x = TensorSpec::new("x", Dtype::F32, vec![Dim::Batch, Dim::Fixed(1)]);
    let widths: Vec<usize> = scores.iter().filter_map(TensorSpec::row_width).collect();
    let signature = Signature::new(vec![x], std::iter::once(label).chain(scores).collect());
    Pipeline::builder(Arc::new(FakeEngine::new(signature, move |inputs| {
        let rows = inputs[0].shape()[0];
        let mut outputs = vec![Tensor::from_vec(&label_shape(rows), vec![1i64; rows])?];
        for (value, &width) in [0.25f32, 0.75].into_iter().zip(&widths) {
            outputs.push(Tensor::from_vec(&[rows, width], vec![value; rows * width])?);
        }
        Ok(outputs)
    })))
}

#[test]
fn labels_laid_out_as_one_row_are_one_for_each_row() {
    let scores = TensorSpec::new("scores", Dtype::F32, vec![Dim::Batch, Dim::Fixed(2)]);
    let pipeline = classifier(|rows| vec![1, rows], vec![scores]).build().unwrap();
    let rows = pipeline.schema().rows([[("x", 1.0.into())], [("x", 2.0.into())]]).unwrap();
    let predictions = pipeline.predict(&rows).unwrap();
    assert_eq!(predictions.iter().map(ToString::to_string).collect::<Vec<_>>(), ["1", "1"]);
}

#[test]
fn a_lone_score_beside_a_label_is_no_probability_of_a_second_class() {
    let score = TensorSpec::new("scores", Dtype::F32, vec![Dim::Batch, Dim::Fixed(1)]);
    let pipeline = classifier(|rows| vec![rows], vec![score]).build().unwrap();
    let prediction = predict(&pipeline, r#"{"x": 1.0}"#);
    let Prediction::Class { class: ClassValue::Int(1), scores: Scores::Raw(scores), .. } = prediction else {
        panic!("{prediction:?}")
    };
    assert_eq!(scores, [-0.25, 0.25]);
}

#[test]
fn scores_may_be_an_output_for_each_class() {
    let column = |name: &str| TensorSpec::new(name, Dtype::F32, vec![Dim::Batch, Dim::Fixed(1)]);
    let pipeline = classifier(|rows| vec![rows], vec![column("i0"), column("i1")]).build().unwrap();
    let rows = pipeline.schema().rows([[("x", 1.0.into())], [("x", 2.0.into())]]).unwrap();
    let predictions = pipeline.predict(&rows).unwrap();
    assert_eq!(predictions.len(), 2);
    for prediction in predictions {
        let Prediction::Class { index: 1, scores: Scores::Probabilities(scores), .. } = prediction else {
            panic!("{prediction:?}")
        };
        assert_eq!(scores, [0.25, 0.75]);
    }
}

#[test]
fn columns_that_the_graph_imputes_may_be_null() {
    let export = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../onnx-ml/tests/exports/{name}.onnx"));
        open(&std::fs::read(path).unwrap(), None).unwrap()
    };
    let nullable = |pipeline: &Pipeline| -> Vec<String> {
        let features = pipeline.manifest().features.iter().filter(|feature| feature.nullable);
        features.map(|feature| feature.name.clone()).collect()
    };
    assert_eq!(nullable(&export("imputer")), ["x0", "x1", "x2", "x3"]);
    assert_eq!(nullable(&export("table_imputer")), ["income"]);
    assert!(nullable(&export("logistic_binary")).is_empty());
    let row = r#"{"x0": 1.0, "x1": null, "x2": 0.5, "x3": -1.0}"#;
    assert!(matches!(predict(&export("imputer"), row), Prediction::Class { .. }));
}

#[test]
fn encoders_that_ignore_the_unknown_do_not_close_their_categories() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../onnx-ml/tests/exports/table_logistic.onnx");
    let pipeline = open(&std::fs::read(path).unwrap(), None).unwrap();
    assert!(pipeline.manifest().features.iter().all(|feature| feature.categories.is_empty()));
    let row = r#"{"age": 30, "income": 40.0, "city": "Atlantis", "plan": "pro"}"#;
    assert!(matches!(predict(&pipeline, row), Prediction::Class { .. }));
}

#[test]
fn causes_are_told_to_the_root() {
    #[derive(Debug, thiserror::Error)]
    #[error("evaluating a node")]
    struct Outer(#[source] std::io::Error);

    let cause = EngineError::Backend(Box::new(Outer(std::io::Error::other("not for doubles"))));
    let error = OpenError::Example(cause.into());
    assert_eq!(error.chain(), "the example row fails: the engine failed: evaluating a node: not for doubles");
}
