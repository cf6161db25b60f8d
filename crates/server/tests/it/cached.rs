//! Answers that were given before: when they are given again, and when they must not be.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use std::{fs, path::Path};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ferrocast_server::loaders;
use ferrocast_testkit::{RedisServer, free_port, small_model, small_picture};
use redis::{Commands, Connection};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Answer, Client};
use crate::scripted::{HELD, NO_NUMBER, PANIC, Script, eventually, write};
use crate::server::{TestServer, samples};

fn from(answer: &Answer) -> &str {
    answer.header("x-cache").unwrap_or("absent")
}

fn age(answer: &Answer) -> Option<u64> {
    answer.header("age").map(|age| age.parse().expect("seconds"))
}

/// Asks for what must be answered, and says where the answer came from.
fn ask(client: &mut Client, path: &str, body: &str) -> String {
    let answer = client.post(path, body.as_bytes());
    assert_eq!(answer.status, 200, "{path} {body}: {}", answer.text());
    from(&answer).to_owned()
}

fn ask_with(client: &mut Client, header: (&str, &str), body: &str) -> Answer {
    let answer = client.request("POST", "/predict_cached", &[header], body.as_bytes());
    assert_eq!(answer.status, 200, "{header:?}: {}", answer.text());
    answer
}

struct Cached {
    server: TestServer,
    script: Script,
    _folder: TempDir,
}

/// A server of the scripted model `m`, which is the default, and of `other`.
fn cached(manifest: &str, settings: &[(&str, &str)]) -> Cached {
    let (script, folder) = (Script::new(), tempfile::tempdir().expect("a folder"));
    write(folder.path(), "m", 2.0, manifest);
    write(folder.path(), "other", 3.0, "");
    let own = [("MODELS__DEFAULT", "m"), ("SERVER__COMPUTE_THREADS", "2")];
    let server = TestServer::start(folder.path(), &[&own, settings].concat(), script.loaders());
    script.take_runs();
    Cached { server, script, _folder: folder }
}

fn penguins() -> TestServer {
    TestServer::start(&samples(), &[("MODELS__DEFAULT", "penguins")], loaders())
}

const ROW: &str = r#"{"bill_length_mm": 50, "bill_depth_mm": 15.2, "island": "Biscoe", "flipper_length_mm": 218}"#;

#[test]
fn an_answer_is_given_again() {
    let server = penguins();
    let mut client = server.client();
    let plain = client.post("/predict", ROW.as_bytes());
    assert_eq!((from(&plain), age(&plain)), ("absent", None));
    let first = client.post("/predict_cached", ROW.as_bytes());
    assert_eq!((first.status, from(&first), age(&first)), (200, "miss", None));
    assert!(first.header("server-timing").is_some());
    let second = client.post("/predict_cached", ROW.as_bytes());
    assert_eq!((second.status, from(&second)), (200, "hit"));
    assert!(age(&second).is_some_and(|age| age < 60), "{:?}", second.headers);
    assert_eq!(second.header("content-type"), Some("application/json"));
    assert_eq!((&first.body, &second.body), (&plain.body, &plain.body));
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    let grown = || age(&server.client().post("/predict_cached", ROW.as_bytes())).filter(|age| *age > 0);
    eventually("an age", grown);
}

