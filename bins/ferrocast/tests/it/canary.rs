//! What is secret, and what clients send, stays out of the log at its most talkative, out of the metrics and out of answers.

mod bodies;
mod receiver;
mod requests;

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ferrocast_access::{NewKey, Scope};
use ferrocast_testkit::small_model;
use serde_json::Value;

use self::receiver::Receiver;
use self::requests::{Asked, Asking};
use crate::program::folder;
use crate::served::Served;

/// In everything that nobody is told: keys, headers, queries, files, addresses of callbacks, secrets of the configuration.
const SECRET: &str = "s3cr3t-c4n4ry";
/// In values, names of fields, and paths. An answer may quote those, as far as `assert_is_silent` lets it.
const PAYLOAD: &str = "p4yl04d-c4n4ry";
/// A number among the features of good requests.
const NUMBER: &str = "0.31415926";

const ROWS: &str = "task = \"classification\"\n\
    [[feature]]\nname = \"a\"\ntype = \"float\"\n[[feature]]\nname = \"b\"\ntype = \"float\"\n\
    [[feature]]\nname = \"c\"\ntype = \"float\"\n[[feature]]\nname = \"d\"\ntype = \"float\"\n";
const PICTURES: &str = "task = \"image-classification\"\n[image]\nsize = { width = 8, height = 8 }\n";

fn write_models(folder: &Path) {
    for (model, file, manifest) in [("rows", "mlp", ROWS), ("pets", "conv", PICTURES)] {
        fs::create_dir_all(folder.join(model).join("1")).expect("a folder");
        fs::write(folder.join(model).join("1/model.onnx"), small_model(file)).expect("a file");
        fs::write(folder.join(model).join("1/model.toml"), manifest).expect("a file");
    }
}

/// A secret in base64 that holds the word.
fn callback_secret() -> String {
    STANDARD.encode(format!("{SECRET} of callbacks"))
}

/// A server that has a secret wherever it can have one, and says all that it has to say.
fn start(models: &Path, keys: &Path, otlp: &str, endpoint: &str, ports: &str) -> Served {
    Served::start(|command| {
        command.args(["--default-model", "rows", "--models"]).arg(models).env("AUTH__KEYS_FILE", keys).envs([
            ("LOG__FORMAT", "json"),
            ("LOG__LEVEL", "trace"),
            ("LOG__REQUESTS_PER_SECOND", "1000000"),
            ("MODELS__CONTROL", "explicit"),
            ("LIMITS__JSON_BYTES", "4096"),
            ("CALLBACKS__SECRET", &format!("whsec_{}", callback_secret())),
            ("CALLBACKS__ALLOW_HTTP", "true"),
            ("CALLBACKS__ALLOW_NETWORKS", "127.0.0.0/8"),
            ("CALLBACKS__PORTS", ports),
            ("CALLBACKS__RETRIES_S", "0"),
            ("TASKS__STORE", "sqlite"),
            ("REDIS__URL", &format!("redis://{SECRET}:{SECRET}@127.0.0.1:1/")),
            ("OTLP__PROTOCOL", otlp),
            ("OTLP__ENDPOINT", endpoint),
            ("OTLP__HEADERS", &format!("authorization=Bearer {SECRET},x-api-key={SECRET}")),
            ("OTLP__TIMEOUT_MS", "500"),
            ("SERVER__DRAIN_DELAY_S", "0"),
        ]);
    })
}

