//! Requests on every route, good ones and bad ones, each with something in it that must not get out.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::bodies::{bodies, forms};
use super::{PAYLOAD, SECRET};
use crate::served::Served;

/// A request and its answer.
pub(super) struct Asked {
    pub(super) what: String,
    /// Head and body.
    pub(super) answer: String,
    pub(super) status: u16,
}

/// A client that has a key.
pub(super) struct Asking<'a> {
    pub(super) served: &'a Served,
    pub(super) key: &'a str,
    /// Ports where callbacks are taken, refused and not heard.
    pub(super) callbacks: [u16; 3],
}

const JSON: &str = "application/json";
const FORM: &str = "multipart/form-data; boundary=edge";

const GETS: &[&str] = &[
    "/",
    "/health",
    "/startupz",
    "/livez",
    "/readyz",
    "/metrics",
    "/admin/log",
    "/prediction_status",
    "/models",
    "/models/rows",
    "/models/rows/versions/1",
    "/models/rows/prediction_status",
    "/v2",
    "/v2/",
    "/v2/health/live",
    "/v2/health/ready",
    "/v2/models",
    "/v2/models/stats",
    "/v2/models/rows",
    "/v2/models/rows/ready",
    "/v2/models/rows/config",
    "/docs",
    "/openapi.json",
];

const ROWS: &[&str] = &[
    "/predict",
    "/predict/1",
    "/predict_cached",
    "/predict_async",
    "/predict_batch",
    "/models/rows/predict",
    "/models/rows/versions/1/predict",
    "/models/rows/versions/1/predict_batch",
    "/models/rows/predict_cached",
    "/models/rows/predict_async",
    "/v2/models/rows/infer",
    "/v2/models/rows/versions/1/infer",
    "/predict_image_base64",
    "/v2/repository/index",
    "/v2/repository/models/rows/load",
];

const PICTURES: &[&str] = &["/predict_image", "/predict_image_batch", "/models/pets/predict_image", "/predict_async"];

/// Names that nothing has; in some of them characters that steer terminals.
const PATHS: &[(&str, &str)] = &[
    ("GET", "/nowhere/{}"),
    ("GET", "/{}%1b%5b31m%c2%9b31m%0d%0a"),
    ("GET", "/models/{}"),
    ("POST", "/models/{}%1b%5b31m/predict"),
    ("POST", "/models/%c2%9b{}/predict"),
    ("POST", "/models/rows/versions/{}/predict"),
    ("POST", "/predict/{}"),
    ("GET", "/prediction_status/{}"),
    ("DELETE", "/prediction_status/{}"),
    ("GET", "/v2/models/{}"),
    ("POST", "/v2/models/{}/infer"),
    ("POST", "/v2/models/rows/versions/{}/infer"),
    ("POST", "/v2/repository/models/{}/load"),
    ("POST", "/v2/repository/models/{}/unload"),
    ("PUT", "/models/rows/aliases/{}"),
    ("PUT", "/models/{}/aliases/stable"),
    ("GET", "/prediction_status?model={}&limit={}&status={}"),
    ("POST", "/predict_image?top_k={}"),
];