#[test]
fn how_a_question_is_spelled_does_not_count() {
    let server = penguins();
    let mut client = server.client();
    assert_eq!(ask(&mut client, "/predict_cached", ROW), "miss");
    for body in [
        r#"{"bill_length_mm":50.0,"bill_depth_mm":15.20,"island":"Biscoe","flipper_length_mm":218}"#,
        r#"{"flipper_length_mm": 218, "island": "Biscoe", "bill_depth_mm": 152e-1, "bill_length_mm": 5e1}"#,
        "\n{\t\"bill_length_mm\" : 50.000 ,\r\n\"bill_depth_mm\":15.2,\"island\":\"Bis\\u0063oe\",\"flipper_length_mm\":218} ",
        r#"{"bill_length_mm": 50, "bill_depth_mm": 15.2, "island": "Biscoe", "flipper_length_mm": 218.0}"#,
        r#"{"feature1": 50, "feature2": 15.2, "feature3": "A", "feature4": 218}"#,
    ] {
        for _ in 0..2 {
            assert_eq!(ask(&mut client, "/predict_cached", body), "hit", "{body}");
        }
    }
    for path in [
        "/models/penguins/predict_cached",
        "/models/penguins/versions/2/predict_cached",
        "/models/penguins/versions/v2/predict_cached",
        "/models/penguins/versions/latest/predict_cached",
    ] {
        assert_eq!(ask(&mut client, path, ROW), "hit", "{path}");
    }
    for (field, other) in [
        ("50", "50.000001"),
        ("50", "0"),
        ("50", "-0.0"),
        ("15.2", "15.200000000000001"),
        ("15.2", "15.3"),
        ("Biscoe", "Dream"),
        ("218", "219"),
    ] {
        let body = ROW.replace(field, other);
        assert_eq!([(); 2].map(|()| ask(&mut client, "/predict_cached", &body)), ["miss", "hit"], "{body}");
    }
    for bad in [ROW.replace("Biscoe", "Atlantis"), ROW.replace("218", "218.5"), "{}".to_owned()] {
        for _ in 0..2 {
            let answer = client.post("/predict_cached", bad.as_bytes());
            assert_eq!((answer.status, from(&answer)), (422, "absent"), "{bad}");
        }
    }
}

