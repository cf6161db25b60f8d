//! A process that is killed at any moment has lost nothing that it told.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ferrocast_tasks::{Outcome, State, StoreError, TaskId, TaskStore};

use super::{steady, unavailable};
use crate::contract::{done, task};

const PATH: &str = "FERROCAST_TEST_KILL";
const ROUNDS: u64 = 12;
const RESULT: &str = "result";

#[tokio::test]
async fn what_was_told_is_there_after_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tasks.db");
    let (mut accepted, mut ended) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let told = told_until_killed(&path, Duration::from_millis(round * round * 3)).await;
        for line in told {
            match line.split_once(' ').map(|(word, id)| (word, id.parse::<TaskId>())) {
                Some(("accepted", Ok(id))) => accepted.push(id),
                Some(("ended", Ok(id))) => ended.push(id),
                _ => {}
            }
        }
        let store = steady(&path);
        for id in &accepted {
            assert!(store.record(*id).await.unwrap().is_some(), "{id} was accepted");
        }
        for id in &ended {
            let record = store.record(*id).await.unwrap().unwrap();
            assert_eq!(record.state, State::Done);
            assert_eq!(record.outcome, Some(Outcome::Done(RESULT.into())));
        }
    }
    assert!(accepted.len() > 100, "{} tasks are too few to tell", accepted.len());
    println!("{} tasks were accepted, and {} ended, in {ROUNDS} processes", accepted.len(), ended.len());
}

/// What a process tells that is killed so long after it began to.
async fn told_until_killed(path: &Path, after: Duration) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sqlite::kill::child", "--nocapture"])
        .env(PATH, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut told = Vec::new();
    while !told.last().is_some_and(|line: &String| line.starts_with("accepted")) {
        told.push(lines.next().unwrap().unwrap());
    }
    // It is another process's now.
    let error = unavailable(steady(path).check().await);
    assert!(error.ends_with("tasks.db is in use by another process"), "{error}");
    let rest = thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());
    thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    told.extend(rest.join().unwrap());
    // The last line may be cut.
    told.retain(|line| line.len() >= "ended ".len() + 36);
    told
}

/// The process that is killed; nothing where no other one asks for it.
#[tokio::test]
async fn child() {
    let Some(path) = std::env::var_os(PATH) else { return };
    let store = Arc::new(steady(Path::new(&path)));
    for _ in 0..16 {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            loop {
                let task = task("payload");
                let id = task.id;
                match store.submit(task).await {
                    Ok(_) => println!("accepted {id}"),
                    // More than it holds.
                    Err(StoreError::Full(_)) => return,
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    loop {
        for claim in store.claim(8, 0).await.unwrap() {
            assert!(store.settle(claim.id, done(RESULT)).await.unwrap());
            println!("ended {}", claim.id);
        }
        tokio::task::yield_now().await;
    }
}