/// P41 and P42 of the reliability promises.
#[test]
fn nothing_that_is_secret_or_a_clients_own_gets_out() {
    for otlp in ["http/protobuf", "grpc"] {
        let (models, keys) = (folder(), folder());
        write_models(models.path());
        let key = NewKey::random().expect("random bytes");
        let name = "canary".parse().expect("a name");
        let file = keys.path().join("keys.toml");
        fs::write(&file, key.toml_row(&name, Scope::ALL.iter().copied().collect())).expect("a file");
        let (traces, callbacks) = (Receiver::start("200 OK"), Receiver::start("500 Internal Server Error"));
        let ports = format!("{}, {}, 1", traces.port(), callbacks.port());
        let served = start(models.path(), &file, otlp, &traces.url(), &ports);
        let asking = Asking { served: &served, key: key.text(), callbacks: [traces.port(), callbacks.port(), 1] };
        let answers = asking.all();
        let metrics = asking.good("GET", "/metrics", "");
        assert_has_none(&metrics.answer, &[SECRET, PAYLOAD, key.text()], "/metrics");
        assert!(metrics.answer.contains("\nferrocast_log_lines_dropped_total 0\n"), "lines of the log are missing");
        let inside = [models.path(), keys.path()].map(|path| path.to_str().expect("text").to_owned());
        for asked in &answers {
            assert_is_silent(asked, key.text(), &inside);
        }
        let log = served.end();
        assert!(log.len() > answers.len(), "{log:#?}");
        let (picture, secret) = (bodies::picture_in_base64(), callback_secret());
        // Of what is encoded a part from the middle, wherever else it may begin.
        let never = [SECRET, PAYLOAD, &NUMBER[2..], key.text(), &secret[8..24], &picture[64..96]];
        for line in &log {
            assert_has_none(line, &never, "the log");
            let object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert!(object["timestamp"].is_string() && object["message"].is_string(), "{line}");
            assert!(!line.chars().any(char::is_control), "{line:?}");
        }
    }
}

fn assert_has_none(text: &str, words: &[&str], what: &str) {
    let lower = text.to_ascii_lowercase();
    for word in words {
        assert!(!lower.contains(&word.to_ascii_lowercase()), "{what} tells {word}: {text}");
    }
}

/// How messages begin that quote what they are about: a name in the path, a header, or JSON that is no request of the Open
/// Inference Protocol, in the words of its other servers.
const QUOTING: &[&str] = &[
    "Model \"",
    "Model rows has no version \"",
    "no model \"",
    "File must be an image, but its Content-Type is text/",
    "Unable to parse Inference-Header-Content-Length, got: ",
    "unsupported Content-Encoding: ",
    "failed to parse the request JSON buffer: invalid type: string \"",
    "unexpected inference input '",
    "the log filter holds \"",
];

/// Words of which an error would tell how the server is made, or where it lies.
const INSIDE: &[&str] = &[
    "panicked",
    ".rs",
    "src/",
    "::",
    "0x",
    "struct ",
    "enum ",
    "tract_",
    "tract-",
    "actix",
    "ferrocast_",
    "serde",
    "tokio",
    "/tmp",
    "/home",
    "/root",
    "os error",
];

/// The messages of an error's body.
fn said_in(body: &Value) -> Vec<String> {
    let of_details = body["details"].as_array().into_iter().flatten().map(|detail| &detail["msg"]);
    [&body["error"]].into_iter().chain(of_details).filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Whether an answer says nothing that is secret, nothing of the inside, and of what the client has sent only what helps it: in
/// the details of a validation the value (`input`) and where it was (`loc`), and what [`QUOTING`] lists.
fn assert_is_silent(Asked { what, answer, status }: &Asked, key: &str, inside: &[String]) {
    assert_has_none(answer, &[SECRET, key, &callback_secret()[8..24]], what);
    let (head, body) = answer.split_once("\r\n\r\n").expect("a body");
    if *status < 400 {
        return;
    }
    let mut said: Value = serde_json::from_str(body).unwrap_or_default();
    for list in ["details", "detail"] {
        for detail in said[list].as_array_mut().into_iter().flatten() {
            detail["input"] = Value::Null;
            detail["loc"] = Value::Null;
        }
    }
    let messages = said_in(&said);
    let quoting = messages.iter().filter(|message| message.contains(PAYLOAD));
    quoting.for_each(|message| assert!(QUOTING.iter().any(|start| message.starts_with(start)), "{what}: {message}"));
    let said = said.to_string();
    assert_has_none(&said, INSIDE, what);
    assert_has_none(&said, &inside.iter().map(String::as_str).collect::<Vec<_>>(), what);
    let steers = |text: &str| text.chars().any(|next| next.is_control() && !matches!(next, '\r' | '\n'));
    assert!(!steers(head) && !steers(&said), "{what}: {answer:?}");
}
