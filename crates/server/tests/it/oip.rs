//! The Open Inference Protocol over HTTP: its answers, its errors, compressed bodies, and models that come and go.

use std::fs;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use ferrocast_server::loaders;
use ferrocast_testkit::small_model;
use flate2::Compression;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Answer, Client};
use crate::server::{TestServer, shared};

/// A penguin in columns, of which the tensors are.
fn penguin() -> Value {
    json!({"id": "p", "inputs": [
        {"name": "bill_length_mm", "datatype": "FP32", "shape": [1, 1], "data": [50.0]},
        {"name": "bill_depth_mm", "datatype": "FP32", "shape": [1, 1], "data": [[15.2]]},
        {"name": "island", "datatype": "BYTES", "shape": [1, 1], "data": ["Biscoe"]},
        {"name": "flipper_length_mm", "datatype": "INT64", "shape": [1, 1], "data": [218]},
    ]})
}

fn infer(client: &mut Client, model: &str, body: &Value) -> Answer {
    client.post(&format!("/v2/models/{model}/infer"), body.to_string().as_bytes())
}

/// A server of `mirror`, which gives back rows of doubles, and of what else the folder holds.
fn mirror(settings: &[(&str, &str)]) -> (TestServer, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    put(&folder, "mirror/1", "identity_f64");
    let server = TestServer::start(folder.path(), settings, loaders());
    (server, folder)
}

fn put(folder: &TempDir, version: &str, model: &str) {
    fs::create_dir_all(folder.path().join(version)).expect("a folder");
    fs::write(folder.path().join(version).join("model.onnx"), small_model(model)).expect("a file");
}

/// Name and shape of the mirror's input and output.
fn ends(client: &mut Client) -> (String, usize, String) {
    let metadata = client.get("/v2/models/mirror").json();
    let width = metadata["inputs"][0]["shape"][1].as_u64().expect("rows of some width");
    let name = |ends: &str| metadata[ends][0]["name"].as_str().expect("a name").to_owned();
    (name("inputs"), width as usize, name("outputs"))
}

