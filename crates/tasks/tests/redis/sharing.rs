//! Several servers, one queue.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ferrocast_tasks::{
    Bound, CallbackState, Claim, DeliveryVerdict, Idempotency, NewTask, Outcome, RedisStore, RedisStoreConfig, State,
    StoreConfig, StoreError, Submitted, TaskId, TaskStore, Verdict,
};
use ferrocast_testkit::RedisServer;

use crate::contract::{claim_one, done, ended, record, submit, task, with_callback};
use crate::pass_as_server;
use crate::{config, connect};

const LEASE: Duration = Duration::from_millis(600);

fn open(server: &RedisServer, bounds: StoreConfig) -> Arc<dyn TaskStore> {
    Arc::new(RedisStore::new(RedisStoreConfig { bounds, lease: LEASE, ..config(server) }).unwrap())
}

fn open_some(server: &RedisServer, number: usize) -> Vec<Arc<dyn TaskStore>> {
    (0..number).map(|_| open(server, StoreConfig::default())).collect()
}

#[tokio::test]
async fn each_task_is_claimed_once() {
    const TASKS: usize = 2000;
    let server = RedisServer::start(&[]);
    let stores = open_some(&server, 3);
    let work = stores.iter().enumerate().map(|(number, store)| {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            for at in (number..TASKS).step_by(3) {
                submit(&store, task(&at.to_string())).await;
            }
            let mut taken = Vec::new();
            loop {
                let claims = store.claim(16, 0).await.unwrap();
                if claims.is_empty() && store.counts().await.unwrap().queued == 0 {
                    return taken;
                }
                for Claim { id, attempt, is_suspect, .. } in claims {
                    assert_eq!((attempt, is_suspect), (1, false));
                    assert_eq!(store.settle(id, done("result")).await, Ok(true));
                    taken.push(id);
                }
            }
        })
    });
    let mut taken = Vec::new();
    for server in work.collect::<Vec<_>>() {
        taken.extend(server.await.unwrap());
    }
    assert_eq!(taken.len(), TASKS);
    assert_eq!(taken.into_iter().collect::<HashSet<_>>().len(), TASKS);
    let counts = stores[0].counts().await.unwrap();
    assert_eq!((counts.queued, counts.running, counts.ended, counts.bytes), (0, 0, 2000, 12_000));
}

#[tokio::test]
async fn what_a_dead_server_had_goes_to_another() {
    let server = RedisServer::start(&[]);
    let [first, second] = open_some(&server, 2).try_into().unwrap();
    let id = submit(&first, task("a")).await;
    let waits = submit(&first, task("b")).await;
    assert_eq!(first.claim(1, 0).await.unwrap()[0].id, id);
    drop(first);
    // The one that was never taken is not held up by it.
    assert_eq!(claim_one(&second).await.id, waits);
    assert_eq!(second.settle(waits, done("result")).await, Ok(true));

    pass_as_server(&*second, LEASE * 2).await;
    assert_eq!(record(&second, id).await.state, State::Queued);
    let claim = claim_one(&second).await;
    assert_eq!((claim.id, claim.attempt, claim.is_suspect), (id, 2, true));
    assert_eq!(second.settle(id, done("result")).await, Ok(true));
}

#[tokio::test]
async fn who_is_silent_loses_its_tasks() {
    let server = RedisServer::start(&[]);
    let [slow, other] = open_some(&server, 2).try_into().unwrap();
    let id = submit(&slow, task("a")).await;
    claim_one(&slow).await;
    pass_as_server(&*other, LEASE * 2).await;
    assert_eq!(slow.keep(vec![id]).await, Ok(vec![id]));
    assert_eq!(slow.settle(id, done("between")).await, Ok(false));
    assert_eq!(claim_one(&other).await.id, id);
    assert_eq!(slow.settle(id, done("late")).await, Ok(false));
    assert_eq!(slow.keep(vec![id]).await, Ok(vec![id]));
    assert_eq!(other.keep(vec![id]).await, Ok(vec![]));
    assert_eq!(other.settle(id, done("right")).await, Ok(true));
    assert_eq!(record(&slow, id).await.outcome, Some(Outcome::Done(Bytes::from_static(b"right"))));
    // It takes tasks again, though it thought to have a suspect.
    let next = submit(&other, task("b")).await;
    assert_eq!(claim_one(&slow).await.id, next);
}