#[test]
fn models_and_versions_share_nothing() {
    let server = penguins();
    let mut client = server.client();
    assert_eq!(ask(&mut client, "/predict_cached", ROW), "miss");
    let path = "/models/penguins/versions/1/predict_cached";
    let first = client.post(path, ROW.as_bytes());
    assert_eq!((from(&first), &first.json()["version"]), ("miss", &json!("1")));
    assert_eq!(ask(&mut client, path, ROW), "hit");

    let cached = cached("", &[]);
    let mut client = cached.server.client();
    for (path, prediction) in [("/predict_cached", 10.0), ("/models/other/predict_cached", 15.0)] {
        for expected in ["miss", "hit"] {
            let answer = client.post(path, br#"{"x": 5}"#);
            assert_eq!((from(&answer), &answer.json()["prediction"]), (expected, &json!(prediction)), "{path}");
        }
    }
    assert_eq!(cached.script.take_runs(), 2);
    // These two keep nothing, and take nothing from what is kept.
    assert_eq!(ask(&mut client, "/predict", r#"{"x": 5}"#), "absent");
    assert_eq!(ask(&mut client, "/predict_batch", r#"{"instances": [{"x": 5}]}"#), "absent");
    assert_eq!(cached.script.take_runs(), 2);
}

#[test]
fn a_client_may_want_a_new_answer() {
    let cached = cached("", &[]);
    let mut client = cached.server.client();
    let row = r#"{"x": 5}"#;
    assert_eq!((ask(&mut client, "/predict_cached", row).as_str(), cached.script.take_runs()), ("miss", 1));
    for value in ["no-cache", "no-store", "max-age=0", "No-Cache, max-age=60"] {
        // The clock may be a coarse one; what is kept must be older than nothing.
        thread::sleep(Duration::from_millis(5));
        let answer = ask_with(&mut client, ("cache-control", value), row);
        assert_eq!((from(&answer), cached.script.take_runs()), ("miss", 1), "{value}");
    }
    for value in ["max-age=60", "", "public", "max-age=soon"] {
        assert_eq!(from(&ask_with(&mut client, ("cache-control", value), row)), "hit", "{value}");
    }
    // Of `no-store` nothing is kept, and what was kept stays; of `no-cache` the new answer is.
    assert_eq!(from(&ask_with(&mut client, ("cache-control", "no-store"), r#"{"x": 6}"#)), "miss");
    assert_eq!(ask(&mut client, "/predict_cached", r#"{"x": 6}"#), "miss");
    assert_eq!(from(&ask_with(&mut client, ("cache-control", "no-cache"), r#"{"x": 7}"#)), "miss");
    assert_eq!(ask(&mut client, "/predict_cached", r#"{"x": 7}"#), "hit");
    // Where there is nothing to be too old, one run is enough.
    cached.script.take_runs();
    for value in ["no-cache", "no-store", "max-age=0"] {
        let body = format!(r#"{{"x": 8{}}}"#, value.len());
        let answer = ask_with(&mut client, ("cache-control", value), &body);
        assert_eq!((from(&answer), cached.script.take_runs()), ("miss", 1), "{value}");
    }
}

#[test]
fn a_new_answer_takes_the_place_of_the_old() {
    let cached = cached("", &[("CACHE_TTL", "3600")]);
    let mut client = cached.server.client();
    let spellings = [r#"{"x": 5}"#, r#"{ "x": 5.0 }"#];
    for row in spellings {
        ask(&mut client, "/predict_cached", row);
    }
    let [row, _] = spellings;
    let old = || age(&cached.server.client().post("/predict_cached", row.as_bytes())).filter(|age| *age >= 1);
    eventually("an old answer", old);
    let begin = Instant::now();
    ask_with(&mut client, ("cache-control", "no-cache"), row);
    // Whoever asks byte for byte as before gets the new one, too, however that was.
    for row in spellings {
        let answer = client.post("/predict_cached", row.as_bytes());
        assert_eq!(from(&answer), "hit");
        assert!(age(&answer).is_some_and(|age| age <= begin.elapsed().as_secs()), "{row} is {:?} old", age(&answer));
    }
}

/// What is answered before it gets to a route is held to the same rules.
#[test]
fn what_was_answered_before_is_asked_like_everything_else() {
    let settings = [("LIMITS__JSON_BYTES", "1024"), ("SERVER__BODY_TIMEOUT_S", "1")];
    let cached = cached("", &settings);
    let mut client = cached.server.client();
    let row = r#"{"x": 5}"#;
    assert_eq!([(); 3].map(|()| ask(&mut client, "/predict_cached", row)), ["miss", "hit", "hit"]);
    assert_eq!(cached.script.take_runs(), 1);
    // The same bytes elsewhere, by another way, or as something else. A refusal may close the connection.
    let client = || cached.server.client();
    let batch = client().post("/predict_batch", row.as_bytes());
    assert_eq!((batch.status, batch.code().as_str()), (422, "VALIDATION_ERROR"));
    assert_eq!(client().post("/nowhere", row.as_bytes()).code(), "NOT_FOUND");
    assert_eq!(client().request("PUT", "/predict_cached", &[], row.as_bytes()).code(), "METHOD_NOT_ALLOWED");
    assert_eq!(from(&client().post("/predict", row.as_bytes())), "absent");
    for (header, code) in [
        (("content-type", "text/plain"), "UNSUPPORTED_MEDIA_TYPE"),
        (("content-encoding", "gzip"), "UNSUPPORTED_MEDIA_TYPE"),
        (("x-request-timeout-ms", "soon"), "VALIDATION_ERROR"),
    ] {
        let answer = client().request("POST", "/predict_cached", &[header], row.as_bytes());
        assert_eq!(answer.code(), code, "{header:?}");
    }
    let padded = |bytes: usize| format!("{row:bytes$}").into_bytes();
    assert_eq!(client().post("/predict_cached", &padded(1024)).status, 200);
    assert_eq!(client().post("/predict_cached", &padded(1025)).code(), "PAYLOAD_TOO_LARGE");
    // A body that does not come.
    let mut slow = cached.server.client();
    slow.send(b"POST /predict_cached HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 8\r\n\r\n{\"x\"");
    let answer = slow.answer(false);
    assert_eq!((answer.status, answer.code().as_str()), (408, "REQUEST_TIMEOUT"));
    assert!(slow.is_closed());
}

fn pictures(folder: &Path, name: &str, manifest: &str) {
    fs::create_dir_all(folder.join(name).join("1")).expect("a folder");
    fs::write(folder.join(name).join("1/model.onnx"), small_model("conv")).expect("a file");
    let picture = "task = \"image-classification\"\n[image]\nsize = { width = 8, height = 8 }\n";
    fs::write(folder.join(name).join("1/model.toml"), format!("{picture}{manifest}")).expect("a file");
}

#[test]
fn a_manifest_keeps_the_answers_of_all_routes() {
    let cached = cached("[cache]\nttl = 600\n", &[]);
    let mut client = cached.server.client();
    let (row, batch) = (r#"{"x": 5}"#, r#"{"instances": [{"x": 5}, {"x": 6}]}"#);
    for (path, body) in [
        ("/predict", row),
        ("/predict_batch", batch),
        ("/predict_batch", r#"{"instances": [{"x": 6}, {"x": 5}]}"#),
        ("/predict_batch", r#"{"instances": [{"x": 5}]}"#),
    ] {
        assert_eq!([(); 2].map(|()| ask(&mut client, path, body)), ["miss", "hit"], "{path} {body}");
    }
    for path in ["/predict/latest", "/predict_cached", "/models/m/predict", "/models/m/versions/1/predict"] {
        assert_eq!(ask(&mut client, path, row), "hit", "{path}");
    }
    for path in ["/models/m/predict_batch", "/models/m/versions/1/predict_batch"] {
        assert_eq!(ask(&mut client, path, batch), "hit", "{path}");
    }
    assert_eq!(ask(&mut client, "/models/other/predict", row), "absent");
    assert_eq!(ask(&mut client, "/models/other/predict_batch", batch), "absent");
}

#[test]
fn tensors_are_kept_whatever_the_format() {
    let cached = cached("[cache]\nttl = 600\n", &[]);
    let mut client = cached.server.client();
    let mut infer = |model: &str, x: f64, more: &Value| {
        let mut body = json!({"inputs": [{"name": "x", "shape": [1, 1], "datatype": "FP32", "data": [x]}]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = client.post(&format!("/v2/models/{model}/infer"), body.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{more}: {:?}", String::from_utf8_lossy(&answer.body));
        (from(&answer).to_owned(), answer.body)
    };
    let binary = json!({"outputs": [{"name": "y", "parameters": {"binary_data": true}}]});
    assert_eq!(infer("m", 5.0, &json!({})).0, "miss");
    let (found, body) = infer("m", 5.0, &json!({"id": "seven"}));
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!((found.as_str(), &body["id"], &body["outputs"][0]["data"]), ("hit", &json!("seven"), &json!([10.0])));
    let (found, body) = infer("m", 5.0, &binary);
    assert!(found == "hit" && body.ends_with(&10_f32.to_le_bytes()), "{found}");
    assert_eq!(infer("m", 6.0, &binary).0, "miss");
    assert_eq!(cached.script.take_runs(), 2);
    for _ in 0..2 {
        let (found, body) = infer("m", 14.0, &binary);
        assert!(found == "miss" && f32::from_le_bytes(*body.last_chunk().unwrap()).is_nan(), "{found}");
    }
    assert_eq!((infer("other", 5.0, &binary).0.as_str(), cached.script.take_runs()), ("absent", 3));
    // What tensors left is nothing for rows.
    assert_eq!(ask(&mut client, "/predict", r#"{"x": 5}"#), "miss");
}

#[test]
fn pictures_are_kept_by_their_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    pictures(folder.path(), "kept", "[cache]\nttl = 600\n");
    pictures(folder.path(), "plain", "");
    let server = TestServer::start(folder.path(), &[("MODELS__DEFAULT", "kept")], loaders());
    let mut client = server.client();
    let [png, jpeg] = ["cat.png", "cat.jpg"].map(small_picture);
    let mut form = |path: &str, pictures: &[&[u8]], boundary: &str| {
        let mut body = Vec::new();
        for picture in pictures {
            let head = format!(
                "--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{boundary}\"\r\n\r\n"
            );
            body.extend([head.as_bytes(), picture, b"\r\n"].concat());
        }
        body.extend(format!("--{boundary}--\r\n").into_bytes());
        let kind = format!("multipart/form-data; boundary={boundary}");
        let answer = client.request("POST", path, &[("content-type", &kind)], &body);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        (from(&answer).to_owned(), answer.text())
    };
    for (path, pictures) in [
        ("/predict_image", &[&png[..]][..]),
        ("/predict_image", &[&jpeg]),
        ("/predict_image?top_k=1", &[&png]),
        ("/predict_image?top_k=all", &[&png]),
        ("/predict_image_batch", &[&png]),
        ("/predict_image_batch", &[&png, &jpeg]),
        ("/predict_image_batch", &[&jpeg, &png]),
        ("/predict_image_batch?top_k=1", &[&png, &jpeg]),
    ] {
        let (first, second) = (form(path, pictures, "a0"), form(path, pictures, "b1"));
        assert_eq!((first.0.as_str(), second.0.as_str()), ("miss", "hit"), "{path}");
        assert_eq!(first.1, second.1, "{path}");
    }
    assert_eq!(form("/models/kept/versions/1/predict_image", &[&png], "c2").0, "hit");
    assert_eq!(form("/models/plain/predict_image", &[&png], "c2").0, "absent");
    let base64 = |picture: &[u8]| json!({"image_data": STANDARD.encode(picture)}).to_string();
    assert_eq!([(); 2].map(|()| ask(&mut client, "/predict_image_base64", &base64(&png))), ["miss", "hit"]);
    let spelled = base64(&png).replace('/', "\\/").replace(':', " : ");
    assert_eq!(ask(&mut client, "/predict_image_base64", &spelled), "hit");
    let told = client.post("/predict_image_base64?top_k=1", base64(&png).as_bytes());
    assert!(told.json().get("all_scores").is_some(), "{}", told.text());
    let untold = client.post("/predict_image_base64", base64(&png).as_bytes());
    assert_eq!((from(&untold), untold.json().get("all_scores")), ("hit", None));
    assert_eq!(ask(&mut client, "/models/plain/predict_image_base64", &base64(&png)), "absent");
}

#[test]
fn an_answer_is_forgotten_in_time() {
    // Those of a manifest count for both routes.
    for (manifest, settings) in [("", &[("CACHE_TTL", "1")][..]), ("[cache]\nttl = 1\n", &[])] {
        let cached = cached(manifest, settings);
        let mut client = cached.server.client();
        let row = r#"{"x": 5}"#;
        let began = Instant::now();
        assert_eq!(ask(&mut client, "/predict_cached", row), "miss");
        let forgotten = || {
            let answer = cached.server.client().post("/predict_cached", row.as_bytes());
            assert!(age(&answer).is_none_or(|age| age < 1), "too old: {:?}", answer.headers);
            (from(&answer) == "miss").then_some(())
        };
        eventually("a new answer", forgotten);
        assert!(began.elapsed() >= Duration::from_secs(1), "too soon");
        assert_eq!(cached.script.take_runs(), 2);
    }
}

#[test]
fn errors_and_parts_are_not_kept() {
    let cached = cached("[cache]\nttl = 600\n", &[]);
    let mut client = cached.server.client();
    for (path, body, status) in [
        ("/predict", NO_NUMBER, 500),
        ("/predict_cached", NO_NUMBER, 500),
        ("/predict", PANIC, 500),
        ("/predict_batch", r#"{"instances": [{"x": 1}, {"x": 14}]}"#, 200),
    ] {
        for _ in 0..3 {
            cached.script.take_runs();
            let answer = client.post(path, body.as_bytes());
            assert_eq!(answer.status, status, "{}", answer.text());
            assert!(matches!(from(&answer), "absent" | "miss"), "{path} {body}: {}", from(&answer));
            assert_eq!(age(&answer), None, "{path} {body}");
            assert!(cached.script.take_runs() >= 1, "{path} {body} did not run");
        }
    }
    let batch = client.post("/predict_batch", br#"{"instances": [{"x": 1}, {"x": 14}]}"#).json();
    assert_eq!(
        (&batch["status"], &batch["predictions"][1]["error_code"]),
        (&json!("partial"), &json!("NON_FINITE_OUTPUT"))
    );
}

/// A request whose answer is not waited for.
fn send(client: &mut Client, path: &str, headers: &str, body: &str) {
    let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\n{headers}content-length: {}\r\n\r\n", body.len());
    client.send(format!("{head}{body}").as_bytes());
}

/// P33 of the reliability promises: equal questions at the same time are one run.
#[test]
fn a_thousand_equal_questions_run_once() {
    const CLIENTS: usize = 250;
    const EACH: usize = 4;
    let cached = cached("", &[("CACHE__TTL_S", "3600")]);
    cached.script.hold_next();
    let mut clients: Vec<Client> = (0..CLIENTS).map(|_| cached.server.client()).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        for turn in 0..EACH {
            // The same question, in two spellings.
            let body = if (number + turn) % 2 == 0 { HELD } else { "{ \"x\" : -4096 }" };
            send(client, "/predict_cached", "", body);
        }
    }
    cached.script.wait_until_held();
    cached.script.let_go();
    let mut found = BTreeMap::<String, usize>::new();
    for client in &mut clients {
        for _ in 0..EACH {
            let answer = client.answer(false);
            assert_eq!((answer.status, &answer.json()["prediction"]), (200, &json!(-8192.0)), "{}", answer.text());
            *found.entry(from(&answer).to_owned()).or_default() += 1;
        }
    }
    assert_eq!(cached.script.take_runs(), 1, "{found:?}");
    assert_eq!(found.get("miss"), Some(&1), "{found:?}");
    assert_eq!(found.keys().filter(|key| !matches!(key.as_str(), "miss" | "shared" | "hit")).count(), 0, "{found:?}");
    assert_eq!(found.values().sum::<usize>(), CLIENTS * EACH);
}

#[test]
fn one_who_is_in_a_hurry_does_not_spoil_it_for_the_others() {
    let cached = cached("", &[]);
    cached.script.hold_next();
    let mut hurried = cached.server.client();
    send(&mut hurried, "/predict_cached", "x-request-timeout-ms: 300\r\n", HELD);
    cached.script.wait_until_held();
    let mut others: Vec<Client> = (0..20).map(|_| cached.server.client()).collect();
    others.iter_mut().for_each(|client| send(client, "/predict_cached", "", HELD));
    let late = hurried.answer(false);
    assert_eq!((late.status, late.code().as_str()), (504, "DEADLINE_EXCEEDED"), "{}", late.text());
    cached.script.let_go();
    for client in &mut others {
        let answer = client.answer(false);
        assert_eq!((answer.status, &answer.json()["prediction"]), (200, &json!(-8192.0)), "{}", answer.text());
    }
    assert!(cached.script.take_runs() <= 2);
}

#[test]
fn one_who_leaves_does_not_spoil_it_for_the_others() {
    let cached = cached("", &[]);
    cached.script.hold_next();
    let mut leaving = cached.server.client();
    send(&mut leaving, "/predict_cached", "", HELD);
    cached.script.wait_until_held();
    let mut other = cached.server.client();
    send(&mut other, "/predict_cached", "", HELD);
    drop(leaving);
    cached.script.let_go();
    let answer = other.answer(false);
    assert_eq!((answer.status, &answer.json()["prediction"]), (200, &json!(-8192.0)), "{}", answer.text());
    assert!(cached.script.take_runs() <= 2);
}

/// One who waits for the run of another is not kept longer than he wants.
#[test]
fn waiting_for_another_has_an_end() {
    let cached = cached("", &[]);
    cached.script.hold_next();
    let mut first = cached.server.client();
    send(&mut first, "/predict_cached", "", HELD);
    cached.script.wait_until_held();
    let mut hurried = cached.server.client();
    send(&mut hurried, "/predict_cached", "x-request-timeout-ms: 100\r\n", HELD);
    assert_eq!(hurried.answer(false).code(), "DEADLINE_EXCEEDED");
    cached.script.let_go();
    assert_eq!((first.answer(false).status, cached.script.take_runs()), (200, 1));
}

/// P34 of the reliability promises: other weights under the same version answer for themselves.
#[test]
fn a_reloaded_model_answers_for_itself() {
    let (script, folder) = (Script::new(), tempfile::tempdir().expect("a folder"));
    write(folder.path(), "m", 2.0, "");
    let settings = [("MODELS__CONTROL", "explicit"), ("SERVER__COMPUTE_THREADS", "4")];
    let server = TestServer::start(folder.path(), &settings, script.loaders());
    let mut client = server.client();
    let reload = |factor: f32, manifest: &str| {
        write(folder.path(), "m", factor, manifest);
        let answer = server.client().post("/v2/repository/models/m/load", b"");
        assert_eq!(answer.status, 200, "{}", answer.text());
    };
    let seen = |client: &mut Client, row: &str| {
        let answer = client.post("/predict_cached", row.as_bytes());
        (from(&answer).to_owned(), answer.json()["prediction"].as_f64().expect("a number"))
    };
    let row = r#"{"x": 5}"#;
    assert_eq!([(); 2].map(|()| seen(&mut client, row)), [("miss".to_owned(), 10.0), ("hit".to_owned(), 10.0)]);
    // One that runs meanwhile is answered by the old weights, and leaves nothing to the new ones.
    script.hold_next();
    let mut held = server.client();
    send(&mut held, "/predict_cached", "", HELD);
    script.wait_until_held();
    let reloading = AtomicBool::new(true);
    thread::scope(|scope| {
        scope.spawn(|| {
            reload(7.0, "");
            reloading.store(false, Ordering::SeqCst);
        });
        let new = || {
            let answer = server.client().post("/predict_cached", br#"{"x": 1}"#).json();
            let prediction = answer["prediction"].as_f64().expect("a number");
            assert!(prediction == 2.0 || prediction == 7.0, "{answer}");
            (prediction == 7.0).then_some(())
        };
        eventually("the new weights", new);
        assert_eq!(seen(&mut server.client(), HELD).1, -28672.0, "it waited for the old weights");
        script.let_go();
    });
    assert!(!reloading.load(Ordering::SeqCst));
    assert_eq!(held.answer(false).json()["prediction"], -8192.0);
    assert_eq!([(); 2].map(|()| seen(&mut client, row)), [("miss".to_owned(), 35.0), ("hit".to_owned(), 35.0)]);
    assert_eq!(seen(&mut client, HELD), ("hit".to_owned(), -28672.0));
    // The old ones come back, and what they answered is still right.
    reload(2.0, "");
    assert_eq!(seen(&mut client, row), ("hit".to_owned(), 10.0));
    // The manifest is part of what decides.
    reload(2.0, "# another\n");
    assert_eq!(seen(&mut client, row), ("miss".to_owned(), 10.0));
}

/// Asks for one question after the other until one is answered like this.
fn until_found(server: &TestServer, wanted: &str, mut row: impl FnMut() -> String) {
    let look = || {
        let answer = server.client().post("/predict_cached", row().as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
        (from(&answer) == wanted).then_some(())
    };
    eventually(wanted, look);
}

fn is_degraded(server: &TestServer) -> bool {
    let health = server.client().get("/health");
    assert_eq!(health.status, 200, "{}", health.text());
    let health = health.json();
    match health.get("degraded") {
        None => false,
        Some(list) => {
            assert_eq!(list, &json!(["cache"]), "{health}");
            true
        }
    }
}

fn wait_for_health(server: &TestServer, degraded: bool) {
    eventually("another health", || (is_degraded(server) == degraded).then_some(()));
}

/// A server with Redis for its answers. A busy machine may be slow to answer.
fn with_redis(url: &str) -> Cached {
    let settings =
        [("REDIS_URL", url), ("TASKS__STORE", "sqlite"), ("CACHE__REDIS_TIMEOUT_MS", "1000"), ("CACHE_TTL", "600")];
    cached("", &settings)
}

/// A connection of the test's own.
fn connect(server: &RedisServer) -> Connection {
    redis::Client::open(server.url()).unwrap().get_connection().unwrap()
}

/// The names of all answers that are kept.
fn keys(connection: &mut Connection) -> Vec<Vec<u8>> {
    connection.keys("ferrocast:cache:*").unwrap()
}

#[test]
fn servers_share_answers() {
    let redis = RedisServer::start(&[]);
    let [first, second] = [with_redis(&redis.url()), with_redis(&redis.url())];
    wait_for_health(&first.server, false);
    wait_for_health(&second.server, false);
    let row = r#"{"x": 5}"#;
    let made = first.server.client().post("/predict_cached", row.as_bytes());
    assert_eq!(from(&made), "miss");
    let mut raw = connect(&redis);
    eventually("a key", || (keys(&mut raw).len() == 1).then_some(()));
    let found = second.server.client().post("/predict_cached", br#"{ "x": 5.0 }"#);
    assert_eq!((from(&found), &found.body), ("remote", &made.body));
    assert!(age(&found).is_some());
    assert_eq!(second.script.take_runs(), 0);
    assert_eq!(ask(&mut second.server.client(), "/predict_cached", row), "hit");
    // It lives no longer there than here.
    let key = &keys(&mut raw)[0];
    let left: u64 = redis::cmd("PTTL").arg(key).query(&mut raw).unwrap();
    assert!((1..=600_000).contains(&left), "{left}");
}

#[test]
fn what_was_tampered_with_is_no_answer() {
    let redis = RedisServer::start(&[]);
    let first = with_redis(&redis.url());
    wait_for_health(&first.server, false);
    let row = r#"{"x": 5}"#;
    let good = first.server.client().post("/predict_cached", row.as_bytes());
    let mut raw = connect(&redis);
    let key = eventually("a key", || keys(&mut raw).pop());
    let value: Vec<u8> = raw.get(&key).unwrap();
    assert!(value.ends_with(&good.body));
    let mut forged = value.clone();
    let at = forged.len() - good.body.len() + good.text().find("10.0").expect("the number");
    forged[at] = b'9';
    let cut = value[..value.len() - 1].to_vec();
    let mut longer = value.clone();
    longer.push(b' ');
    // Of another question.
    ask(&mut first.server.client(), "/predict_cached", r#"{"x": 6}"#);
    let other = eventually("another key", || keys(&mut raw).into_iter().find(|other| *other != key));
    let foreign: Vec<u8> = raw.get(&other).unwrap();
    for (what, bad) in [
        ("forged", forged),
        ("cut", cut),
        ("longer", longer),
        ("foreign", foreign),
        ("empty", Vec::new()),
        ("JSON", br#"{"prediction":9}"#.to_vec()),
        ("noise", vec![0xff; 4096]),
    ] {
        let () = raw.set(&key, &bad).unwrap();
        let second = with_redis(&redis.url());
        wait_for_health(&second.server, false);
        let answer = second.server.client().post("/predict_cached", row.as_bytes());
        assert_eq!((answer.status, from(&answer), &answer.body), (200, "miss", &good.body), "{what}");
    }
    // A key of another type.
    let () = raw.del(&key).unwrap();
    let () = raw.lpush(&key, "x").unwrap();
    let third = with_redis(&redis.url());
    wait_for_health(&third.server, false);
    let answer = third.server.client().post("/predict_cached", row.as_bytes());
    assert_eq!((answer.status, from(&answer), &answer.body), (200, "miss", &good.body));
}

/// P32 of the reliability promises, but for its figures: whatever Redis does, every request is answered.
#[test]
fn redis_may_come_and_go() {
    let mut redis = RedisServer::start(&[]);
    let cached = with_redis(&redis.url());
    let server = &cached.server;
    wait_for_health(server, false);
    let (stop, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    // Whatever happens here, the others must end.
    struct Stops<'a>(&'a AtomicBool);
    impl Drop for Stops<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    thread::scope(|scope| {
        let stops = Stops(&stop);
        for _ in 0..3 {
            scope.spawn(|| {
                let mut client = server.client();
                while !stop.load(Ordering::Relaxed) {
                    let n = 100 + asked.fetch_add(1, Ordering::Relaxed) / 3;
                    let answer = client.post("/predict_cached", format!(r#"{{"x": {n}}}"#).as_bytes());
                    assert_eq!(answer.status, 200, "{}", answer.text());
                    assert_eq!(answer.json()["prediction"], 2.0 * n as f64);
                    thread::sleep(Duration::from_millis(2));
                }
            });
        }
        for _ in 0..2 {
            redis.kill();
            wait_for_health(server, true);
            redis.start_again();
            wait_for_health(server, false);
            redis.stop();
            wait_for_health(server, true);
            redis.go_on();
            wait_for_health(server, false);
        }
        drop(stops);
    });
    assert!(asked.into_inner() > 100, "hardly anything was asked");
    // It is of use again.
    let mut n = 0;
    let second = with_redis(&redis.url());
    wait_for_health(&second.server, false);
    until_found(&second.server, "remote", || {
        n += 1;
        let row = format!(r#"{{"x": -{n}}}"#);
        ask(&mut server.client(), "/predict_cached", &row);
        row
    });
}

#[test]
fn a_server_starts_without_its_redis() {
    let cached = with_redis(&format!("redis://127.0.0.1:{}", free_port()));
    let server = &cached.server;
    assert!(is_degraded(server));
    let mut client = server.client();
    let row = r#"{"x": 5}"#;
    assert_eq!([(); 2].map(|()| ask(&mut client, "/predict_cached", row)), ["miss", "hit"]);
    assert_eq!(cached.script.take_runs(), 1);
    let body: Value = client.get("/health").json();
    assert_eq!((&body["status"], &body["model_loaded"]), (&json!("healthy"), &json!(true)), "{body}");
}