#[test]
fn what_there_is_is_told() {
    let mut client = shared().client();
    assert_eq!(client.get("/v2/health/live").json(), json!({"live": true}));
    assert_eq!(client.get("/v2/health/ready").json(), json!({"ready": true}));
    for path in ["/v2", "/v2/"] {
        let server = client.get(path).json();
        assert_eq!((&server["name"], &server["version"]), (&json!("ferrocast"), &json!(env!("CARGO_PKG_VERSION"))));
    }
    assert_eq!(client.get("/v2/models").json(), json!({"models": ["auto-mpg", "penguins"]}));
    for path in ["/v2/models/penguins/ready", "/v2/models/penguins/versions/1/ready"] {
        assert_eq!(client.get(path).json(), json!({"name": "penguins", "ready": true}));
    }
    let metadata = client.get("/v2/models/penguins/versions/latest").json();
    assert_eq!((&metadata["name"], &metadata["versions"]), (&json!("penguins"), &json!(["1", "2"])));
    assert_eq!(metadata["inputs"][2], json!({"name": "island", "datatype": "BYTES", "shape": [-1, 1]}));
    let config = client.get("/v2/models/penguins/config").json();
    assert_eq!((&config["platform"], &config["input"][3]["data_type"]), (&json!("onnx_onnxv1"), &json!("TYPE_INT64")));
    let index = client.post("/v2/repository/index", b"").json();
    assert_eq!(index[2], json!({"name": "penguins", "version": "2", "state": "READY", "reason": ""}));
    assert_eq!(client.post("/v2/repository/index", br#"{"ready": true}"#).json(), index);
    assert_eq!(client.request("HEAD", "/v2/health/ready", &[], b"").status, 200);
}

#[test]
fn tensors_are_answered_as_rows_are() {
    let mut client = shared().client();
    let row = client.post("/predict", crate::server::PENGUIN.as_bytes()).json();
    let answer = infer(&mut client, "penguins", &penguin());
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")), "{}", answer.text());
    assert!(answer.header("server-timing").is_some() && answer.header("x-request-id").is_some());
    let body = answer.json();
    assert_eq!(
        (&body["model_name"], &body["model_version"], &body["id"]),
        (&json!("penguins"), &json!("2"), &json!("p"))
    );
    assert_eq!(body["outputs"][0]["data"][0], row["prediction"]);
    assert_eq!(body["outputs"][1]["data"], row["probability"]);
    assert_eq!(body["outputs"][1]["shape"], json!([1, 3]));
    let first = client.post("/v2/models/penguins/versions/1/infer", penguin().to_string().as_bytes()).json();
    assert_eq!(first["model_version"], "1");
}

#[test]
fn errors_have_the_envelope_of_the_protocol() {
    let mut client = shared().client();
    let mut wrong = penguin();
    wrong["inputs"][0]["shape"] = json!([1, 2]);
    let text = wrong.to_string();
    let cases: &[(&str, &str, &str, u16, &str)] = &[
        ("GET", "/v2/nothing", "", 404, "Not Found"),
        ("GET", "/v2/models/nobody", "", 404, "not found"),
        ("GET", "/v2/models/nobody/ready", "", 404, "not found"),
        ("GET", "/v2/models/nobody/stats", "", 404, "not found"),
        ("GET", "/v2/models/penguins/versions/9", "", 404, "no version"),
        ("POST", "/v2/models/nobody/infer", "{}", 404, "not found"),
        ("GET", "/v2/models/penguins/infer", "", 405, "Method Not Allowed"),
        ("POST", "/v2/health/live", "", 405, "Method Not Allowed"),
        ("POST", "/v2/models/penguins/infer", "", 400, "failed to parse"),
        ("POST", "/v2/models/penguins/infer", "{}", 400, "expected 4 inputs but got 0"),
        ("POST", "/v2/models/penguins/infer", &text, 400, "Expected [-1,1], got [1,2]"),
        ("POST", "/v2/repository/index", r#"{"ready": 1}"#, 400, "failed to parse"),
        ("POST", "/v2/repository/models/penguins/load", "", 400, "models.control"),
        ("POST", "/v2/repository/models/penguins/unload", "", 400, "models.control"),
    ];
    for (method, path, body, status, words) in cases {
        // Where a body is left, the connection ends.
        let answer = shared().client().request(method, path, &[], body.as_bytes());
        assert_eq!(answer.status, *status, "{method} {path}: {}", answer.text());
        let said = answer.json();
        assert_eq!(said.as_object().map(serde_json::Map::len), Some(1), "{said}");
        assert!(said["error"].as_str().is_some_and(|text| text.contains(words)), "{method} {path}: {said}");
        assert!(answer.header("x-request-id").is_some());
    }
    // What only begins alike is another path.
    assert_eq!(client.get("/v2x").json()["error_code"], "NOT_FOUND");
}

#[test]
fn bytes_go_there_and_back() {
    let (server, _folder) = mirror(&[]);
    let mut client = server.client();
    let (x, width, y) = ends(&mut client);
    let rows = 5;
    let numbers: Vec<f64> = (0..rows * width).map(|number| f64::from(number as u32).sqrt()).collect();
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    let head = json!({
        "inputs": [{"name": x, "shape": [rows, width], "datatype": "FP64", "parameters": {"binary_data_size": bytes.len()}}],
        "outputs": [{"name": y, "parameters": {"binary_data": true}}],
    })
    .to_string();
    let length = head.len().to_string();
    let body = [head.as_bytes(), &bytes].concat();
    let headers = [("Inference-Header-Content-Length", length.as_str())];
    let answer = client.request("POST", "/v2/models/mirror/infer", &headers, &body);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/octet-stream")));
    let json_bytes: usize = answer.header("inference-header-content-length").unwrap().parse().unwrap();
    assert_eq!(answer.body[json_bytes..], bytes);
    let said: Value = serde_json::from_slice(&answer.body[..json_bytes]).unwrap();
    assert_eq!(said["outputs"][0]["parameters"], json!({"binary_data_size": bytes.len()}));
    // The same without JSON: one row, and all outputs as bytes.
    let row = &bytes[..width * 8];
    let answer = client.request("POST", "/v2/models/mirror/infer", &[("inference-header-content-length", "0")], row);
    let json_bytes: usize = answer.header("inference-header-content-length").unwrap().parse().unwrap();
    assert_eq!(&answer.body[json_bytes..], row, "{answer:?}");
    for wrong in ["-1", "+1", "x", "1.5", &(body.len() + 1).to_string()] {
        let headers = [("inference-header-content-length", wrong)];
        let answer = server.client().request("POST", "/v2/models/mirror/infer", &headers, &body);
        assert!(answer.status == 400 && answer.json()["error"].is_string(), "{wrong}: {}", answer.text());
    }
}

/// Bodies that are parsed, and answers that are written, on the pool.
#[test]
fn large_tensors_survive() {
    let (server, _folder) = mirror(&[]);
    let mut client = server.client();
    let (x, width, _) = ends(&mut client);
    let rows = 40_000;
    let numbers: Vec<f64> = (0..rows * width).map(|number| f64::from(number as u32) / 3.0).collect();
    let body = json!({"inputs": [{"name": x, "shape": [rows, width], "datatype": "FP64", "data": numbers}]});
    let answer = infer(&mut client, "mirror", &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["outputs"][0]["data"], json!(numbers));
}

fn packed(encoding: &str, body: &[u8]) -> Vec<u8> {
    if encoding == "gzip" {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(body).unwrap();
        return encoder.finish().unwrap();
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn bodies_may_be_compressed_both_ways() {
    let mut client = shared().client();
    let plain = infer(&mut client, "penguins", &penguin()).json();
    let mut many = penguin();
    for input in many["inputs"].as_array_mut().unwrap() {
        let value = input["data"].as_array().unwrap()[0].clone();
        let value = value.as_array().map_or(value.clone(), |inner| inner[0].clone());
        *input =
            json!({"name": input["name"], "datatype": input["datatype"], "shape": [200, 1], "data": vec![value; 200]});
    }
    for encoding in ["gzip", "deflate"] {
        let body = packed(encoding, many.to_string().as_bytes());
        let headers = [("content-encoding", encoding), ("accept-encoding", encoding)];
        let answer = client.request("POST", "/v2/models/penguins/infer", &headers, &body);
        assert_eq!((answer.status, answer.header("content-encoding")), (200, Some(encoding)), "{}", answer.status);
        let mut text = String::new();
        match encoding {
            "gzip" => GzDecoder::new(answer.body.as_slice()).read_to_string(&mut text).unwrap(),
            _ => ZlibDecoder::new(answer.body.as_slice()).read_to_string(&mut text).unwrap(),
        };
        let said: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(said["outputs"][0]["data"][199], plain["outputs"][0]["data"][0]);
        // What is short stays as it is.
        let body = packed(encoding, penguin().to_string().as_bytes());
        let answer = client.request("POST", "/v2/models/penguins/infer", &headers, &body);
        assert_eq!((answer.status, answer.header("content-encoding")), (200, None));
        let broken = client.request("POST", "/v2/models/penguins/infer", &headers, &body[..body.len() / 2]);
        assert_eq!(
            (broken.status, broken.json()["error"].as_str().map(|text| text.contains("stream"))),
            (400, Some(true))
        );
    }
    for encoding in ["br", "zstd", "gzip, gzip"] {
        let answer =
            client.request("POST", "/v2/models/penguins/infer", &[("content-encoding", encoding)], b"anything");
        assert_eq!((answer.status, answer.header("accept-encoding")), (501, Some("gzip, deflate")), "{encoding}");
        client = shared().client();
    }
    // No other route takes a compressed body.
    let body = packed("gzip", crate::server::PENGUIN.as_bytes());
    let answer = client.request("POST", "/predict", &[("content-encoding", "gzip")], &body);
    assert_eq!(answer.status, 415);
}

/// P10 of the reliability promises: the limit holds while a body is expanded.
#[test]
fn nothing_expands_beyond_its_limit() {
    let (server, _folder) = mirror(&[("LIMITS__TENSOR_BYTES", "65536")]);
    let mut client = server.client();
    let (x, width, _) = ends(&mut client);
    let body = |bytes: usize| {
        let row = vec![0.5; width];
        let text = json!({"inputs": [{"name": x, "shape": [1, width], "datatype": "FP64", "data": row}]}).to_string();
        let filler = " ".repeat(bytes - text.len());
        text + &filler
    };
    for (bytes, status) in [(65_536, 200), (65_537, 413)] {
        let plain = client.post("/v2/models/mirror/infer", body(bytes).as_bytes());
        assert_eq!(plain.status, status, "{}", plain.text());
        client = server.client();
        for encoding in ["gzip", "deflate"] {
            let packed = packed(encoding, body(bytes).as_bytes());
            let answer = client.request("POST", "/v2/models/mirror/infer", &[("content-encoding", encoding)], &packed);
            assert_eq!(answer.status, status, "{encoding}: {}", answer.text());
            assert!(status == 200 || answer.text().contains("limits.tensor_bytes"), "{}", answer.text());
        }
    }
    let bomb = packed("gzip", &vec![b' '; 50 << 20]);
    for _ in 0..16 {
        let answer = client.request("POST", "/v2/models/mirror/infer", &[("content-encoding", "gzip")], &bomb);
        assert_eq!(answer.status, 413);
    }
}

#[test]
fn statistics_count_what_is_answered() {
    let (server, _folder) = mirror(&[]);
    let mut client = server.client();
    let (x, width, _) = ends(&mut client);
    let stats = |client: &mut Client| client.get("/v2/models/mirror/stats").json()["model_stats"][0].clone();
    assert_eq!(stats(&mut client)["last_inference"], 0);
    let body = json!({"inputs": [{"name": x, "shape": [3, width], "datatype": "FP64", "data": vec![1.0; 3 * width]}]});
    for _ in 0..4 {
        assert_eq!(infer(&mut client, "mirror", &body).status, 200);
    }
    let all = stats(&mut client);
    assert_eq!((&all["inference_count"], &all["execution_count"]), (&json!(12), &json!(4)), "{all}");
    assert_eq!(all["inference_stats"]["success"]["count"], 4);
    assert!(all["inference_stats"]["compute_infer"]["ns"].as_u64() > Some(0));
    assert_eq!(
        (&all["batch_stats"][0]["batch_size"], &all["batch_stats"][0]["compute_infer"]["count"]),
        (&json!(3), &json!(4))
    );
    assert_eq!(client.get("/v2/models/mirror/versions/1/stats").json()["model_stats"][0], all);
    assert_eq!(client.get("/v2/models/stats").json()["model_stats"][0], all);
}

#[test]
fn models_come_and_go_on_request() {
    let (server, folder) = mirror(&[("MODELS__CONTROL", "explicit")]);
    let mut client = server.client();
    let load = |client: &mut Client, model: &str| client.post(&format!("/v2/repository/models/{model}/load"), b"{}");
    let unload = |client: &mut Client, model: &str| client.post(&format!("/v2/repository/models/{model}/unload"), b"");
    let index = |client: &mut Client| client.post("/v2/repository/index", b"{}").json();
    put(&folder, "other/1", "mlp");
    assert_eq!(client.get("/v2/models/other").status, 404);
    let loaded = load(&mut client, "other");
    assert_eq!((loaded.status, loaded.body.len()), (200, 0), "{}", loaded.text());
    assert_eq!(client.get("/v2/models/other/ready").status, 200);
    assert_eq!(load(&mut client, "other").status, 200, "loading what is loaded changes nothing");
    assert_eq!(unload(&mut client, "other").status, 200);
    let started = Instant::now();
    let unloaded = json!({"name": "other", "version": "1", "state": "UNAVAILABLE", "reason": "unloaded"});
    while index(&mut client)[1] != unloaded {
        assert!(started.elapsed() < Duration::from_secs(10), "{}", index(&mut client));
    }
    assert_eq!(client.get("/v2/models/other/ready").status, 503);
    assert_eq!(client.get("/v2/health/ready").status, 200);
    assert_eq!(client.post("/v2/repository/index", br#"{"ready": true}"#).json().as_array().map(Vec::len), Some(1));
    // What is broken replaces nothing, and says why.
    fs::write(folder.path().join("mirror/1/model.onnx"), b"no model").unwrap();
    let broken = load(&mut client, "mirror");
    assert_eq!(broken.status, 400);
    assert!(broken.json()["error"].as_str().unwrap().contains("failed to load 'mirror'"), "{}", broken.text());
    assert_eq!(client.get("/v2/models/mirror/ready").status, 200);
    for (body, status, words) in [
        (r#"{"parameters":{"config":"{}"}}"#, 400, "as they are on disk"),
        (r#"{"parameters":{"file:1/model.onnx":"AAAA"}}"#, 400, "as they are on disk"),
        (r#"{"parameters":{"colour":"red"}}"#, 400, "unrecognized load parameter"),
        ("[", 400, "failed to parse"),
    ] {
        let answer = client.post("/v2/repository/models/mirror/load", body.as_bytes());
        assert_eq!((answer.status, answer.text().contains(words)), (status, true), "{body}: {}", answer.text());
    }
    let unknown = load(&mut client, "..%2Fmirror");
    assert_eq!((unknown.status, unknown.json()["error"].is_string()), (400, true));
}

/// A repository as Triton has it: configurations, versions chosen by policy, a tensor that is reshaped, labels.
#[test]
fn a_repository_of_triton_is_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| fs::write(folder.path().join(path), text).expect("a file");
    for version in ["1", "2", "3"] {
        put(&folder, &format!("classifier/{version}"), "mlp");
    }
    write("classifier/labels.txt", "cat\ndog\ncow\n");
    write(
        "classifier/config.pbtxt",
        r#"
        name: "classifier"
        backend: "onnxruntime"
        max_batch_size: 8
        input [ { name: "x" data_type: TYPE_FP32 dims: [ 2, 2 ] reshape { shape: [ 4 ] } } ]
        output [ { name: "probabilities" data_type: TYPE_FP32 dims: [ 3 ] label_filename: "labels.txt" } ]
        version_policy: { latest { num_versions: 2 } }
        instance_group [ { kind: KIND_GPU } ]
        "#,
    );
    put(&folder, "latest/1", "mlp");
    put(&folder, "latest/2", "mlp");
    write("latest/config.pbtxt", "");
    put(&folder, "wrong/1", "mlp");
    write("wrong/config.pbtxt", "name: \"another\"");
    let server = TestServer::start(folder.path(), &[("MODELS__CONTROL", "explicit")], loaders());
    let mut client = server.client();

    let index = client.post("/v2/repository/index", b"").json();
    let line = |entry: &Value| format!("{} {} {}", entry["name"], entry["version"], entry["state"]).replace('"', "");
    let index: Vec<String> = index.as_array().expect("a list").iter().map(line).collect();
    assert_eq!(index, ["classifier 2 READY", "classifier 3 READY", "latest 2 READY", "wrong 1 UNAVAILABLE"]);

    let config = client.get("/v2/models/classifier/config").json();
    assert_eq!(config["max_batch_size"], json!(8));
    assert_eq!(config["version_policy"], json!({"latest": {"num_versions": 2}}));
    assert_eq!(config["input"][0], json!({"name": "x", "data_type": "TYPE_FP32", "dims": [2, 2]}));
    let metadata = client.get("/v2/models/classifier").json();
    assert_eq!(metadata["inputs"][0]["shape"], json!([-1, 2, 2]));

    let tensor = |shape: Value| {
        json!({
            "inputs": [{"name": "x", "datatype": "FP32", "shape": shape, "data": [1, 2, 3, 4]}],
            "outputs": [{"name": "probabilities", "parameters": {"classification": 1}}]
        })
    };
    let answer = infer(&mut client, "classifier", &tensor(json!([1, 2, 2])));
    let best = answer.json()["outputs"][0]["data"][0].as_str().expect("a class").to_owned();
    let row = client.post("/models/classifier/predict", br#"{"x0": 1, "x1": 2, "x2": 3, "x3": 4}"#).json();
    assert!(best.ends_with(row["label"].as_str().expect("a label")), "{best} {row}");
    let refused = infer(&mut client, "classifier", &tensor(json!([1, 4])));
    assert_eq!(refused.status, 400, "{}", refused.text());

    // The policy changes, and the model is brought to it.
    write("latest/config.pbtxt", "version_policy { specific { versions: 1 } }");
    assert_eq!(client.post("/v2/repository/models/latest/load", b"").status, 200);
    assert_eq!(client.get("/v2/models/latest").json()["versions"], json!(["1"]));
    write("latest/config.pbtxt", "version_policy { specific { versions: 4 } }");
    let refused = client.post("/v2/repository/models/latest/load", b"");
    assert!(refused.text().contains("its version policy chooses none of its versions, 1, 2"), "{}", refused.text());
    assert_eq!(client.get("/v2/models/latest").json()["versions"], json!(["1"]));
    let index = client.post("/v2/repository/index", b"").text();
    assert!(index.contains("what replaces it was refused: its version policy"), "{index}");

    // A version cannot choose among versions.
    write("latest/config.pbtxt", "version_policy { all {} }");
    write("latest/2/model.toml", "task = \"embedding\"\n[versions]\nlatest = 1");
    let refused = client.post("/v2/repository/models/latest/load", b"");
    assert!(refused.text().contains("the manifest of one version cannot choose"), "{}", refused.text());
}

/// Nothing is declared about the values of tensors; what the graph itself does not take is the client's to mend.
#[test]
fn a_value_that_the_graph_refuses_is_the_clients_fault() {
    let mut client = shared().client();
    let mut body = penguin();
    body["inputs"][2]["data"] = json!(["Mars"]);
    let refused = infer(&mut client, "penguins", &body);
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(refused.text().contains("The model refuses a value: "), "{}", refused.text());
    assert_eq!(infer(&mut client, "penguins", &penguin()).status, 200);

    // Of rows as well, where no manifest names the categories.
    let folder = tempfile::tempdir().expect("a folder");
    let model = crate::server::all_samples().join("penguins/2/model.onnx");
    fs::copy(model, folder.path().join("bare.onnx")).expect("a copy");
    let fields = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm"];
    let features = fields.map(|name| format!("[[feature]]\nname = \"{name}\"\ntype = \"float\"\n"));
    let manifest = format!(
        "task = \"classification\"\n{}[[feature]]\nname = \"island\"\ntype = \"string\"\nexample = \"Biscoe\"\n",
        features.concat().replace("\"flipper_length_mm\"\ntype = \"float\"", "\"flipper_length_mm\"\ntype = \"int\"")
    );
    fs::write(folder.path().join("bare.toml"), manifest).expect("a file");
    let server = TestServer::start(folder.path(), &[], loaders());
    let mars = crate::server::PENGUIN.replace("Biscoe", "Mars");
    let refused = server.client().post("/predict", mars.as_bytes());
    assert_eq!((refused.status, refused.code().as_str()), (422, "VALIDATION_ERROR"), "{}", refused.text());
    assert!(refused.text().contains("value_error"), "{}", refused.text());
}
