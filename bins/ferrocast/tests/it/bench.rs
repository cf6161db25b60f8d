//! Load tests and probes of the real server, from the command line.

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::program::{ferrocast, folder, run, samples};
use crate::served::Served;

const ROW: &str = r#"{"feature1": 50.0, "feature2": 15.2, "feature3": "A", "feature4": 218}"#;

fn penguins() -> Served {
    Served::start(|command| {
        command.args(["--default-model", "penguins", "--models"]).arg(samples()).env("SERVER__DRAIN_DELAY_S", "0");
    })
}

/// A short load; what it says is exit code, standard output and standard error.
fn bench(url: &str, more: impl FnOnce(&mut Command)) -> (Option<i32>, String, String) {
    bench_for("300ms", url, more)
}

fn bench_for(duration: &str, url: &str, more: impl FnOnce(&mut Command)) -> (Option<i32>, String, String) {
    let folder = folder();
    let mut command = ferrocast(folder.path());
    command.args(["bench", url, "--duration", duration, "--warmup", "0s", "--connections", "4"]);
    more(&mut command);
    run(&mut command)
}

fn json(out: &str) -> Value {
    serde_json::from_str(out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

#[test]
fn a_closed_loop_is_summed_up() {
    let served = penguins();
    let bodies = folder();
    let file = bodies.path().join("rows.jsonl");
    fs::write(&file, format!("{ROW}\n{}\n", ROW.replace("50.0", "40.0"))).expect("a file");
    let url = format!("http://{}/predict", served.address);
    let (code, out, said) = bench(&url, |command| {
        command.arg("--body").arg(&file);
    });
    assert_eq!((code, said.as_str()), (Some(0), ""), "{out}");
    assert!(out.starts_with(&format!("POST {url}, 4 connections, one after the other, 0.3 s\n")), "{out}");
    for part in ["  requests   ", "/s answered", "  status     200: ", "  received   ", " p50 ", " p99.9 ", " max "] {
        assert!(out.contains(part), "no {part:?} in {out}");
    }
}

/// The names are documented: programs read them.
#[test]
fn an_open_loop_is_told_as_json() {
    let served = penguins();
    let (code, out, said) = bench(&format!("http://{}/livez", served.address), |command| {
        command.args(["--rate", "100", "--json"]);
    });
    assert_eq!((code, said.as_str()), (Some(0), ""), "{out}");
    let report = json(&out);
    let count = |name: &str| report[name].as_u64().unwrap_or_else(|| panic!("no {name} in {report}"));
    assert_eq!(count("requests") + count("unsent"), 30);
    assert_eq!((count("answers"), count("failed"), count("abandoned")), (count("requests"), 0, 0));
    assert_eq!((&report["method"], &report["connections"]), (&"GET".into(), &4.into()));
    assert_eq!((&report["offered_per_second"], &report["seconds"]), (&100.0.into(), &0.3.into()));
    assert_eq!(report["statuses"]["200"], report["answers"]);
    assert_eq!((&report["failures"], count("warm_up_requests")), (&Value::Object(serde_json::Map::new()), 0));
    assert!(count("answer_bytes") > 0 && report["answers_per_second"].is_f64());
    for name in ["mean", "p50", "p90", "p95", "p99", "p99_9", "max"] {
        assert!(report["latency_milliseconds"][name].as_f64().is_some_and(|latency| latency > 0.0), "{name}: {report}");
    }
}

#[test]
fn errors_of_the_server_are_counted_and_make_it_fail() {
    let served = penguins();
    let (code, out, said) = bench(&format!("http://{}/nowhere", served.address), |command| {
        command.arg("--json");
    });
    let report = json(&out);
    assert_eq!((code, &report["statuses"]["404"]), (Some(1), &report["requests"]));
    assert!(said.contains("answered 4xx or 5xx"), "{said}");

    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let (code, out, said) = bench(&format!("http://{free}/"), |_| ());
    assert_eq!((code, out.contains("  failed     connect: ")), (Some(1), true), "{out}");
    assert!(said.contains(" failed and 0 were answered"), "{said}");
}

#[test]
fn progress_is_told_where_it_is_asked_for() {
    let served = penguins();
    let (code, out, said) = bench_for("1500ms", &format!("http://{}/livez", served.address), |command| {
        command.args(["--progress", "--json"]);
    });
    assert_eq!((code, json(&out)["failed"].as_u64()), (Some(0), Some(0)));
    assert!(said.contains("/s  0 errors  p99 "), "{said}");
}

#[test]
fn a_protected_server_wants_its_key() {
    let keys = folder();
    let (_, row, shown) = run(ferrocast(keys.path()).args(["new-key", "load", "--scopes", "predict"]));
    let key = shown.lines().next().expect("the key");
    let file = keys.path().join("keys.toml");
    fs::write(&file, row).expect("a file");
    let served = Served::start(|command| {
        command.arg("--models").arg(samples()).env("AUTH__KEYS_FILE", &file);
    });
    let url = format!("http://{}/models", served.address);
    for (flags, environment, expected) in [
        (&["--key", key][..], None, 0),
        (&[], Some(key), 0),
        (&["--header", &format!("x-api-key: {key}")], None, 0),
        (&[], None, 1),
    ] {
        let (code, out, said) = bench(&url, |command| {
            command.args(flags).envs(environment.map(|key| ("FERROCAST_KEY", key)));
        });
        assert_eq!(code, Some(expected), "{out}{said}");
        assert_eq!(out.contains("status     401"), expected == 1, "{out}");
        assert!(!out.contains(key) && !said.contains(key));
    }
}

#[test]
fn ctrl_c_ends_it_early_with_a_report() {
    let served = penguins();
    let folder = folder();
    let mut command = ferrocast(folder.path());
    command.args([
        "bench",
        &format!("http://{}/livez", served.address),
        "--duration",
        "1h",
        "--warmup",
        "0s",
        "--json",
    ]);
    let bench = command.stdout(Stdio::piped()).spawn().expect("it starts");
    while !metrics(&served).contains("endpoint=\"/livez\"") {}
    let sent = Command::new("kill").args(["-INT", &bench.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
    let output = bench.wait_with_output().expect("it ends");
    let report = json(&String::from_utf8(output.stdout).expect("text"));
    assert!(report["seconds"].as_f64().is_some_and(|seconds| seconds < 3600.0), "{report}");
    assert!(output.status.code() == Some(0) && report["answers"].as_u64() > Some(0), "{report}");
}

/// What the server has counted.
fn metrics(served: &Served) -> String {
    use std::io::{Read, Write};
    let mut stream = served.connect();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    text
}

#[test]
fn what_is_wrong_with_the_command_line_is_named() {
    for (arguments, part) in [
        (&["bench"][..], "<URL>"),
        (&["bench", "127.0.0.1:8000"], "http://HOST:PORT/PATH"),
        (&["bench", "http://a", "--duration", "10"], "time unit needed"),
        (&["bench", "http://a", "--header", "nothing"], "`name: value`"),
        (&["bench", "http://a", "--header", "content-length: 1"], "`content-length` follows from the body"),
        (&["bench", "http://a", "--method", "TWO WORDS"], "method `TWO WORDS`"),
        (&["bench", "http://a", "--connections", "0"], "connections has to be from 1 to 10000, not 0"),
        (&["bench", "http://a", "--rate", "0"], "rate has to be more than 0"),
        (&["bench", "http://a", "--timeout", "0s"], "timeout has to be more than zero"),
        (&["bench", "http://a", "--body", "missing.json"], "--body missing.json: "),
        (&["bench", "http://a", "--content-type", "a/b"], "--body <FILE>"),
        (&["bench", "https://127.0.0.1", "--ca-file", "missing.pem"], "authorities of missing.pem: "),
        (&["ready", "--timeout", "soon"], "--timeout"),
    ] {
        let folder = folder();
        let (code, out, said) = run(ferrocast(folder.path()).args(arguments));
        assert!(code == Some(2) && out.is_empty() && said.contains(part), "{arguments:?}: {code:?} {said}");
    }
}

#[test]
fn a_server_is_ready_or_not() {
    let served = penguins();
    let ready = |url: &str| run(ferrocast(folder().path()).args(["ready", url]));
    let url = format!("http://{}", served.address);
    assert_eq!(ready(&url), (Some(0), String::new(), String::new()));
    assert_eq!(ready(&format!("{url}/livez")).0, Some(0));
    let (code, _, said) = ready(&format!("{url}/nowhere"));
    assert!(code == Some(1) && said.starts_with(&format!("{url}/nowhere answers 404: ")), "{said}");
    drop(served);
    let (code, out, said) = ready(&url);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(said.starts_with(&format!("{url}/readyz: connect: ")), "{said}");
}
