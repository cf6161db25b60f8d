//! A file that an older program has written.

use std::sync::Arc;

use bytes::Bytes;
use ferrocast_tasks::{
    CallbackState, Idempotency, NewTask, Outcome, Record, State, StoreConfig, Submitted, TaskId, TaskStore,
};
use rusqlite::Connection;

use super::{Folder, unavailable};
use crate::contract::{claim_one, done, record, submit, task};

/// Writes it as it was.
fn older_file() -> Folder {
    let folder = Folder::new();
    Connection::open(folder.path()).unwrap().execute_batch(include_str!("version_1.sql")).unwrap();
    folder
}

/// The name of each task there.
fn id(number: u8) -> TaskId {
    format!("00000000-0000-4000-8000-00000000000{number}").parse().unwrap()
}

async fn records(store: &Arc<dyn TaskStore>) -> Vec<Record> {
    let mut records = Vec::new();
    for number in 1..=4 {
        records.push(record(store, id(number)).await);
    }
    records
}

#[tokio::test]
async fn what_is_in_an_older_file_goes_on() {
    let folder = older_file();
    let store: Arc<dyn TaskStore> = Arc::new(folder.store(StoreConfig::default()));
    let records = records(&store).await;
    assert!(records.iter().all(|record| record.trace_parent.is_none()));
    let ends: Vec<_> = records.iter().map(|record| (record.state, record.outcome.clone())).collect();
    let expected = [
        (State::Done, Some(Outcome::Done(Bytes::from_static(b"result")))),
        (State::Failed, Some(Outcome::Failed { code: "CODE".to_owned(), message: "why".to_owned() })),
        // It ran when the process died.
        (State::Queued, None),
        (State::Queued, None),
    ];
    assert_eq!(ends, expected);
    assert_eq!(records[0].callback.as_ref().unwrap().state, CallbackState::Due);
    assert_eq!((records[0].owner.as_deref(), records[0].accepted_at.as_millis()), (Some("alice"), 1_796_004_332_944));

    let idempotency = Some(Idempotency { key: "key".to_owned(), fingerprint: [7; 32] });
    assert_eq!(store.submit(NewTask { idempotency, ..task("four") }).await, Ok(Submitted::Known(id(4))));
    for (number, payload, is_suspect) in [(3, "three", true), (4, "four", false)] {
        let claim = claim_one(&store).await;
        assert_eq!((claim.id, &claim.payload[..], claim.is_suspect), (id(number), payload.as_bytes(), is_suspect));
        assert_eq!((claim.accepted_at, claim.trace_parent), (records[usize::from(number) - 1].accepted_at, None));
        assert_eq!(store.settle(claim.id, done(payload)).await, Ok(true));
    }
    let deliveries = store.claim_deliveries(9, 9, vec![]).await.unwrap();
    assert_eq!(deliveries.iter().map(|delivery| delivery.record.id).collect::<Vec<_>>(), [id(1), id(3)]);
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.ended, counts.bytes), (4, 15));
}

#[tokio::test]
async fn an_older_file_takes_traces_from_then_on() {
    let folder = older_file();
    let store: Arc<dyn TaskStore> = Arc::new(folder.store(StoreConfig::default()));
    let trace_parent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
    let new = submit(&store, NewTask { trace_parent: trace_parent.clone(), ..task("five") }).await;
    let before = records(&store).await;
    drop(store);
    let store: Arc<dyn TaskStore> = Arc::new(folder.store(StoreConfig::default()));
    assert_eq!(record(&store, new).await.trace_parent, trace_parent);
    assert_eq!(records(&store).await, before);
}

#[tokio::test]
async fn a_trace_that_somebody_changed_is_told() {
    let folder = older_file();
    let store = folder.store(StoreConfig::default());
    let traced = NewTask { trace_parent: Some("trace".to_owned()), ..task("five") };
    assert_eq!(store.submit(traced.clone()).await, Ok(Submitted::Accepted));
    let tool = Connection::open(folder.path()).unwrap();
    for (changed, value) in [(traced.id, None), (traced.id, Some("other")), (id(1), Some("trace"))] {
        let sql = "UPDATE task SET trace_parent = ?1 WHERE id = ?2";
        assert_eq!(tool.execute(sql, (value, changed.as_bytes())), Ok(1));
        assert!(unavailable(store.record(changed).await).contains("is damaged"));
    }
}

/// The names of the columns, in their order, and the version.
fn layout(folder: &Folder) -> (Vec<String>, i64) {
    let connection = Connection::open(folder.path()).unwrap();
    let mut columns = connection.prepare("SELECT name FROM pragma_table_info('task')").unwrap();
    let columns = columns.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    (columns, connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap())
}

#[tokio::test]
async fn an_older_file_becomes_as_a_new_one_is() {
    let (older, new) = (older_file(), Folder::new());
    assert_eq!(older.store(StoreConfig::default()).check().await, Ok(()));
    assert_eq!(new.store(StoreConfig::default()).submit(task("a")).await, Ok(Submitted::Accepted));
    assert_eq!(layout(&older), layout(&new));
    assert_eq!(layout(&older).1, 2);
}
