//! A process that logs to a standard error which is read, is not read, or is gone. Each test is both the process, started anew,
//! and whoever started it.

#![allow(clippy::unwrap_used, reason = "a test that fails should panic")]

use std::env;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use ferrocast_telemetry::{LogConfig, LogFormat, Telemetry, init};
use serde_json::Value;

/// Set in the process that logs.
const LOGGING: &str = "FERROCAST_TEST_LOGGING";
const EVENTS: u64 = 100_000;
const LONG: Duration = Duration::from_secs(60);

fn is_logging_process() -> bool {
    env::var_os(LOGGING).is_some()
}

/// Starts this program once more, with only this test.
fn start(test: &str) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--quiet"]).env(LOGGING, "yes");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What it wrote to standard output: the harness's own words, and what the test printed.
fn finished(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{stdout}");
    stdout
}

fn telemetry() -> Telemetry {
    init(&LogConfig { filter: "info".to_owned(), format: LogFormat::Auto }, None).unwrap()
}

fn log_events() {
    for number in 0..EVENTS {
        tracing::info!(number, "an event of a length that is usual");
    }
}

#[test]
fn whoever_logs_does_not_wait_for_a_reader() {
    if is_logging_process() {
        let telemetry = telemetry();
        log_events();
        // Two buffers of lines and a pipe hold some 20,000.
        assert!(telemetry.logging.dropped_lines() > EVENTS / 2);
        return;
    }
    let mut child = start("whoever_logs_does_not_wait_for_a_reader");
    let stderr = child.stderr.take();
    // It ends, although nobody has read what it wrote.
    let stdout = finished(child);
    assert!(!stdout.contains("an event"), "{stdout}");
    drop(stderr);
}

#[test]
fn a_reader_gets_whole_lines_up_to_the_last_and_the_count_of_the_lost() {
    if is_logging_process() {
        let telemetry = telemetry();
        log_events();
        telemetry.logging.flush(LONG);
        let panicked = thread::Builder::new().name("unlucky".to_owned()).spawn(|| panic!("a panic\nof two lines"));
        assert!(panicked.unwrap().join().is_err());
        // How many depends on who is faster.
        println!("dropped {}", telemetry.logging.dropped_lines());
        return;
    }
    let mut child = start("a_reader_gets_whole_lines_up_to_the_last_and_the_count_of_the_lost");
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    let stdout = finished(child);
    let dropped = stdout.lines().find_map(|line| line.strip_prefix("dropped ")).unwrap().parse::<u64>().unwrap();

    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let numbers: Vec<u64> = lines.iter().filter_map(|line| line["number"].as_u64()).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next));
    let panics: Vec<&Value> = lines.iter().filter(|line| line["message"] == "panicked").collect();
    let [panic] = panics.as_slice() else { panic!("{panics:?}") };
    assert_eq!((&panic["panic"], &panic["thread"]), (&"a panic\nof two lines".into(), &"unlucky".into()));
    assert!(panic["at"].as_str().unwrap().contains("stderr.rs:"), "{panic}");
    // Written, or counted: the lines in between that tell of lost ones can be lost themselves.
    let written = (numbers.len() + panics.len()) as u64;
    assert!(written + dropped > EVENTS, "{written} and {dropped}");
    let told: u64 = lines.iter().filter_map(|line| line["lines"].as_u64()).sum();
    assert!(told <= dropped, "{told} of {dropped}");
}

#[test]
fn a_reader_that_is_gone_keeps_nobody() {
    if is_logging_process() {
        let telemetry = telemetry();
        // Whoever started this closes the other end before it answers.
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        tracing::info!("nobody reads this");
        assert!(telemetry.logging.flush(LONG));
        assert_eq!(telemetry.logging.dropped_lines(), 1);
        return;
    }
    let mut child = start("a_reader_that_is_gone_keeps_nobody");
    drop(child.stderr.take());
    drop(child.stdin.take());
    finished(child);
}
