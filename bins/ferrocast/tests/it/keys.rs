//! Keys from the command line to a server that wants them.

use std::fs;
use std::io::{Read, Write};

use crate::program::{ferrocast, folder, run, samples};
use crate::served::Served;

#[test]
fn a_new_key_opens_what_it_is_made_for() {
    let keys = folder();
    let (code, row, shown) = run(ferrocast(keys.path()).args(["new-key", "billing", "--scopes", "predict,jobs"]));
    assert_eq!(code, Some(0), "{shown}");
    let key = shown.lines().next().expect("the key");
    assert!(key.starts_with("fc_") && !row.contains(key) && shown.contains("billing, for predict, jobs"), "{shown}");
    let file = keys.path().join("keys.toml");
    fs::write(&file, &row).expect("a file");

    let served = Served::start(|command| {
        command.args(["--default-model", "penguins", "--host", "0.0.0.0", "--models"]).arg(samples());
        command.env("AUTH__KEYS_FILE", &file);
    });
    let ask = |path: &str, header: &str| {
        let port = served.address.rsplit(':').next().expect("a port");
        let mut stream = std::net::TcpStream::connect(format!("127.0.0.1:{port}")).expect("it accepts");
        write!(stream, "GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{header}\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer.split(' ').nth(1).map(str::to_owned)
    };
    let bearer = format!("authorization: Bearer {key}\r\n");
    for (path, header, status) in [
        ("/models", "", "401"),
        ("/models", &bearer, "200"),
        ("/metrics", &bearer, "403"),
        ("/livez", "", "200"),
        ("/nowhere", "", "401"),
        ("/nowhere", &bearer, "404"),
    ] {
        assert_eq!(ask(path, header).as_deref(), Some(status), "{path} with {header:?}");
    }
}

#[test]
fn names_and_scopes_of_new_keys_are_checked() {
    let folder = folder();
    for arguments in [["two words", "predict"], ["billing", "everything"], ["billing", ""], ["", "predict"]] {
        let [name, scopes] = arguments;
        let (code, row, said) = run(ferrocast(folder.path()).args(["new-key", name, "--scopes", scopes]));
        assert!(code == Some(1) && row.is_empty() && !said.is_empty(), "{arguments:?}: {code:?} {row} {said}");
    }
}

/// Whoever could be reached by strangers says so, or does not start.
#[test]
fn a_public_server_without_keys_does_not_start() {
    let folder = folder();
    for arguments in [["--host", "0.0.0.0"], ["--host", "::"]] {
        let mut program = ferrocast(folder.path());
        let (code, _, said) = run(program.args(arguments).arg("--models").arg(samples()));
        assert_eq!((code, said.lines().count()), (Some(78), 1), "{said}");
        assert!(said.starts_with("server.host: ") && said.contains("auth.keys_file"), "{said}");
    }
    fs::write(folder.path().join("keys.toml"), "[[key]]\nname = \"a\"\nsha256 = \"fc_canary\"\nscopes = [\"all\"]\n")
        .expect("a file");
    let mut program = ferrocast(folder.path());
    let (code, _, said) = run(program.arg("--models").arg(samples()).env("AUTH__KEYS_FILE", "keys.toml"));
    assert!(code == Some(78) && said.starts_with("auth.keys_file: "), "{code:?} {said}");
    assert!(said.contains("sha256") && said.contains("scopes") && !said.contains("canary"), "{said}");
}
