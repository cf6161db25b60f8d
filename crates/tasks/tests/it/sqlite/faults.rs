//! What is wrong with a place is told, and over when it is right again.

use std::fs;
use std::path::Path;
use std::time::Duration;

use ferrocast_tasks::{Bound, Counts, ListQuery, StoreConfig, StoreError, Submitted, TaskId, TaskStore};

use super::{Folder, steady, unavailable};
use crate::contract::task;

/// Longer than what failed is left alone.
async fn pause() {
    tokio::time::sleep(Duration::from_millis(1050)).await;
}

#[tokio::test]
async fn nothing_is_left_where_nothing_is_handed_in() {
    let folder = Folder::new();
    let store = folder.store(StoreConfig::default());
    assert_eq!(store.check().await, Ok(()));
    assert_eq!(store.claim(1, 0).await, Ok(vec![]));
    assert_eq!(store.record(TaskId::random()).await, Ok(None));
    assert_eq!(store.list(ListQuery { most: 1, ..ListQuery::default() }).await, Ok(vec![]));
    assert_eq!(store.counts().await, Ok(Counts::default()));
    assert_eq!(store.sweep().await, Ok(0));
    assert_eq!(store.close().await, Ok(()));
    assert_eq!(fs::read_dir(folder.directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn directories_are_made_with_the_first_task() {
    let directory = tempfile::tempdir().unwrap();
    let store = steady(&directory.path().join("a/b/tasks.db"));
    assert_eq!(store.check().await, Ok(()));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    assert_eq!(store.submit(task("a")).await, Ok(Submitted::Accepted));
    assert!(directory.path().join("a/b/tasks.db").exists());
}

#[tokio::test]
async fn a_file_in_place_of_the_directory_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let path = file.join("tasks.db");
    let store = steady(&path);
    let told = unavailable(store.check().await);
    assert!(told.starts_with(&path.display().to_string()), "{told}");
    assert!(unavailable(store.submit(task("a")).await).contains("directory"));
    unavailable(store.record(TaskId::random()).await);
    fs::remove_file(&file).unwrap();
    pause().await;
    assert_eq!(store.check().await, Ok(()));
    assert_eq!(store.submit(task("a")).await, Ok(Submitted::Accepted));
}

#[tokio::test]
async fn a_directory_in_place_of_the_file_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tasks.db");
    fs::create_dir(&path).unwrap();
    let store = steady(&path);
    assert!(unavailable(store.check().await).ends_with("tasks.db is a directory"));
    unavailable(store.submit(task("a")).await);
    unavailable(store.counts().await);
    assert!(path.is_dir());
}

#[tokio::test]
async fn a_directory_in_place_of_the_lock_is_told() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("tasks.db.lock")).unwrap();
    unavailable(steady(&directory.path().join("tasks.db")).submit(task("a")).await);
}

#[tokio::test]
async fn what_is_no_store_is_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let foreign = |name: &str, sql: &str| {
        let path = directory.path().join(name);
        rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        path
    };
    let other = foreign("other.db", "CREATE TABLE note (text)");
    let newer = foreign("newer.db", "PRAGMA application_id = 1717793652; PRAGMA user_version = 9");
    let text = directory.path().join("text.db");
    fs::write(&text, "This is no database, and it is a good deal longer than the header of one. ".repeat(9)).unwrap();
    for (path, expected) in [(&other, "is no store of tasks"), (&newer, "version 9"), (&text, "move it away")] {
        let before = fs::read(path).unwrap();
        let store = steady(path);
        for told in [unavailable(store.check().await), unavailable(store.submit(task("a")).await)] {
            assert!(told.starts_with(&path.display().to_string()) && told.contains(expected), "{told}");
        }
        drop(store);
        assert_eq!(fs::read(path).unwrap(), before);
    }
}

