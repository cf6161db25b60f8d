//! `check-config`, and what a bad configuration does to a start.

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::program::{ferrocast, folder, run, samples};

#[test]
fn a_good_configuration_is_called_good() {
    let folder = folder();
    let (code, out, err) = run(ferrocast(folder.path()).arg("check-config").arg("--models").arg(samples()));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("The configuration is good: 127.0.0.1:8000 from /"), "{out}");
}

#[test]
fn every_problem_is_listed_and_the_code_is_78() {
    let folder = folder();
    let path = folder.path().join("ferrocast.toml");
    fs::write(path, "[server]\nprot = 1\n[limits]\njson_bytes = \"big\"\n").expect("a file");
    let expected = "\
server.prot: is no setting; did you mean `server.port`? [ferrocast.toml]
server.port: must be 0 to 65535, not \"http\" [--port]
models.path: cannot read directory models: No such file or directory (os error 2) [default]
limits.json_bytes: must be 1024 to 1073741824, not \"big\" [ferrocast.toml]
log.level: must be off, error, warn, info, debug or trace, not \"loud\" [LOG_LEVEL in the environment]
";
    for command in ["check-config", "serve"] {
        let started = Instant::now();
        let mut program = ferrocast(folder.path());
        let (code, out, err) = run(program.args([command, "--port", "http"]).env("LOG_LEVEL", "loud"));
        assert_eq!((code, out.as_str(), err.as_str()), (Some(78), "", expected), "{command}");
        assert!(started.elapsed() < Duration::from_secs(1), "{command} took {:?}", started.elapsed());
    }
}

#[test]
fn a_port_in_use_is_a_problem_of_the_configuration() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port().to_string();
    let folder = folder();
    let mut program = ferrocast(folder.path());
    let (code, _, err) = run(program.args(["--port", &port, "--models"]).arg(samples()));
    assert_eq!(code, Some(78), "{err}");
    let expected =
        format!("server.port: 127.0.0.1:{port} is in use by another program; choose another port, or 0 [--port]\n");
    assert!(err.ends_with(&expected), "{err}");
}

#[test]
fn debug_on_a_public_address_does_not_start() {
    let folder = folder();
    let mut program = ferrocast(folder.path());
    let (code, _, err) = run(program
        .args(["--host", "0.0.0.0", "--models"])
        .arg(samples())
        .env("DEBUG", "1")
        .env("AUTH__ALLOW_ANONYMOUS", "1"));
    assert_eq!(code, Some(78));
    assert!(err.starts_with("server.debug: must be false when server.host is 0.0.0.0"), "{err}");
}