impl Asking<'_> {
    /// Everything, with the answers. Callbacks have been tried when it is over.
    pub(super) fn all(&self) -> Vec<Asked> {
        let mut all: Vec<Asked> = GETS.iter().map(|path| self.good("GET", path, "")).collect();
        for path in ROWS {
            all.extend(bodies().iter().map(|body| self.good("POST", path, body)));
        }
        for path in PICTURES {
            all.extend(forms().iter().map(|form| self.send("POST", path, &self.head(FORM), form)));
        }
        for (method, path) in PATHS {
            all.push(self.good(method, &path.replace("{}", PAYLOAD), &bodies()[2]));
        }
        for level in ["debug", &format!("{PAYLOAD} loud"), "trace,actix_http=trace,h2[x]=trace"] {
            all.push(self.good("PUT", "/admin/log", &json!({"level": level}).to_string()));
        }
        all.extend(self.with_odd_heads());
        all.extend(self.with_broken_framing());
        all.extend(self.with_callbacks());
        // The last word, so that what came before it has been logged at this level too.
        all.extend(bodies().iter().map(|body| self.good("POST", "/predict", body)));
        all
    }

    /// A request with the key.
    pub(super) fn good(&self, method: &str, path: &str, body: &str) -> Asked {
        self.send(method, path, &self.head(JSON), body.as_bytes())
    }

    fn head(&self, content_type: &str) -> String {
        format!("authorization: Bearer {}\r\ncontent-type: {content_type}\r\n", self.key)
    }

    /// A request with secrets in its query and in all headers that clients and proxies send.
    fn send(&self, method: &str, path: &str, head: &str, body: &[u8]) -> Asked {
        let mark = if path.contains('?') { '&' } else { '?' };
        let request = format!(
            "{method} {path}{mark}token={SECRET}%0d%0a%1b HTTP/1.1\r\nhost: {SECRET}\r\nconnection: close\r\n{head}\
             cookie: session={SECRET}\r\nx-forwarded-for: {SECRET}\r\nforwarded: for={SECRET}\r\nproxy-authorization: Basic {SECRET}\r\n\
             user-agent: {SECRET}\u{9b}31m\r\nreferer: http://{SECRET}/\r\norigin: http://{SECRET}\r\nx-request-id: {SECRET} {SECRET}\u{9b}\r\n\
             tracestate: {SECRET}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.send_raw(&format!("{method} {path}"), &[request.as_bytes(), body].concat())
    }

    fn send_raw(&self, what: &str, bytes: &[u8]) -> Asked {
        let mut stream = self.served.connect();
        // Where the head is enough to refuse it, the rest may not be read.
        stream.write_all(bytes).ok();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok();
        let answer = String::from_utf8(answer).expect("text");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("{what}: no status in {answer:?}"));
        Asked { what: what.to_owned(), answer, status }
    }

    /// Keys that are none, and headers that mean something with values that they cannot have.
    fn with_odd_heads(&self) -> Vec<Asked> {
        let key = format!("authorization: Bearer {}\r\n", self.key);
        let heads = [
            format!("authorization: Bearer {SECRET}\r\n"),
            format!("authorization: Basic {SECRET}\r\n"),
            format!("authorization: Bearer {SECRET}\u{9b}\r\n"),
            format!("x-api-key: fc_{SECRET}\r\n"),
            format!("{key}x-request-timeout-ms: {SECRET}\r\n"),
            format!("{key}idempotency-key: {SECRET}\r\n"),
            format!("{key}cache-control: max-age={SECRET}\r\n"),
            format!("{key}traceparent: {SECRET}\r\n"),
            format!("{key}accept-encoding: {SECRET}\r\n"),
            format!("{key}content-type: {PAYLOAD}/{PAYLOAD}\r\n"),
            format!("{key}content-encoding: {PAYLOAD}\r\n"),
            format!("{key}inference-header-content-length: {PAYLOAD}\r\n"),
            format!("{key}expect: {SECRET}\r\n"),
            format!("{key}upgrade: {SECRET}\r\n"),
        ];
        let paths = ["/predict", "/predict_cached", "/predict_async", "/v2/models/rows/infer", "/predict_image"];
        let each =
            |path: &str| heads.iter().map(|head| self.send("POST", path, head, bodies()[0].as_bytes())).collect();
        paths.iter().flat_map(|path| -> Vec<Asked> { each(path) }).collect()
    }

    /// What no route ever sees.
    fn with_broken_framing(&self) -> Vec<Asked> {
        let post = |lines: &str, body: &str| format!("POST /predict HTTP/1.1\r\nhost: a\r\n{lines}\r\n\r\n{body}");
        let requests = [
            post(&format!("content-length: {SECRET}"), PAYLOAD),
            post(&format!("transfer-encoding: {SECRET}"), PAYLOAD),
            post(&format!("content-length: 4\r\ncontent-length: {SECRET}"), PAYLOAD),
            post(&format!("x-{SECRET}: \u{1b}[31m"), PAYLOAD),
            post(&format!("{}transfer-encoding: chunked", self.head(JSON)), &format!("5;{SECRET}\r\n{PAYLOAD}")),
            format!("{SECRET}\u{1b} / HTTP/1.1\r\nhost: {SECRET}\r\n\r\n"),
            format!("GET /{SECRET}\u{1b} HTTP/1.1\r\nhost: a\r\n\r\n"),
            format!("GET / {SECRET}/1.1\r\nhost: a\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", SECRET.repeat(20_000)),
        ];
        requests.iter().map(|request| self.send_raw("broken framing", request.as_bytes())).collect()
    }

    /// Tasks whose ends are sent somewhere: taken, refused, not heard, and not allowed. Waits until they have been tried.
    fn with_callbacks(&self) -> Vec<Asked> {
        let [taken, refused, silent] = self.callbacks;
        let local = |port| format!("http://127.0.0.1:{port}/{SECRET}?token={SECRET}");
        let urls = [
            local(taken),
            local(refused),
            local(silent),
            format!("http://{SECRET}.invalid:{taken}/?token={SECRET}"),
            format!("http://10.0.0.1:{taken}/?token={SECRET}"),
            format!("http://{SECRET}:{SECRET}@127.0.0.1:{taken}/"),
            format!("http://127.0.0.1:22/?token={SECRET}"),
            format!("ftp://{SECRET}/"),
            SECRET.to_owned(),
        ];
        let mut all = Vec::new();
        for url in urls {
            let row = json!({"a": 0.314_159_26, "b": 1, "c": 2, "d": 3, "callback_url": url});
            let submitted = self.good("POST", "/predict_async", &row.to_string());
            if let Some(id) = body_of(&submitted)["task_id"].as_str() {
                all.push(self.when_tried(id));
                all.push(self.good("POST", &format!("/prediction_status/{id}/callback"), ""));
            }
            all.push(submitted);
        }
        assert!(all.iter().any(|asked| asked.answer.contains("\"delivered\"")), "no callback was ever delivered");
        all
    }

    fn when_tried(&self, id: &str) -> Asked {
        let began = Instant::now();
        loop {
            let status = self.good("GET", &format!("/prediction_status/{id}"), "");
            if matches!(body_of(&status)["callback"]["state"].as_str(), Some("delivered" | "dead")) {
                return status;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{}", status.answer);
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn body_of(asked: &Asked) -> Value {
    asked.answer.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok()).unwrap_or_default()
}
