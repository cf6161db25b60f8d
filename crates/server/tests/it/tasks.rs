//! Predictions that are made later: handed in, done, asked for, called off, and found again after a restart.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ferrocast_server::loaders;
use ferrocast_testkit::{RedisServer, small_model, small_picture};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Answer, Client};
use crate::errors::assert_is_honest;
use crate::scripted::{HELD, NO_NUMBER, PANIC, Script, eventually, write};
use crate::server::{PENGUIN, TestServer, samples};

/// Hands something in that must be taken.
pub(crate) fn submit(client: &mut Client, path: &str, body: &str) -> String {
    let answer = client.post(path, body.as_bytes());
    assert_eq!(answer.status, 202, "{path}: {}", answer.text());
    answer.json()["task_id"].as_str().expect("a name").to_owned()
}

pub(crate) fn status(client: &mut Client, id: &str) -> Value {
    let answer = client.get(&format!("/prediction_status/{id}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// The status of a task once it is in this state.
pub(crate) fn when(client: &mut Client, id: &str, state: &str) -> Value {
    let mut last = Value::Null;
    let look = || {
        last = status(client, id);
        let is_other_end = last["status"] != "processing" && last["state"] != state;
        assert!(!is_other_end, "not {state}: {last}");
        (last["state"] == state).then(|| last.clone())
    };
    eventually(&format!("{id} {state}"), look)
}

fn delete(client: &mut Client, id: &str) -> Answer {
    client.request("DELETE", &format!("/prediction_status/{id}"), &[], b"")
}

fn list(client: &mut Client, query: &str) -> Value {
    let answer = client.get(&format!("/prediction_status{query}"));
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.json()
}

fn ids(list: &Value) -> Vec<String> {
    let tasks = list["tasks"].as_array().expect("a list").iter();
    tasks.map(|task| task["task_id"].as_str().expect("a name").to_owned()).collect()
}

/// A server of the scripted models `m` and `other`, the first of which is the default, and whose tasks are kept in `file`.
struct Scripted {
    server: TestServer,
    script: Script,
    folder: TempDir,
}

impl Scripted {
    fn start(settings: &[(&str, &str)]) -> Scripted {
        let (script, folder) = (Script::new(), tempfile::tempdir().expect("a folder"));
        write(&folder.path().join("models"), "m", 2.0, "");
        write(&folder.path().join("models"), "other", 3.0, "");
        let server = Scripted::serve(&script, folder.path(), settings, TestServer::start);
        Scripted { server, script, folder }
    }

    fn serve(
        script: &Script,
        folder: &Path,
        settings: &[(&str, &str)],
        start: fn(&Path, &[(&str, &str)], ferrocast_pipeline::Loaders) -> TestServer,
    ) -> TestServer {
        let path = folder.join("data/tasks.db");
        let own = [("MODELS__DEFAULT", "m"), ("SERVER__COMPUTE_THREADS", "2"), ("TASKS__PATH", path.to_str().unwrap())];
        start(&folder.join("models"), &[&own, settings].concat(), script.loaders())
    }

    /// Stops it, and starts another one in its place.
    fn restart(self, settings: &[(&str, &str)]) -> Scripted {
        let Scripted { server, script, folder } = self;
        drop(server);
        let server = Scripted::serve(&script, folder.path(), settings, TestServer::start);
        Scripted { server, script, folder }
    }

    fn client(&self) -> Client {
        self.server.client()
    }

    /// Hands in what occupies the model until it is let go.
    fn hold(&self) -> String {
        self.script.hold_next();
        let id = submit(&mut self.client(), "/predict_async", HELD);
        self.script.wait_until_held();
        id
    }
}

fn is_uuid_v4(text: &str) -> bool {
    let is_hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.chars().all(is_hex))
        && parts[2].starts_with('4')
        && parts[3].starts_with(['8', '9', 'a', 'b'])
}

#[test]
fn a_task_ends_with_what_predict_answers() {
    let server = TestServer::start(&samples(), &[("MODELS__DEFAULT", "penguins")], loaders());
    let mut client = server.client();
    for path in [
        "/predict",
        "/models/penguins/predict",
        "/models/penguins/versions/1/predict",
        "/models/penguins/versions/v2/predict",
        "/models/penguins/versions/latest/predict",
    ] {
        let now = client.post(path, PENGUIN.as_bytes());
        assert_eq!(now.status, 200, "{path}: {}", now.text());
        let accepted = client.post(&path.replace("predict", "predict_async"), PENGUIN.as_bytes());
        assert_eq!(accepted.status, 202, "{path}: {}", accepted.text());
        assert_eq!(accepted.header("content-type"), Some("application/json"), "{path}");
        let id = accepted.json()["task_id"].as_str().expect("a name").to_owned();
        assert!(is_uuid_v4(&id), "{id}");
        let expected = format!(r#"{{"task_id":"{id}","status":"accepted","message":"Prediction task started"}}"#);
        assert_eq!(accepted.text(), expected, "{path}");
        let ended = when(&mut client, &id, "done");
        assert_eq!(ended["status"], "completed", "{path}");
        assert_eq!((&ended["result"], &ended["prediction"]), (&now.json(), &now.json()["prediction"]), "{path}");
        let result = format!(r#""result":{}"#, now.text());
        let text = client.get(&format!("/prediction_status/{id}")).text();
        assert!(text.contains(&result), "{path}: not as it was written: {text}");
        assert_eq!((&ended["attempts"], &ended["model"]), (&json!(1), &json!("penguins")), "{path}");
        assert_eq!(ended["version"], now.json()["version"], "{path}");
        assert_eq!(ended["timestamp"], ended["finished_at"], "{path}");
        for time in ["timestamp", "accepted_at", "started_at", "finished_at"] {
            let time = ended[time].as_str().unwrap_or_default();
            assert!(time.len() == 24 && time.starts_with("20") && time.ends_with('Z'), "{path} {time:?}");
        }
        let known = client.get(&format!("/models/penguins/prediction_status/{id}"));
        assert_eq!((known.status, known.json()), (200, ended), "{path}");
        let foreign = client.get(&format!("/models/auto-mpg/prediction_status/{id}"));
        assert_eq!((foreign.status, foreign.code().as_str()), (404, "TASK_NOT_FOUND"), "{path}");
    }
}

#[test]
fn a_task_is_processing_until_it_has_ended() {
    let scripted = Scripted::start(&[("TASKS__WORKERS", "1")]);
    let mut client = scripted.client();
    let first = scripted.hold();
    let second = submit(&mut client, "/predict_async", r#"{"x": 3}"#);
    let running = status(&mut client, &first);
    assert_eq!((&running["status"], &running["state"]), (&json!("processing"), &json!("running")), "{running}");
    assert_eq!((&running["attempts"], &running["timestamp"]), (&json!(1), &running["started_at"]), "{running}");
    let queued = status(&mut client, &second);
    assert_eq!((&queued["status"], &queued["state"]), (&json!("processing"), &json!("queued")), "{queued}");
    assert_eq!((&queued["attempts"], &queued["timestamp"]), (&json!(0), &queued["accepted_at"]), "{queued}");
    for absent in ["prediction", "result", "version", "error", "error_code", "finished_at", "callback"] {
        assert_eq!((running.get(absent), queued.get(absent)), (None, None), "{absent}");
    }
    scripted.script.let_go();
    assert_eq!(when(&mut client, &first, "done")["prediction"], -8192.0);
    assert_eq!(when(&mut client, &second, "done")["prediction"], 6.0);
}

#[test]
fn what_predict_refuses_is_refused_at_once() {
    let server = TestServer::start(&samples(), &[("MODELS__DEFAULT", "penguins")], loaders());
    let mut client = server.client();
    for body in [
        "{}",
        "[]",
        "{",
        "null",
        r#"{"bill_length_mm": 50.0, "bill_depth_mm": -1, "island": "Atlantis", "flipper_length_mm": 2.5}"#,
    ] {
        let (now, later) = (client.post("/predict", body.as_bytes()), client.post("/predict_async", body.as_bytes()));
        assert_is_honest(&later, body);
        assert_eq!((later.status, &later.json()["details"]), (422, &now.json()["details"]), "{body}");
        assert_eq!((now.status, now.code()), (later.status, later.code()), "{body}");
    }
    let number = PENGUIN.replace('}', r#", "callback_url": 7}"#);
    let answer = client.post("/predict_async", number.as_bytes());
    assert_eq!((answer.status, &answer.json()["details"][0]["loc"]), (422, &json!(["body", "callback_url"])));
    for (path, code) in [
        ("/models/nobody/predict_async", "MODEL_NOT_FOUND"),
        ("/models/penguins/versions/9/predict_async", "VERSION_NOT_FOUND"),
    ] {
        let answer = server.client().post(path, PENGUIN.as_bytes());
        assert_eq!((answer.status, answer.code().as_str()), (404, code));
    }
    assert_eq!(list(&mut client, "")["tasks"], json!([]), "something was stored");
    let null = PENGUIN.replace('}', r#", "callback_url": null}"#);
    let id = submit(&mut client, "/predict_async", &null);
    assert_eq!(when(&mut client, &id, "done").get("callback"), None);
}

/// A row is as large as `/predict` takes it, and no larger.
#[test]
fn a_row_has_the_limit_of_rows() {
    let settings = [("MODELS__DEFAULT", "penguins"), ("LIMITS__JSON_BYTES", "1024")];
    let server = TestServer::start(&samples(), &settings, loaders());
    for spaces in [1024 - PENGUIN.len(), 1025 - PENGUIN.len()] {
        let body = format!("{}{PENGUIN}", " ".repeat(spaces));
        let now = server.client().post("/predict", body.as_bytes());
        let later = server.client().post("/predict_async", body.as_bytes());
        let expected = if body.len() > 1024 { (413, 413) } else { (200, 202) };
        assert_eq!((now.status, later.status), expected, "{} bytes: {}", body.len(), later.text());
    }
}

/// The model of pictures of these tests: eight by eight pixels, two classes.
const PICTURES: &str = "task = \"image-classification\"\n[image]\nsize = { width = 8, height = 8 }\n";

fn form(parts: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, kind, content) in parts {
        let file = if kind.is_empty() { String::new() } else { format!("; filename=\"p\"\r\ncontent-type: {kind}") };
        let head = format!("--a0b1c2\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend([head.as_bytes(), content, b"\r\n"].concat());
    }
    body.extend(b"--a0b1c2--\r\n");
    body
}

fn post_form(server: &TestServer, path: &str, body: &[u8]) -> Answer {
    server.client().request("POST", path, &[("content-type", "multipart/form-data; boundary=a0b1c2")], body)
}

#[test]
fn pictures_are_predicted_later() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("pets/1")).expect("a folder");
    fs::write(folder.path().join("pets/1/model.onnx"), small_model("conv")).expect("a file");
    fs::write(folder.path().join("pets/1/model.toml"), PICTURES).expect("a file");
    fs::write(folder.path().join("rows.onnx"), small_model("mlp")).expect("a file");
    let server = TestServer::start(folder.path(), &[("MODELS__DEFAULT", "rows")], loaders());
    let mut client = server.client();
    let picture = small_picture("cat.png");
    let good = form(&[("file", "image/png", &picture)]);
    for path in [
        "/predict_image",
        "/predict_image?top_k=1",
        "/models/pets/predict_image",
        "/models/pets/versions/1/predict_image",
    ] {
        let now = post_form(&server, path, &good);
        assert_eq!(now.status, 200, "{path}: {}", now.text());
        let later = post_form(&server, &path.replace("predict_image", "predict_async"), &good);
        assert_eq!(later.status, 202, "{path}: {}", later.text());
        let ended = when(&mut client, later.json()["task_id"].as_str().unwrap(), "done");
        assert_eq!((&ended["result"], &ended["prediction"]), (&now.json(), &now.json()["predicted_class"]), "{path}");
        assert_eq!(ended["model"], "pets", "{path}");
    }
    let base64 = |bytes: &[u8]| json!({"image_data": STANDARD.encode(bytes)}).to_string();
    let now = client.post("/models/pets/predict_image_base64", base64(&picture).as_bytes());
    let id = submit(&mut client, "/models/pets/predict_async", &base64(&picture));
    assert_eq!(when(&mut client, &id, "done")["result"], now.json());

    let known = list(&mut client, "")["tasks"].as_array().map(Vec::len);
    for (what, body) in [
        ("text", form(&[("file", "image/png", b"I am a cat")])),
        ("half a picture", form(&[("file", "image/png", &picture[..picture.len() / 2])])),
        ("nothing", form(&[("file", "image/png", b"")])),
        ("text by its type", form(&[("file", "text/plain", &picture)])),
        ("two pictures", form(&[("file", "image/png", &picture), ("file", "image/png", &picture)])),
        ("another part", form(&[("note", "", b"x"), ("file", "image/png", &picture)])),
        ("no part", form(&[])),
    ] {
        let (now, later) = (post_form(&server, "/predict_image", &body), post_form(&server, "/predict_async", &body));
        assert_is_honest(&later, what);
        let told = |answer: &Answer| (answer.status, answer.code(), answer.json()["error"].clone());
        assert_eq!(told(&later), told(&now), "{what}");
    }
    for body in [base64(b"I am a cat"), r#"{"image_data": "?"}"#.to_owned(), "{}".to_owned()] {
        let now = client.post("/models/pets/predict_image_base64", body.as_bytes());
        let later = client.post("/models/pets/predict_async", body.as_bytes());
        assert_eq!((later.status, later.code()), (now.status, now.code()), "{body}");
    }
    let rows = post_form(&server, "/models/rows/predict_async", &good);
    assert_eq!((rows.status, rows.code().as_str()), (400, "INPUT_MISMATCH"));
    assert_eq!(list(&mut client, "")["tasks"].as_array().map(Vec::len), known, "something was stored");
}

#[test]
fn tasks_are_listed_page_by_page() {
    let scripted = Scripted::start(&[("TASKS__WORKERS", "1")]);
    let mut client = scripted.client();
    let held = scripted.hold();
    let mut all = vec![held.clone()];
    for n in 0..6 {
        let path = if n % 2 == 0 { "/models/other/predict_async" } else { "/predict_async" };
        all.insert(0, submit(&mut client, path, &format!(r#"{{"x": {n}}}"#)));
    }
    assert_eq!(ids(&list(&mut client, "")), all);
    assert_eq!(list(&mut client, "").get("next"), None);
    assert_eq!(ids(&list(&mut client, "?state=running")), std::slice::from_ref(&held));
    assert_eq!(ids(&list(&mut client, "?state=queued")), all[..6]);
    assert_eq!(ids(&list(&mut client, "?state=done")), [""; 0]);
    let others: Vec<String> = all.iter().skip(1).step_by(2).cloned().collect();
    assert_eq!(ids(&list(&mut client, "?model=other")), others);
    let below = client.get("/models/other/prediction_status").json();
    assert_eq!(ids(&below), others);
    assert_eq!(ids(&list(&mut client, "?callback=due")), [""; 0]);
    let (mut paged, mut query) = (Vec::new(), "?limit=3".to_owned());
    for _ in 0..10 {
        let page = list(&mut client, &query);
        assert!(ids(&page).len() <= 3);
        paged.extend(ids(&page));
        let Some(next) = page.get("next") else { break };
        query = format!("?limit=3&before={}", next.as_str().expect("a name"));
    }
    assert_eq!(paged, all);
    assert!(list(&mut client, "")["tasks"][0].get("result").is_none());
    for query in ["?limit=0", "?limit=101", "?limit=x", "?state=ended", "?before=7", "?callback=x", "?page=1"] {
        let answer = client.get(&format!("/prediction_status{query}"));
        assert_is_honest(&answer, query);
        assert_eq!((answer.status, &answer.json()["details"][0]["loc"][0]), (422, &json!("query")), "{query}");
    }
    scripted.script.let_go();
    when(&mut client, &all[0], "done");
    assert_eq!(ids(&list(&mut client, "?state=done&limit=1")), all[..1]);
}

#[test]
fn tasks_are_called_off() {
    let scripted = Scripted::start(&[("TASKS__WORKERS", "1")]);
    let mut client = scripted.client();
    let running = scripted.hold();
    let queued = submit(&mut client, "/predict_async", r#"{"x": 3}"#);
    let kept = submit(&mut client, "/models/other/predict_async", r#"{"x": 4}"#);
    for id in [&queued, &running] {
        let answer = delete(&mut client, id);
        assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("cancelled")), "{}", answer.text());
        assert_eq!(answer.json(), status(&mut client, id));
        assert!(answer.json().get("result").is_none() && answer.json()["finished_at"].is_string());
    }
    // The worker is free although the run that it began has not ended.
    assert_eq!(when(&mut client, &kept, "done")["prediction"], 12.0);
    scripted.script.let_go();
    let last = submit(&mut client, "/predict_async", r#"{"x": 5}"#);
    assert_eq!(when(&mut client, &last, "done")["prediction"], 10.0);
    for (id, end) in [(&running, "cancelled"), (&queued, "cancelled"), (&kept, "done")] {
        assert_eq!(status(&mut client, id)["state"], end);
        let again = delete(&mut client, id);
        assert_eq!((again.status, again.code().as_str()), (409, "CONFLICT"), "{}", again.text());
        assert!(again.text().contains(end), "{}", again.text());
    }
    let replay = client.post(&format!("/prediction_status/{kept}/callback"), b"");
    assert_eq!((replay.status, replay.code().as_str()), (409, "CONFLICT"));
}

#[test]
fn unknown_tasks_are_not_found() {
    let scripted = Scripted::start(&[]);
    let mut client = scripted.client();
    for id in ["7", "00000000-0000-4000-8000-000000000000", "..%2f", "a b", "%00"] {
        let id = id.replace(' ', "%20");
        for (method, path) in [
            ("GET", format!("/prediction_status/{id}")),
            ("DELETE", format!("/prediction_status/{id}")),
            ("POST", format!("/prediction_status/{id}/callback")),
            ("GET", format!("/models/m/prediction_status/{id}")),
        ] {
            let answer = client.request(method, &path, &[], b"");
            assert_is_honest(&answer, &path);
            assert_eq!((answer.status, &answer.json()["detail"]), (404, &json!("Task not found")), "{method} {path}");
        }
    }
}

fn submit_with(client: &mut Client, headers: &[(&str, &str)], body: &str) -> Answer {
    client.request("POST", "/predict_async", headers, body.as_bytes())
}

#[test]
fn what_is_handed_in_twice_is_done_once() {
    let scripted = Scripted::start(&[]);
    let mut client = scripted.client();
    let key = [("idempotency-key", "order 7")];
    let first = submit_with(&mut client, &key, r#"{"x": 1}"#);
    assert_eq!(first.status, 202, "{}", first.text());
    let id = first.json()["task_id"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        let again = submit_with(&mut client, &key, r#"{"x": 1}"#);
        assert_eq!((again.status, again.json()), (202, first.json()));
        when(&mut client, &id, "done");
    }
    let other = submit_with(&mut client, &key, r#"{"x": 2}"#);
    assert_is_honest(&other, "another body");
    assert_eq!((other.status, other.code().as_str()), (422, "IDEMPOTENCY_KEY_REUSED"));
    let elsewhere = client.request("POST", "/models/other/predict_async", &key, br#"{"x": 1}"#);
    assert_eq!(elsewhere.code(), "IDEMPOTENCY_KEY_REUSED");
    // Each owner has names of his own.
    let owned = submit_with(&mut client, &[key[0], ("x-api-key", "k")], r#"{"x": 2}"#);
    assert_eq!(owned.status, 202);
    assert_ne!(owned.json()["task_id"], id.as_str());
    assert_eq!(ids(&list(&mut client, "")), [id]);
    for bad in ["", " ", &"k".repeat(256), "\u{e9}"] {
        let answer = submit_with(&mut scripted.client(), &[("idempotency-key", bad)], r#"{"x": 1}"#);
        assert_eq!((answer.status, &answer.json()["details"][0]["loc"][0]), (422, &json!("header")), "{bad:?}");
    }
    assert_eq!(submit_with(&mut client, &[("idempotency-key", &"k".repeat(255))], r#"{"x": 1}"#).status, 202);
}

/// Eight clients that hand the same in at the same time all get one name.
#[test]
fn what_is_handed_in_at_the_same_time_is_one_task() {
    let scripted = Scripted::start(&[]);
    let server = &scripted.server;
    let names: Vec<String> = std::thread::scope(|scope| {
        let submits: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let answer = submit_with(&mut server.client(), &[("idempotency-key", "k")], r#"{"x": 1}"#);
                    assert_eq!(answer.status, 202, "{}", answer.text());
                    answer.json()["task_id"].as_str().unwrap().to_owned()
                })
            })
            .collect();
        submits.into_iter().map(|submit| submit.join().unwrap()).collect()
    });
    assert!(names.iter().all(|name| *name == names[0]), "{names:?}");
    assert_eq!(ids(&list(&mut scripted.client(), "")), names[..1]);
}

#[test]
fn a_task_is_its_owners() {
    let scripted = Scripted::start(&[("TASKS__WORKERS", "1")]);
    let mut client = scripted.client();
    scripted.hold();
    let mine = [("x-api-key", "mine")];
    let answer = submit_with(&mut client, &mine, r#"{"x": 3}"#);
    let id = answer.json()["task_id"].as_str().unwrap().to_owned();
    let path = format!("/prediction_status/{id}");
    let none: &[(&str, &str)] = &[];
    for foreign in [none, &[("x-api-key", "yours")], &[("x-api-key", "")], &[("x-api-key", "mine ours")]] {
        for (method, path) in [
            ("GET", path.clone()),
            ("DELETE", path.clone()),
            ("POST", format!("{path}/callback")),
            ("GET", format!("/models/m{path}")),
        ] {
            let answer = client.request(method, &path, foreign, b"");
            assert_eq!((answer.status, &answer.json()["detail"]), (404, &json!("Task not found")), "{method} {path}");
        }
        let listed = client.request("GET", "/prediction_status", foreign, b"").json();
        assert!(!ids(&listed).contains(&id), "{foreign:?}: {listed}");
    }
    assert_eq!(client.request("GET", &path, &mine, b"").json()["state"], "queued");
    assert_eq!(ids(&client.request("GET", "/prediction_status", &mine, b"").json()), [id]);
    assert_eq!(client.request("DELETE", &path, &mine, b"").status, 200);
    scripted.script.let_go();
}

#[test]
fn a_full_store_refuses_and_predictions_go_on() {
    let scripted = Scripted::start(&[("TASKS__MAX_TASKS", "3"), ("TASKS__WORKERS", "1")]);
    let mut client = scripted.client();
    let held = scripted.hold();
    for n in 0..2 {
        submit(&mut client, "/models/other/predict_async", &format!(r#"{{"x": {n}}}"#));
    }
    for _ in 0..3 {
        let full = client.post("/predict_async", br#"{"x": 9}"#);
        assert_is_honest(&full, "full");
        assert_eq!((full.status, full.code().as_str()), (503, "JOB_STORE_FULL"));
        let seconds = full.header("retry-after").and_then(|seconds| seconds.parse::<u32>().ok());
        assert!(seconds.is_some_and(|seconds| seconds > 0) && full.text().contains("tasks.max_tasks"), "{full:?}");
    }
    let now = client.post("/models/other/predict", br#"{"x": 9}"#);
    assert_eq!((now.status, &now.json()["prediction"]), (200, &json!(27.0)));
    scripted.script.let_go();
    when(&mut client, &held, "done");
    assert_eq!(ids(&list(&mut client, "")).len(), 3);
}

#[test]
fn without_a_store_predictions_go_on() {
    let (script, folder) = (Script::new(), tempfile::tempdir().expect("a folder"));
    write(&folder.path().join("models"), "m", 2.0, "");
    fs::write(folder.path().join("file"), "in the way").expect("a file");
    let path = folder.path().join("file/tasks.db");
    let settings = [("TASKS__PATH", path.to_str().unwrap())];
    let server = TestServer::start(&folder.path().join("models"), &settings, script.loaders());
    let mut client = server.client();
    let id = "00000000-0000-4000-8000-000000000000";
    for (method, path, body) in [
        ("POST", "/predict_async".to_owned(), r#"{"x": 1}"#),
        ("GET", "/prediction_status".to_owned(), ""),
        ("GET", format!("/prediction_status/{id}"), ""),
        ("DELETE", format!("/prediction_status/{id}"), ""),
    ] {
        let answer = client.request(method, &path, &[], body.as_bytes());
        assert_is_honest(&answer, &path);
        assert_eq!((answer.status, answer.code().as_str()), (503, "JOB_STORE_UNAVAILABLE"), "{method} {path}");
    }
    for path in ["/predict", "/predict_cached"] {
        assert_eq!(client.post(path, br#"{"x": 1}"#).json()["prediction"], 2.0);
    }
    let degraded = || {
        let health = server.client().get("/health");
        assert_eq!(health.status, 200, "{}", health.text());
        health.json().get("degraded").cloned()
    };
    eventually("a health that says so", || degraded().filter(|list| *list == json!(["tasks"])));
    // It is mended while the server runs.
    fs::remove_file(folder.path().join("file")).expect("a file");
    let accepted = || {
        let answer = server.client().post("/predict_async", br#"{"x": 1}"#);
        (answer.status == 202).then(|| answer.json()["task_id"].as_str().unwrap().to_owned())
    };
    let id = eventually("a task is taken", accepted);
    assert_eq!(when(&mut client, &id, "done")["prediction"], 2.0);
    eventually("a health that is good", || degraded().is_none().then_some(()));
}

#[test]
fn tasks_survive_a_restart() {
    let workers = [("TASKS__WORKERS", "1")];
    let scripted = Scripted::start(&workers);
    let mut client = scripted.client();
    let done = submit(&mut client, "/predict_async", r#"{"x": 1}"#);
    let done_before = when(&mut client, &done, "done");
    let running = scripted.hold();
    let queued: Vec<String> =
        (20..40).map(|n| submit(&mut client, "/models/other/predict_async", &format!(r#"{{"x": {n}}}"#))).collect();
    let cancelled = submit(&mut client, "/predict_async", r#"{"x": 2}"#);
    delete(&mut client, &cancelled);
    let scripted = scripted.restart(&workers);
    let mut client = scripted.client();
    assert_eq!(status(&mut client, &done), done_before);
    assert_eq!(status(&mut client, &cancelled)["state"], "cancelled");
    // What ran was given back, as if it had never been begun.
    let ended = when(&mut client, &running, "done");
    assert_eq!((&ended["prediction"], &ended["attempts"]), (&json!(-8192.0), &json!(1)), "{ended}");
    for (n, id) in (20_u8..).zip(&queued) {
        let ended = when(&mut client, id, "done");
        assert_eq!((&ended["prediction"], &ended["attempts"]), (&json!(3.0 * f64::from(n)), &json!(1)), "{ended}");
    }
    scripted.script.let_go();
}

/// Stopped in good order any number of times, a task is no suspect.
#[test]
fn a_good_stop_is_no_crash() {
    let mut scripted = Scripted::start(&[("TASKS__MAX_ATTEMPTS", "1")]);
    let id = scripted.hold();
    for _ in 0..4 {
        scripted.script.hold_next();
        scripted = scripted.restart(&[("TASKS__MAX_ATTEMPTS", "1")]);
        scripted.script.wait_until_held();
        scripted.script.let_go();
        assert_eq!(status(&mut scripted.client(), &id)["attempts"], 1);
    }
    scripted.script.let_go();
    assert_eq!(when(&mut scripted.client(), &id, "done")["attempts"], 1);
}

#[test]
fn a_task_waits_for_its_model() {
    let scripted = Scripted::start(&[("TASKS__WORKERS", "1")]);
    scripted.hold();
    let id = submit(&mut scripted.client(), "/models/other/predict_async", r#"{"x": 5}"#);
    let Scripted { server, script, folder } = scripted;
    drop(server);
    let allow = script.hold_loads();
    let server = Scripted::serve(&script, folder.path(), &[], TestServer::start_early);
    let mut client = server.client();
    // It was looked at, and put back without having been tried.
    let put_back = || {
        let now = status(&mut client, &id);
        assert_eq!(now["status"], "processing", "{now}");
        (now["state"] == "queued" && now["started_at"].is_string()).then_some(now)
    };
    assert_eq!(eventually("a task that waits", put_back)["attempts"], 0);
    script.let_go();
    allow.send(()).unwrap();
    allow.send(()).unwrap();
    let ended = when(&mut client, &id, "done");
    assert_eq!((&ended["prediction"], &ended["attempts"]), (&json!(15.0), &json!(1)), "{ended}");
}

#[test]
fn a_task_whose_model_has_gone_has_failed() {
    let scripted = Scripted::start(&[("TASKS__WORKERS", "1")]);
    let held = scripted.hold();
    let id = submit(&mut scripted.client(), "/models/other/predict_async", r#"{"x": 5}"#);
    let Scripted { server, script, folder } = scripted;
    drop(server);
    script.let_go();
    fs::remove_dir_all(folder.path().join("models/other")).expect("a folder");
    let server = Scripted::serve(&script, folder.path(), &[], TestServer::start);
    let mut client = server.client();
    let failed = when(&mut client, &id, "failed");
    assert_eq!((&failed["status"], &failed["error_code"]), (&json!("failed"), &json!("MODEL_NOT_FOUND")), "{failed}");
    assert!(failed["error"].as_str().is_some_and(|error| error.contains("other")), "{failed}");
    when(&mut client, &held, "done");
}

#[test]
fn a_task_that_always_fails_has_failed() {
    let scripted = Scripted::start(&[("TASKS__MAX_ATTEMPTS", "2")]);
    let mut client = scripted.client();
    let panicking = submit(&mut client, "/predict_async", PANIC);
    let no_number = submit(&mut client, "/predict_async", NO_NUMBER);
    for (id, attempts, code) in [(no_number, 1, "NON_FINITE_OUTPUT"), (panicking, 2, "ENGINE_PANIC")] {
        let failed = when(&mut client, &id, "failed");
        assert_eq!((&failed["error_code"], &failed["attempts"]), (&json!(code), &json!(attempts)), "{failed}");
        assert_eq!(failed["status"], "failed");
        assert!(failed["error"].is_string() && !failed.to_string().contains("canary"), "{failed}");
        assert!(failed.get("result").is_none() && failed.get("prediction").is_none(), "{failed}");
    }
    let id = submit(&mut client, "/predict_async", r#"{"x": 4}"#);
    assert_eq!(when(&mut client, &id, "done")["prediction"], 8.0);
    assert_eq!(client.get("/health").status, 200);
}

#[test]
fn a_task_that_takes_too_long_has_failed() {
    let scripted = Scripted::start(&[("TASKS__MAX_ATTEMPTS", "1"), ("TASKS__TIMEOUT_S", "1")]);
    let id = scripted.hold();
    let failed = when(&mut scripted.client(), &id, "failed");
    assert_eq!(failed["error_code"], "DEADLINE_EXCEEDED", "{failed}");
    scripted.script.let_go();
}

/// Two servers that share a Redis do each other's tasks.
#[test]
fn servers_share_tasks() {
    let redis = RedisServer::start(&[]);
    let url = redis.url();
    let settings = [("REDIS_URL", url.as_str()), ("TASKS__WORKERS", "1")];
    let [first, second] = [Scripted::start(&settings), Scripted::start(&settings)];
    let accepted = || {
        let answer = submit_with(&mut first.client(), &[("x-api-key", "mine")], r#"{"x": 3}"#);
        (answer.status == 202).then(|| answer.json()["task_id"].as_str().unwrap().to_owned())
    };
    let owned = eventually("a task is taken", accepted);
    let mut client = second.client();
    assert_eq!(client.get(&format!("/prediction_status/{owned}")).status, 404);
    let mine = [("x-api-key", "mine")];
    let path = format!("/prediction_status/{owned}");
    let done = || Some(second.client().request("GET", &path, &mine, b"").json()).filter(|it| it["state"] == "done");
    assert_eq!(eventually("the end", done)["prediction"], 6.0);
    // One is busy, and then gone; the other one does what it leaves.
    first.script.hold_next();
    let held = submit(&mut first.client(), "/predict_async", HELD);
    let taken_by_first = eventually("a run", || {
        let is_held = |scripted: &Scripted| scripted.script.began.try_recv().is_ok();
        if is_held(&first) { Some(true) } else { (status(&mut client, &held)["state"] == "done").then_some(false) }
    });
    let queued: Vec<String> =
        (20..30).map(|n| submit(&mut client, "/predict_async", &format!(r#"{{"x": {n}}}"#))).collect();
    let Scripted { server, script, .. } = first;
    drop(server);
    script.let_go();
    for (n, id) in (20_u8..).zip(&queued) {
        assert_eq!(when(&mut client, id, "done")["prediction"], 2.0 * f64::from(n));
    }
    let ended = when(&mut client, &held, "done");
    assert_eq!((&ended["prediction"], &ended["attempts"]), (&json!(-8192.0), &json!(1)), "{taken_by_first}: {ended}");
    let mut all = queued.clone();
    all.reverse();
    all.push(held);
    assert_eq!(ids(&list(&mut client, "")), all);
}

#[test]
fn without_its_redis_a_server_makes_predictions() {
    let mut redis = RedisServer::start(&[]);
    let url = redis.url();
    let scripted = Scripted::start(&[("REDIS_URL", url.as_str())]);
    let submitted = |n: u32| {
        let answer = scripted.client().post("/predict_async", format!(r#"{{"x": {n}}}"#).as_bytes());
        match answer.status {
            202 => Some(answer.json()["task_id"].as_str().unwrap().to_owned()),
            _ => {
                assert_is_honest(&answer, "no Redis");
                assert_eq!((answer.status, answer.code().as_str()), (503, "JOB_STORE_UNAVAILABLE"));
                None
            }
        }
    };
    let first = eventually("a task is taken", || submitted(1));
    when(&mut scripted.client(), &first, "done");
    redis.kill();
    assert_eq!(submitted(2), None);
    let answer = scripted.client().get("/prediction_status");
    assert_eq!((answer.status, answer.code().as_str()), (503, "JOB_STORE_UNAVAILABLE"));
    for path in ["/predict", "/predict_cached"] {
        assert_eq!(scripted.client().post(path, br#"{"x": 4}"#).json()["prediction"], 8.0);
    }
    redis.start_again();
    let id = eventually("a task is taken again", || submitted(3));
    assert_eq!(when(&mut scripted.client(), &id, "done")["prediction"], 6.0);
}