#[tokio::test]
async fn a_file_has_one_user_at_a_time() {
    let folder = Folder::new();
    let first = folder.store(StoreConfig::default());
    assert_eq!(first.submit(task("a")).await, Ok(Submitted::Accepted));
    let second = folder.store(StoreConfig::default());
    assert!(unavailable(second.claim(1, 0).await).ends_with("is in use by another process"));
    unavailable(second.counts().await);
    assert_eq!(first.close().await, Ok(()));
    pause().await;
    assert_eq!(second.claim(1, 0).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_file_that_a_tool_has_locked_is_waited_for() {
    let folder = Folder::new();
    let store = folder.store(StoreConfig::default());
    assert_eq!(store.submit(task("a")).await, Ok(Submitted::Accepted));
    let tool = rusqlite::Connection::open(folder.path()).unwrap();
    tool.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(unavailable(store.submit(task("b")).await).ends_with("is in use by another process"));
    assert_eq!(store.counts().await.unwrap().queued, 1);
    tool.execute_batch("ROLLBACK").unwrap();
    pause().await;
    assert_eq!(store.submit(task("c")).await, Ok(Submitted::Accepted));
}

#[tokio::test]
async fn a_file_that_is_removed_is_missed_and_begun_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data/tasks.db");
    let store = steady(&path);
    assert_eq!(store.submit(task("a")).await, Ok(Submitted::Accepted));
    assert_eq!(store.counts().await.unwrap().queued, 1);
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
    unavailable(store.counts().await);
    assert!(unavailable(store.submit(task("b")).await).contains("removed"));
    pause().await;
    assert_eq!(store.counts().await, Ok(Counts::default()));
    let begun = task("c");
    assert_eq!(store.submit(begun.clone()).await, Ok(Submitted::Accepted));
    drop(store);
    assert!(steady(&path).record(begun.id).await.unwrap().is_some());
}

#[tokio::test]
async fn a_fault_loses_no_claim() {
    let folder = Folder::new();
    let store = folder.store(StoreConfig { most_crashes: 1, ..StoreConfig::default() });
    let running = task("a");
    assert_eq!(store.submit(running.clone()).await, Ok(Submitted::Accepted));
    assert_eq!(store.claim(1, 0).await.unwrap().len(), 1);
    let tool = rusqlite::Connection::open(folder.path()).unwrap();
    tool.execute_batch("BEGIN IMMEDIATE").unwrap();
    unavailable(store.submit(task("b")).await);
    drop(tool);
    pause().await;
    // The file was opened anew, but the process has not died.
    assert_eq!(store.settle(running.id, crate::contract::done("result")).await, Ok(true));
}

#[tokio::test]
async fn what_is_refused_does_not_undo_what_comes_with_it() {
    let folder = Folder::new();
    let store = folder.store(StoreConfig { most_bytes: 10, ..StoreConfig::default() });
    let (a, b, c) = (task("4 b."), task("more than ten bytes"), task("6 by.."));
    let results = tokio::join!(store.submit(a), store.submit(b), store.submit(c));
    let accepted = Ok(Submitted::Accepted);
    assert_eq!(results, (accepted.clone(), Err(StoreError::Full(Bound::Bytes(10))), accepted));
    let twice = task("");
    let results = tokio::join!(store.submit(twice.clone()), store.submit(twice), store.submit(task("")));
    assert_eq!((&results.0, &results.2), (&Ok(Submitted::Accepted), &Ok(Submitted::Accepted)));
    unavailable(results.1);
    assert_eq!(store.counts().await.unwrap().queued, 4);
}

#[tokio::test]
async fn the_sweep_gives_the_disk_back() {
    let folder = Folder::new();
    let store = folder.store(StoreConfig::default());
    let large = "x".repeat(64 << 10);
    for _ in 0..100 {
        let task = task("a");
        let id = task.id;
        assert_eq!(store.submit(task).await, Ok(Submitted::Accepted));
        assert_eq!(store.claim(1, 0).await.unwrap().len(), 1);
        assert_eq!(store.settle(id, crate::contract::done(&large)).await, Ok(true));
    }
    let size = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    let log = folder.directory.path().join("tasks.db-wal");
    assert!(size(&folder.path()) > 4 << 20);
    assert!(size(&log) < 8 << 20, "{}", size(&log));
    folder.pass(StoreConfig::default().keep + Duration::from_secs(1));
    assert_eq!(store.sweep().await, Ok(100));
    // It is cut before anything else is done.
    assert_eq!(store.claim(1, 0).await, Ok(vec![]));
    assert!(size(&folder.path()) < 256 << 10, "{}", size(&folder.path()));
    assert_eq!(size(&log), 0);
}
