//! A disk that is full: nothing is told that is not so, and all is well when there is room again.
//!
//! A process of its own, as a limit is on all files of a process, and a mount for all of its threads.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bytes::Bytes;
use ferrocast_tasks::{NewTask, StoreError, Submitted, TaskStore};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::steady;
use crate::contract::task;

const DIRECTORY: &str = "FERROCAST_TEST_FULL";
const FILLER: &str = "filler";
/// What the child says last.
const HEALED: &str = "healed";

#[test]
fn a_disk_that_gets_full_is_told_and_heals() {
    let mount = r#"mount -t tmpfs -o size=2m none "$FERROCAST_TEST_FULL" && echo mounted && exec "$0" "$@""#;
    let told = child_in_a_shell(&format!("exec unshare --user --map-root-user --mount sh -c '{mount}' \"$0\" \"$@\""));
    if told.contains("mounted") {
        assert!(told.contains(HEALED), "{told}");
        return;
    }
    // As in a container of few rights. The next test is about the same, by a limit that everybody may set. Printed past the
    // harness, which shows what a test prints only if it fails.
    let note = format!("not tested: a disk that gets full, as nobody may mount one here: {told}\n");
    std::io::stderr().write_all(note.as_bytes()).unwrap();
}

#[test]
fn a_file_that_may_not_grow_is_told_and_heals() {
    // Without the signal, writing fails. 512 bytes or 1 KiB each, by shell.
    let told = child_in_a_shell(r#"trap '' XFSZ; ulimit -S -f 1500; exec "$0" "$@""#);
    assert!(told.contains(HEALED), "{told}");
}

/// What the child says in that shell.
fn child_in_a_shell(script: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let output = Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "sqlite::full_disk::child", "--nocapture"])
        .env(DIRECTORY, directory.path())
        .output()
        .unwrap();
    let told = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&told).into_owned()
}

/// The process that fills its disk; nothing where no other one gives it one.
#[tokio::test]
async fn child() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let directory = Path::new(&directory);
    let filler = directory.join(FILLER);
    std::fs::write(&filler, vec![0; 512 << 10]).unwrap();
    let store = steady(&directory.join("tasks.db"));

    let mut accepted = Vec::new();
    let mut number = 0;
    let refused = loop {
        let task = large(number);
        number += 1;
        match store.submit(task.clone()).await {
            Ok(Submitted::Accepted) => accepted.push(task),
            Err(StoreError::Unavailable(why)) => {
                println!("{} tasks, then: {why}", accepted.len());
                break task;
            }
            other => panic!("{other:?}"),
        }
        assert!(number < 100, "the disk is not full");
    };
    assert!(!accepted.is_empty());
    // What is there can be read.
    assert!(store.record(accepted[0].id).await.unwrap().is_some());
    assert_eq!(store.record(refused.id).await, Ok(None));

    std::fs::remove_file(&filler).unwrap();
    let limit = getrlimit(Resource::Fsize);
    setrlimit(Resource::Fsize, Rlimit { current: limit.maximum, ..limit }).unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let task = large(number);
    assert_eq!(store.submit(task.clone()).await, Ok(Submitted::Accepted));
    accepted.push(task);
    let claims = store.claim(1000, 0).await.unwrap();
    let claimed: Vec<_> = claims.into_iter().map(|claim| (claim.id, claim.payload)).collect();
    let expected: Vec<_> = accepted.into_iter().map(|task| (task.id, task.payload)).collect();
    assert_eq!(claimed, expected);
    assert_eq!(store.close().await, Ok(()));
    println!("{HEALED}");
}

fn large(number: usize) -> NewTask {
    let byte = u8::try_from(number).unwrap();
    NewTask { payload: Bytes::from(vec![byte; 100 << 10]), ..task("") }
}
