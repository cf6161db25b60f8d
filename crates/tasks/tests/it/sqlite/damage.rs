//! A byte that changed on the disk: what is told is right, or that it cannot be told.

use std::collections::HashMap;
use std::fs;

use ferrocast_tasks::{ListQuery, NewTask, Record, StoreError, TaskId, TaskStore};

use super::{Folder, steady};
use crate::contract::{done, ended, submit, with_callback};

const TASKS: usize = 60;
const FLIPS: u64 = 100;

#[tokio::test]
async fn damage_is_told_or_does_no_harm() {
    let folder = Folder::new();
    let store: std::sync::Arc<dyn TaskStore> = std::sync::Arc::new(steady(&folder.path()));
    for number in 0..TASKS {
        let task = with_callback(&number.to_string(), "https://example.org/hook", "example.org:443");
        ended(&store, task, done(&"result ".repeat(number * 9))).await;
    }
    let mut payloads = HashMap::new();
    for number in 0..TASKS {
        let payload = "payload ".repeat(number * 9).into();
        let trace_parent = (number % 2 == 0).then(|| format!("trace {number}"));
        let task =
            NewTask { payload, trace_parent, ..with_callback("", "https://example.org/hook", "example.org:443") };
        payloads.insert(submit(&store, task.clone()).await, task.payload);
    }
    let all = ListQuery { most: 10 * TASKS, ..ListQuery::default() };
    let mut records: HashMap<TaskId, Record> = HashMap::new();
    for listed in store.list(all.clone()).await.unwrap() {
        records.insert(listed.id, store.record(listed.id).await.unwrap().unwrap());
    }
    assert_eq!(records.len(), 2 * TASKS);
    store.close().await.unwrap();
    drop(store);
    let sound = fs::read(folder.path()).unwrap();

    let (mut told, mut harmless) = (0, 0);
    for flip in 0..FLIPS {
        // The header byte by byte, then places all over the file, by a generator of random numbers.
        let random = (flip + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let random = (random ^ (random >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let at = if flip < 50 { usize::try_from(flip * 2).unwrap() } else { (random >> 20) as usize % sound.len() };
        let mut damaged = sound.clone();
        damaged[at] ^= u8::try_from(random >> 56).unwrap() | 1;
        let folder = Folder::new();
        fs::write(folder.path(), damaged).unwrap();
        let store = steady(&folder.path());
        let mut errors = 0;
        if store.check().await.is_err() {
            errors += 1;
        } else {
            for (id, expected) in &records {
                match store.record(*id).await {
                    Ok(Some(record)) => assert_eq!(&record, expected, "byte {at}"),
                    Ok(None) => panic!("{id} is denied: byte {at}"),
                    Err(StoreError::Unavailable(_)) => errors += 1,
                    Err(other) => panic!("{other}"),
                }
            }
            if let Ok(listed) = store.list(all.clone()).await {
                for record in listed {
                    let expected = Record { outcome: record.outcome.clone(), ..records[&record.id].clone() };
                    assert_eq!(record, expected, "byte {at}");
                }
            }
            while let Ok(claims) = store.claim(7, 0).await
                && !claims.is_empty()
            {
                for claim in claims {
                    assert_eq!(claim.payload, payloads[&claim.id], "byte {at}");
                }
            }
            while let Ok(deliveries) = store.claim_deliveries(7, 7, vec![]).await
                && !deliveries.is_empty()
            {
                for delivery in deliveries {
                    assert_eq!(delivery.record, records[&delivery.record.id], "byte {at}");
                }
            }
        }
        if errors == 0 {
            harmless += 1;
        } else {
            told += 1;
        }
    }
    println!("{FLIPS} flips in {} bytes: {told} told, {harmless} harmless", sound.len());
}
