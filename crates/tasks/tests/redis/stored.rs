//! What is in Redis: whose keys they are, what others may have written there, and what is not touched.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ferrocast_tasks::{
    Callback, Idempotency, ListQuery, NewTask, Outcome, RedisStore, RedisStoreConfig, State, StoreError, TaskId,
    TaskStore, Verdict,
};
use ferrocast_testkit::{RedisServer, free_port};

use crate::contract::{claim_one, done, ended, record, submit, task, with_callback};
use crate::{config, connect};

fn open(server: &RedisServer) -> Arc<dyn TaskStore> {
    Arc::new(RedisStore::new(config(server)).unwrap())
}

fn write(server: &RedisServer, id: TaskId, field: &str, value: &[u8]) {
    let key = format!("{{ferrocast:tasks}}:task:{id}");
    let _: () = redis::cmd("HSET").arg(key).arg(field).arg(value).query(&mut connect(server)).unwrap();
}

#[tokio::test]
async fn bytes_come_back_as_they_were() {
    let server = RedisServer::start(&[]);
    let store = open(&server);
    let all: Vec<u8> = (0..=255).cycle().take(5000).collect();
    let new = NewTask { payload: Bytes::from(all.clone()), ..task("") };
    let id = submit(&store, new).await;
    assert_eq!(claim_one(&store).await.payload, all);
    let result = Outcome::Done(Bytes::from(all));
    assert_eq!(store.settle(id, Verdict::Final(result.clone())).await, Ok(true));
    assert_eq!(record(&store, id).await.outcome, Some(result));
}

#[tokio::test]
async fn what_others_wrote_is_an_error() {
    let server = RedisServer::start(&[]);
    let store = open(&server);
    let hostile: [(&str, &[u8]); 10] = [
        ("state", b"asleep"),
        ("attempts", b"-1"),
        ("accepted", b"18446744073709551616"),
        ("started", b"yesterday"),
        ("finished", b"1e3"),
        ("topic", b"\xff"),
        ("owner", b"\xff"),
        ("trace", b"\xff"),
        ("callback", b"lost"),
        ("callback_due", b"soon"),
    ];
    for (field, value) in hostile {
        let id = ended(&store, with_callback("a", "https://a.org/", "a.org:443"), done("result")).await;
        write(&server, id, field, value);
        let answer = store.record(id).await;
        assert!(matches!(&answer, Err(StoreError::Unavailable(why)) if why.ends_with("cannot be read")), "{answer:?}");
        assert!(store.list(ListQuery { most: 1, ..ListQuery::default() }).await.is_err());
        let deliveries = store.claim_deliveries(9, 9, Vec::new()).await;
        assert!(deliveries.is_ok_and(|taken| taken.iter().all(|delivery| delivery.record.id != id)), "{field}");
        let _: () = redis::cmd("FLUSHALL").query(&mut connect(&server)).unwrap();
    }
}

#[tokio::test]
async fn a_damaged_task_ends_and_holds_up_no_other() {
    let server = RedisServer::start(&[]);
    let store = open(&server);
    let damaged = submit(&store, task("a")).await;
    let vanished = submit(&store, task("b")).await;
    let replaced = submit(&store, task("c")).await;
    let sound = submit(&store, task("d")).await;
    write(&server, damaged, "request", b"\xff");
    let mut connection = connect(&server);
    for id in [vanished, replaced] {
        let key = format!("{{ferrocast:tasks}}:task:{id}");
        let _: () = redis::cmd("DEL").arg(&key).query(&mut connection).unwrap();
        if id == replaced {
            let _: () = redis::cmd("SET").arg(&key).arg("a text").query(&mut connection).unwrap();
        }
    }
    assert_eq!(claim_one(&store).await.id, sound);
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.queued, counts.running, counts.ended, counts.bytes), (0, 1, 1, 1));
    write(&server, damaged, "request", b"mended");
    let record = record(&store, damaged).await;
    assert!(matches!(record.outcome, Some(Outcome::Failed { code, .. }) if code == "TASK_UNREADABLE"));
}

#[tokio::test]
async fn a_newer_layout_is_not_touched() {
    let server = RedisServer::start(&[]);
    let store = open(&server);
    let id = submit(&store, task("a")).await;
    let mut connection = connect(&server);
    let _: () = redis::cmd("SET").arg("{ferrocast:tasks}:layout").arg(2).query(&mut connection).unwrap();
    let refused = [
        store.submit(task("b")).await.unwrap_err(),
        store.record(id).await.unwrap_err(),
        store.list(ListQuery { most: 1, ..ListQuery::default() }).await.unwrap_err(),
        store.cancel(id).await.unwrap_err(),
        store.claim(1, 0).await.unwrap_err(),
        store.settle(id, done("result")).await.unwrap_err(),
        store.keep(vec![id]).await.unwrap_err(),
        store.claim_deliveries(1, 1, Vec::new()).await.unwrap_err(),
        store.replay(id).await.unwrap_err(),
        store.sweep().await.unwrap_err(),
        store.counts().await.unwrap_err(),
        store.close().await.unwrap_err(),
    ];
    for error in refused {
        let StoreError::Unavailable(why) = error else { panic!("{error:?}") };
        assert!(why.contains("the tasks are stored in layout 2, and this program knows 1"), "{why}");
    }
    let _: () = redis::cmd("SET").arg("{ferrocast:tasks}:layout").arg(1).query(&mut connection).unwrap();
    assert_eq!(record(&store, id).await.state, State::Queued);
}

#[tokio::test]
async fn all_keys_are_on_one_node_of_a_cluster() {
    let bus = free_port().to_string();
    let server = RedisServer::start(&["--appendonly", "no", "--cluster-enabled", "yes", "--cluster-port", &bus]);
    let mut connection = connect(&server);
    let _: () = redis::cmd("CLUSTER").arg("ADDSLOTSRANGE").arg(0).arg(16383).query(&mut connection).unwrap();
    let is_up = |connection: &mut redis::Connection| {
        let info: String = redis::cmd("CLUSTER").arg("INFO").query(connection).unwrap();
        info.contains("cluster_state:ok")
    };
    while !is_up(&mut connection) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let config = RedisStoreConfig { prefix: "some:prefix".to_owned(), ..config(&server) };
    let store: Arc<dyn TaskStore> = Arc::new(RedisStore::new(config).unwrap());
    let callback = Some(Callback { url: "https://{a}.org/".to_owned(), host: "{a}.org:443".to_owned() });
    let idempotency = Some(Idempotency { key: "{k}".to_owned(), fingerprint: [0; 32] });
    ended(&store, NewTask { owner: Some("{o}".to_owned()), callback, idempotency, ..task("a") }, done("result")).await;
    assert_eq!(store.claim_deliveries(1, 1, Vec::new()).await.unwrap().len(), 1);
    assert_eq!(store.counts().await.unwrap().ended, 1);
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
    assert!(keys.len() > 8 && keys.iter().all(|key| key.starts_with("{some:prefix}:")), "{keys:?}");
}

#[tokio::test]
async fn other_prefixes_are_other_queues() {
    let server = RedisServer::start(&[]);
    let other = RedisStoreConfig { prefix: "other".to_owned(), ..config(&server) };
    let (store, other) = (open(&server), RedisStore::new(other).unwrap());
    let id = submit(&store, task("a")).await;
    assert_eq!(other.claim(9, 0).await, Ok(vec![]));
    assert_eq!(other.record(id).await, Ok(None));
    assert_eq!(claim_one(&store).await.id, id);
}