#[tokio::test]
async fn who_renews_keeps_its_tasks() {
    let server = RedisServer::start(&[]);
    let [first, second] = open_some(&server, 2).try_into().unwrap();
    let id = submit(&first, task("a")).await;
    claim_one(&first).await;
    for _ in 0..20 {
        assert_eq!(first.keep(vec![id]).await, Ok(vec![]));
        pass_as_server(&*second, LEASE / 10).await;
    }
    assert_eq!(first.settle(id, done("result")).await, Ok(true));
}

#[tokio::test]
async fn what_its_own_server_forgot_is_begun_again() {
    let server = RedisServer::start(&[]);
    let store = open(&server, StoreConfig::default());
    let id = submit(&store, task("a")).await;
    claim_one(&store).await;
    pass_as_server(&*store, LEASE * 2).await;
    let claim = claim_one(&store).await;
    assert_eq!((claim.id, claim.attempt, claim.is_suspect), (id, 1, false));
}

#[tokio::test]
async fn settling_and_claiming_at_once_confuse_no_server() {
    let server = RedisServer::start(&[]);
    let stores = open_some(&server, 2);
    for _ in 0..4 {
        submit(&stores[0], task("a")).await;
    }
    let workers: Vec<_> = (0..8)
        .map(|number| {
            let store = Arc::clone(&stores[number % 2]);
            tokio::spawn(async move {
                for _ in 0..100 {
                    for Claim { id, attempt, is_suspect, .. } in store.claim(1, 0).await.unwrap() {
                        assert_eq!((attempt, is_suspect), (1, false));
                        assert_eq!(store.keep(vec![id]).await, Ok(vec![]));
                        let again = Verdict::Again { after: Duration::ZERO, counts: false };
                        assert_eq!(store.settle(id, again).await, Ok(true));
                    }
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    assert_eq!(stores[0].counts().await.unwrap().queued, 4);
}

#[tokio::test]
async fn bounds_are_exact_when_many_hand_in_at_once() {
    let server = RedisServer::start(&[]);
    for (bounds, full) in [
        (StoreConfig { most_tasks: 50, ..StoreConfig::default() }, StoreError::Full(Bound::Tasks(50))),
        (StoreConfig { most_bytes: 500, ..StoreConfig::default() }, StoreError::Full(Bound::Bytes(500))),
    ] {
        let _: () = redis::cmd("FLUSHALL").query(&mut connect(&server)).unwrap();
        let stores: Vec<_> = (0..3).map(|_| open(&server, bounds)).collect();
        let submits: Vec<_> = (0..120)
            .map(|number| {
                let store = Arc::clone(&stores[number % 3]);
                tokio::spawn(async move { store.submit(task("ten bytes.")).await })
            })
            .collect();
        let mut accepted = 0;
        for submit in submits {
            match submit.await.unwrap() {
                Ok(answer) => {
                    assert_eq!(answer, Submitted::Accepted);
                    accepted += 1;
                }
                Err(error) => assert_eq!(error, full),
            }
        }
        assert_eq!(accepted, 50);
        let counts = stores[0].counts().await.unwrap();
        assert_eq!((counts.queued, counts.bytes), (50, 500));
    }
}

#[tokio::test]
async fn one_key_raced_for_is_one_task() {
    let server = RedisServer::start(&[]);
    let stores = open_some(&server, 2);
    for round in 0..20 {
        let submits: Vec<_> = (0..10)
            .map(|number| {
                let store = Arc::clone(&stores[number % 2]);
                let idempotency = Idempotency { key: format!("key {round}"), fingerprint: [round; 32] };
                let new = NewTask { idempotency: Some(idempotency), ..task("a") };
                tokio::spawn(async move { (new.id, store.submit(new).await.unwrap()) })
            })
            .collect();
        let mut names = HashSet::new();
        for submit in submits {
            let (id, answer) = submit.await.unwrap();
            names.insert(if let Submitted::Known(first) = answer { first } else { id });
        }
        assert_eq!(names.len(), 1);
    }
    assert_eq!(stores[0].counts().await.unwrap().queued, 20);
}

async fn take_delivery(store: &Arc<dyn TaskStore>) -> Option<(TaskId, u32)> {
    let taken = store.claim_deliveries(1, 1, Vec::new()).await.unwrap();
    taken.first().map(|delivery| (delivery.record.id, delivery.attempt))
}

#[tokio::test]
async fn a_delivery_of_a_dead_server_goes_to_another() {
    let server = RedisServer::start(&[]);
    let [slow, other] = open_some(&server, 2).try_into().unwrap();
    let id = ended(&slow, with_callback("a", "https://a.org/", "a.org:443"), done("result")).await;
    assert_eq!(take_delivery(&slow).await, Some((id, 1)));
    assert_eq!(take_delivery(&other).await, None);
    tokio::time::sleep(LEASE + Duration::from_millis(100)).await;
    assert_eq!(take_delivery(&other).await, Some((id, 2)));
    assert_eq!(take_delivery(&slow).await, None);

    assert_eq!(slow.settle_delivery(id, DeliveryVerdict::Dead("late".to_owned())).await, Ok(()));
    assert_eq!(record(&slow, id).await.callback.unwrap().state, CallbackState::Due);
    assert_eq!(other.settle_delivery(id, DeliveryVerdict::Delivered("200".to_owned())).await, Ok(()));
    let callback = record(&slow, id).await.callback.unwrap();
    assert_eq!((callback.state, callback.last.as_deref()), (CallbackState::Delivered, Some("200")));
}

#[tokio::test]
async fn many_deliveries_to_many_hosts_are_each_taken_once() {
    let server = RedisServer::start(&[]);
    let stores = open_some(&server, 2);
    for number in 0..60 {
        let host = format!("host{}.org:443", number % 12);
        ended(&stores[0], with_callback("a", "https://host.org/", &host), done("result")).await;
    }
    let mut taken = HashSet::new();
    for round in 0.. {
        let deliveries = stores[round % 2].claim_deliveries(7, 2, vec!["host3.org:443".to_owned(); 2]).await.unwrap();
        if deliveries.is_empty() {
            break;
        }
        assert!(deliveries.len() <= 7);
        for delivery in deliveries {
            assert_ne!(delivery.callback.host, "host3.org:443");
            assert!(taken.insert(delivery.record.id));
        }
    }
    assert_eq!(taken.len(), 55);
}

#[tokio::test]
async fn what_is_given_back_keeps_its_place_and_what_is_put_off_does_not() {
    let server = RedisServer::start(&[]);
    let [first, second] = open_some(&server, 2).try_into().unwrap();
    let mut ids = Vec::new();
    for number in 0..4 {
        ids.push(submit(&first, task(&number.to_string())).await);
    }
    assert_eq!(first.claim(2, 0).await.unwrap().len(), 2);
    let after = Duration::from_millis(50);
    assert_eq!(first.settle(ids[0], Verdict::Again { after, counts: true }).await, Ok(true));
    assert_eq!(first.close().await, Ok(()));
    assert!(matches!(first.claim(1, 0).await, Err(StoreError::Unavailable(_))));
    tokio::time::sleep(after * 2).await;
    let claims = second.claim(9, 0).await.unwrap();
    let again: Vec<_> = claims.into_iter().map(|claim| (claim.id, claim.attempt)).collect();
    assert_eq!(again, [(ids[1], 1), (ids[2], 1), (ids[3], 1), (ids[0], 2)]);
}

#[tokio::test]
async fn nothing_is_left_behind() {
    let server = RedisServer::start(&[]);
    let bounds = StoreConfig { keep: Duration::from_millis(1), ..StoreConfig::default() };
    for number in 0..5 {
        let store = open(&server, bounds);
        for state in [done("result"), Verdict::Final(Outcome::Cancelled)] {
            let owner = Some(format!("owner {number}"));
            let idempotency = Some(Idempotency { key: "key".to_owned(), fingerprint: [0; 32] });
            let new = NewTask { owner, idempotency, ..with_callback("a", "https://a.org/", "a.org:443") };
            let id = ended(&store, new, state).await;
            if take_delivery(&store).await.is_some() {
                assert_eq!(store.settle_delivery(id, DeliveryVerdict::Dead("410".to_owned())).await, Ok(()));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
            assert_eq!(store.sweep().await, Ok(1));
        }
        // Without closing: its consumer is left.
    }
    tokio::time::sleep(LEASE + Duration::from_millis(100)).await;
    let store = open(&server, bounds);
    assert_eq!(store.sweep().await, Ok(0));

    let mut connection = connect(&server);
    let mut keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
    keys.sort();
    let left =
        ["bytes", "layout", "pulse", "seq", "stream", "summed"].map(|name| format!("{{ferrocast:tasks}}:{name}"));
    assert_eq!(keys, left);
    let stream = "{ferrocast:tasks}:stream";
    let entries: u64 = redis::cmd("XLEN").arg(stream).query(&mut connection).unwrap();
    let consumers: Vec<redis::Value> =
        redis::cmd("XINFO").arg("CONSUMERS").arg(stream).arg("workers").query(&mut connection).unwrap();
    assert_eq!((entries, consumers.len()), (0, 0));
    let bytes: u64 = redis::cmd("GET").arg("{ferrocast:tasks}:bytes").query(&mut connection).unwrap();
    assert_eq!(bytes, 0);
}
