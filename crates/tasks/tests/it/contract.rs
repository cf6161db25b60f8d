//! What every store of tasks does, whatever it keeps them in.
//!
//! A kind of store brings a [`Bench`] and lets [`contract!`] make a test of each case.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ferrocast_tasks::{
    Bound, Callback, CallbackState, Cancelled, Claim, Counts, Delivery, DeliveryVerdict, Idempotency, ListQuery,
    NewTask, Outcome, QUARANTINED, Record, State, StoreConfig, StoreError, Submitted, TaskId, TaskStore, Verdict,
};

/// A place for the tasks of one test, empty at first, and the time that passes there.
pub(crate) trait Bench {
    /// Opens the store of this place.
    async fn open(&self, config: StoreConfig) -> Arc<dyn TaskStore>;

    /// Lets the process die that has this store, and opens what it left as another process: when it is certain that the
    /// first one is dead.
    async fn crash(&self, store: Arc<dyn TaskStore>, config: StoreConfig) -> Arc<dyn TaskStore>;

    /// Lets so much time pass.
    async fn pass(&self, time: Duration);

    /// So long that what is put off by it does not become due by itself while a test goes on.
    fn delay(&self) -> Duration;
}

/// A test of each case, in the module that says how a new bench is made.
macro_rules! contract {
    ($bench:expr) => {
        $crate::contract::contract! { $bench;
            a_task_goes_round,
            a_task_with_nothing_optional_goes_round,
            a_trace_goes_wherever_its_task_goes,
            the_oldest_is_begun_first_and_each_once,
            claims_at_once_share_no_task,
            a_task_that_is_put_off_waits,
            an_attempt_that_does_not_count_is_not_counted,
            the_first_end_holds,
            calling_off_keeps_the_task_off,
            calling_off_what_has_ended_changes_nothing,
            lists_hold_what_is_asked_for,
            lists_go_on_where_they_stopped,
            an_owner_sees_only_its_own,
            no_more_tasks_than_may_be,
            no_more_bytes_than_may_be,
            room_comes_back_with_the_sweep,
            a_key_names_one_task,
            a_key_is_each_owners_own,
            a_key_is_known_even_to_a_full_store,
            a_key_is_forgotten_with_its_task,
            what_ran_in_a_crash_is_begun_again_alone,
            what_ran_in_too_many_crashes_is_not_begun_again,
            what_was_called_off_stays_so_in_a_crash,
            what_is_stored_outlives_a_crash,
            closing_gives_claims_back,
            an_end_makes_the_callback_due,
            calling_off_makes_no_callback_due,
            deliveries_are_bounded,
            deliveries_under_way_count,
            a_delivery_that_is_put_off_waits,
            a_delivered_callback_is_not_due,
            a_dead_callback_is_replayed_once,
            a_delivery_is_due_again_after_a_crash,
            a_delivery_is_given_back_by_closing,
            the_sweep_forgets_what_ended_long_ago,
            the_sweep_leaves_what_is_to_be_told,
            counts_tell_what_is_there,
            keeping_tells_what_was_lost,
        }
    };
    ($bench:expr; $($case:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                let bench = $bench;
                $crate::contract::$case(&bench).await;
            }
        )+
    };
}
pub(crate) use contract;

pub(crate) async fn a_task_goes_round(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    let new = NewTask {
        owner: Some("alice".to_owned()),
        trace_parent: Some(TRACE_PARENT.to_owned()),
        idempotency: Some(Idempotency { key: "k".to_owned(), fingerprint: [7; 32] }),
        ..with_callback("payload", "https://example.org/hook", "example.org:443")
    };
    let callback = new.callback.clone().unwrap();
    assert_eq!(store.submit(new.clone()).await, Ok(Submitted::Accepted));

    let queued = record(&store, new.id).await;
    assert_eq!(
        (queued.id, &queued.topic, &queued.owner, &queued.request_id),
        (new.id, &new.topic, &new.owner, &new.request_id)
    );
    assert_eq!(queued.trace_parent, new.trace_parent);
    assert_eq!((queued.state, queued.attempts, &queued.outcome), (State::Queued, 0, &None));
    assert_eq!((queued.started_at, queued.finished_at), (None, None));
    let waiting = queued.callback.unwrap();
    assert_eq!((&waiting.callback, waiting.state, waiting.attempts), (&callback, CallbackState::Waiting, 0));
    assert_eq!((waiting.last, waiting.due_at), (None, None));

    let claim = claim_one(&store).await;
    let expected = Claim {
        id: new.id,
        topic: new.topic,
        request_id: new.request_id,
        trace_parent: new.trace_parent,
        accepted_at: queued.accepted_at,
        payload: new.payload,
        attempt: 1,
        is_suspect: false,
    };
    assert_eq!(claim, expected);
    let running = record(&store, new.id).await;
    assert_eq!((running.state, running.attempts, running.finished_at), (State::Running, 1, None));
    assert_eq!(running.accepted_at, queued.accepted_at);
    assert!(running.started_at.unwrap() >= running.accepted_at);

    let result = Outcome::Done(Bytes::from_static(b"result"));
    assert_eq!(store.settle(new.id, Verdict::Final(result.clone())).await, Ok(true));
    let done = record(&store, new.id).await;
    assert_eq!((done.state, done.attempts, done.outcome), (State::Done, 1, Some(result)));
    assert_eq!((done.accepted_at, done.started_at), (running.accepted_at, running.started_at));
    assert!(done.finished_at.unwrap() >= done.started_at.unwrap());
    let due = done.callback.unwrap();
    assert_eq!((due.state, due.callback), (CallbackState::Due, callback));
    assert!(due.due_at.is_some());
}

pub(crate) async fn a_task_with_nothing_optional_goes_round(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    let new = NewTask { payload: Bytes::new(), topic: String::new(), request_id: String::new(), ..task("") };
    assert_eq!(store.submit(new.clone()).await, Ok(Submitted::Accepted));
    let claim = claim_one(&store).await;
    assert_eq!((claim.trace_parent, claim.payload), (None, Bytes::new()));
    let failed = Outcome::Failed { code: "NO_MODEL".to_owned(), message: "there is „no“ model\n".to_owned() };
    assert_eq!(store.settle(new.id, Verdict::Final(failed.clone())).await, Ok(true));
    let record = record(&store, new.id).await;
    assert_eq!((record.state, record.outcome), (State::Failed, Some(failed)));
    assert_eq!((record.owner, record.trace_parent, record.callback), (None, None, None));
    assert_eq!(store.record(TaskId::random()).await, Ok(None));
}

pub(crate) async fn a_trace_goes_wherever_its_task_goes(bench: &impl Bench) {
    let config = StoreConfig::default();
    let store = bench.open(config).await;
    let trace_parent = Some(TRACE_PARENT.to_owned());
    let new = NewTask {
        trace_parent: trace_parent.clone(),
        idempotency: Some(Idempotency { key: "k".to_owned(), fingerprint: [7; 32] }),
        ..with_callback("payload", "https://example.org/hook", "example.org:443")
    };
    let id = submit(&store, new.clone()).await;
    let accepted_at = record(&store, id).await.accepted_at;
    // The trace of whoever handed it in once more is another one.
    let again = NewTask { id: TaskId::random(), trace_parent: None, ..new };
    assert_eq!(store.submit(again).await, Ok(Submitted::Known(id)));
    claim_one(&store).await;
    let store = bench.crash(store, config).await;

    let claim = claim_one(&store).await;
    assert_eq!((claim.id, &claim.trace_parent, claim.accepted_at), (id, &trace_parent, accepted_at));
    assert_eq!(store.settle(id, done("result")).await, Ok(true));
    let delivery = deliveries(&store, 9, 9, &[]).await.pop().unwrap();
    assert_eq!((delivery.record.id, &delivery.record.trace_parent), (id, &trace_parent));
    assert_eq!(record(&store, id).await.trace_parent, trace_parent);
    assert_eq!(store.list(query()).await.unwrap()[0].trace_parent, trace_parent);
}

pub(crate) async fn the_oldest_is_begun_first_and_each_once(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    let mut ids = Vec::new();
    for number in 0..7 {
        ids.push(submit(&store, task(&number.to_string())).await);
    }
    assert_eq!(claim_ids(&store, 0, 0).await, []);
    assert_eq!(claim_ids(&store, 3, 0).await, ids[..3]);
    assert_eq!(claim_ids(&store, 3, 3).await, ids[3..6]);
    assert_eq!(claim_ids(&store, 3, 6).await, ids[6..]);
    assert_eq!(claim_ids(&store, 3, 7).await, []);
}

pub(crate) async fn claims_at_once_share_no_task(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    for number in 0..40 {
        submit(&store, task(&number.to_string())).await;
    }
    let claimants: Vec<_> = (0..8)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut taken = Vec::new();
                loop {
                    let more = claim_ids(&store, 3, taken.len()).await;
                    if more.is_empty() {
                        return taken;
                    }
                    taken.extend(more);
                }
            })
        })
        .collect();
    let mut taken = Vec::new();
    for claimant in claimants {
        taken.extend(claimant.await.unwrap());
    }
    assert_eq!(taken.len(), 40);
    assert_eq!(taken.into_iter().collect::<HashSet<_>>().len(), 40);
}

pub(crate) async fn a_task_that_is_put_off_waits(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    let id = submit(&store, task("a")).await;
    claim_one(&store).await;
    assert_eq!(store.settle(id, Verdict::Again { after: bench.delay(), counts: true }).await, Ok(true));
    assert_eq!(record(&store, id).await.state, State::Queued);
    assert_eq!(claim_ids(&store, 1, 0).await, []);
    bench.pass(bench.delay()).await;
    let again = claim_one(&store).await;
    assert_eq!((again.id, again.attempt, again.is_suspect), (id, 2, false));
    assert_eq!(&again.payload[..], b"a");
    assert_eq!(store.settle(id, Verdict::Again { after: Duration::ZERO, counts: true }).await, Ok(true));
    assert_eq!(claim_one(&store).await.attempt, 3);
}

pub(crate) async fn an_attempt_that_does_not_count_is_not_counted(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    let id = submit(&store, task("a")).await;
    assert_eq!(claim_one(&store).await.attempt, 1);
    assert_eq!(store.settle(id, Verdict::Again { after: Duration::ZERO, counts: false }).await, Ok(true));
    assert_eq!(record(&store, id).await.attempts, 0);
    assert_eq!(claim_one(&store).await.attempt, 1);
}

pub(crate) async fn the_first_end_holds(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    let id = submit(&store, task("a")).await;
    assert_eq!(store.settle(id, done("unclaimed")).await, Ok(false));
    claim_one(&store).await;
    assert_eq!(store.settle(id, done("first")).await, Ok(true));
    assert_eq!(store.settle(id, done("second")).await, Ok(false));
    assert_eq!(store.settle(id, Verdict::Again { after: Duration::ZERO, counts: true }).await, Ok(false));
    assert_eq!(record(&store, id).await.outcome, Some(Outcome::Done(Bytes::from_static(b"first"))));
    assert_eq!(claim_ids(&store, 1, 0).await, []);
    assert_eq!(store.settle(TaskId::random(), done("unknown")).await, Ok(false));
}

pub(crate) async fn calling_off_keeps_the_task_off(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    let running = submit(&store, task("running")).await;
    claim_one(&store).await;
    let queued = submit(&store, task("queued")).await;
    for id in [running, queued] {
        assert_eq!(store.cancel(id).await, Ok(Cancelled::Now));
        let record = record(&store, id).await;
        assert_eq!((record.state, record.outcome), (State::Cancelled, Some(Outcome::Cancelled)));
        assert!(record.finished_at.is_some());
    }
    assert_eq!(store.settle(running, done("late")).await, Ok(false));
    assert_eq!(store.settle(running, Verdict::Again { after: Duration::ZERO, counts: true }).await, Ok(false));
    assert_eq!(record(&store, running).await.outcome, Some(Outcome::Cancelled));
    assert_eq!(claim_ids(&store, 9, 0).await, []);
}

pub(crate) async fn calling_off_what_has_ended_changes_nothing(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    let finished = ended(&store, task("done"), done("result")).await;
    let failed = ended(&store, task("failed"), failed("why")).await;
    let off = submit(&store, task("off")).await;
    assert_eq!(store.cancel(off).await, Ok(Cancelled::Now));
    for (id, state) in [(finished, State::Done), (failed, State::Failed), (off, State::Cancelled)] {
        let before = record(&store, id).await;
        assert_eq!(store.cancel(id).await, Ok(Cancelled::Before(state)));
        assert_eq!(record(&store, id).await, before);
    }
    assert_eq!(store.cancel(TaskId::random()).await, Ok(Cancelled::Unknown));
}

pub(crate) async fn lists_hold_what_is_asked_for(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    let finished = ended(&store, with_callback("a", "https://a.org/", "a.org:443"), done("result")).await;
    let failed = ended(&store, task("b"), failed("why")).await;
    let other = submit(&store, NewTask { topic: "other".to_owned(), ..task("c") }).await;
    let queued = submit(&store, with_callback("d", "https://a.org/", "a.org:443")).await;

    assert_eq!(list(&store, query()).await, [queued, other, failed, finished]);
    assert_eq!(list(&store, ListQuery { state: Some(State::Queued), ..query() }).await, [queued, other]);
    assert_eq!(list(&store, ListQuery { state: Some(State::Failed), ..query() }).await, [failed]);
    assert_eq!(list(&store, ListQuery { state: Some(State::Running), ..query() }).await, []);
    assert_eq!(list(&store, ListQuery { topic: Some("other".to_owned()), ..query() }).await, [other]);
    assert_eq!(list(&store, ListQuery { callback: Some(CallbackState::Due), ..query() }).await, [finished]);
    assert_eq!(list(&store, ListQuery { callback: Some(CallbackState::Waiting), ..query() }).await, [queued]);
    let both = ListQuery { state: Some(State::Queued), topic: Some("topic".to_owned()), ..query() };
    assert_eq!(list(&store, both).await, [queued]);

    let records = store.list(query()).await.unwrap();
    assert_eq!(records[3].outcome, Some(Outcome::Done(Bytes::new())));
    for listed in &records[..3] {
        assert_eq!(listed, &record(&store, listed.id).await);
    }
}

pub(crate) async fn lists_go_on_where_they_stopped(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(submit(&store, task(&number.to_string())).await);
    }
    ids.reverse();
    assert_eq!(list(&store, ListQuery { most: 2, ..query() }).await, ids[..2]);
    assert_eq!(list(&store, ListQuery { most: 2, before: Some(ids[1]), ..query() }).await, ids[2..4]);
    assert_eq!(list(&store, ListQuery { most: 2, before: Some(ids[3]), ..query() }).await, ids[4..]);
    assert_eq!(list(&store, ListQuery { most: 2, before: Some(ids[4]), ..query() }).await, []);
    assert_eq!(list(&store, ListQuery { most: 0, ..query() }).await, []);
}

pub(crate) async fn an_owner_sees_only_its_own(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    let of = |owner: &str| NewTask { owner: Some(owner.to_owned()), ..task(owner) };
    let alices = submit(&store, of("alice")).await;
    let bobs = submit(&store, of("bob")).await;
    let everybodys = submit(&store, task("everybody")).await;
    for (owner, id) in [(Some("alice"), alices), (Some("bob"), bobs), (None, everybodys)] {
        let owner = owner.map(str::to_owned);
        assert_eq!(list(&store, ListQuery { owner, ..query() }).await, [id]);
    }
    assert_eq!(list(&store, ListQuery { owner: Some(String::new()), ..query() }).await, []);
    assert_eq!(record(&store, bobs).await.owner.as_deref(), Some("bob"));
}

pub(crate) async fn no_more_tasks_than_may_be(bench: &impl Bench) {
    let store = bench.open(StoreConfig { most_tasks: 2, ..StoreConfig::default() }).await;
    ended(&store, task("a"), done("result")).await;
    submit(&store, task("b")).await;
    let refused = task("c");
    assert_eq!(store.submit(refused.clone()).await, Err(StoreError::Full(Bound::Tasks(2))));
    assert_eq!(store.record(refused.id).await, Ok(None));
    assert_eq!(list(&store, query()).await.len(), 2);
}

pub(crate) async fn no_more_bytes_than_may_be(bench: &impl Bench) {
    let store = bench.open(StoreConfig { most_bytes: 10, ..StoreConfig::default() }).await;
    let full = Err(StoreError::Full(Bound::Bytes(10)));
    assert_eq!(store.submit(task("11 bytes...")).await, full);
    let first = submit(&store, task("6 by..")).await;
    assert_eq!(store.submit(task("5 b..")).await, full);
    let second = submit(&store, task("4 b.")).await;
    assert_eq!(counts(&store).await.bytes, 10);
    assert_eq!(store.submit(task(".")).await, full);
    // What is to be done is not needed when it is done, and makes room for the result.
    assert_eq!(claim_ids(&store, 1, 0).await, [first]);
    assert_eq!(store.settle(first, done("3 b")).await, Ok(true));
    assert_eq!(counts(&store).await.bytes, 7);
    assert_eq!(store.cancel(second).await, Ok(Cancelled::Now));
    assert_eq!(counts(&store).await.bytes, 3);
    assert_eq!(store.submit(task("8 bytes.")).await, full);
    submit(&store, task("7 byte.")).await;
}

pub(crate) async fn room_comes_back_with_the_sweep(bench: &impl Bench) {
    let config = StoreConfig { most_tasks: 1, most_bytes: 6, keep: bench.delay(), ..StoreConfig::default() };
    let store = bench.open(config).await;
    ended(&store, task("a"), done("result")).await;
    assert_eq!(store.submit(task("b")).await, Err(StoreError::Full(Bound::Tasks(1))));
    bench.pass(bench.delay() * 2).await;
    assert_eq!(store.sweep().await, Ok(1));
    assert_eq!(counts(&store).await, Counts::default());
    submit(&store, task("6 by..")).await;
}

pub(crate) async fn a_key_names_one_task(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    let first = submit(&store, with_key("a", 1)).await;
    let again = with_key("a", 1);
    assert_eq!(store.submit(again.clone()).await, Ok(Submitted::Known(first)));
    assert_eq!(store.record(again.id).await, Ok(None));
    assert_eq!(store.submit(with_key("a", 2)).await, Err(StoreError::KeyReused));
    submit(&store, with_key("b", 1)).await;
    assert_eq!(counts(&store).await.queued, 2);
    // It names the task for as long as it is remembered.
    assert_eq!(store.cancel(first).await, Ok(Cancelled::Now));
    assert_eq!(store.submit(with_key("a", 1)).await, Ok(Submitted::Known(first)));
}

pub(crate) async fn a_key_is_each_owners_own(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    let of = |owner: Option<&str>| NewTask { owner: owner.map(str::to_owned), ..with_key("a", 1) };
    let mut ids = Vec::new();
    for owner in [None, Some(""), Some("alice"), Some("bob")] {
        ids.push((owner, submit(&store, of(owner)).await));
    }
    for (owner, id) in ids {
        assert_eq!(store.submit(of(owner)).await, Ok(Submitted::Known(id)));
    }
}

pub(crate) async fn a_key_is_known_even_to_a_full_store(bench: &impl Bench) {
    let store = bench.open(StoreConfig { most_tasks: 1, most_bytes: 7, ..StoreConfig::default() }).await;
    let first = submit(&store, with_key("a", 1)).await;
    assert_eq!(store.submit(with_key("a", 1)).await, Ok(Submitted::Known(first)));
    assert_eq!(store.submit(with_key("a", 2)).await, Err(StoreError::KeyReused));
}

pub(crate) async fn a_key_is_forgotten_with_its_task(bench: &impl Bench) {
    let store = bench.open(StoreConfig { keep: bench.delay(), ..StoreConfig::default() }).await;
    ended(&store, with_key("a", 1), done("result")).await;
    bench.pass(bench.delay() * 2).await;
    assert_eq!(store.sweep().await, Ok(1));
    submit(&store, with_key("a", 2)).await;
}

pub(crate) async fn what_ran_in_a_crash_is_begun_again_alone(bench: &impl Bench) {
    let config = StoreConfig::default();
    let store = bench.open(config).await;
    let mut ran = [submit(&store, task("a")).await, submit(&store, task("b")).await];
    assert_eq!(claim_ids(&store, 2, 0).await, ran);
    let waited = submit(&store, task("c")).await;

    let store = bench.crash(store, config).await;
    let beside_another = store.claim(9, 1).await.unwrap();
    assert!(beside_another.iter().all(|claim| !claim.is_suspect));
    for claim in beside_another {
        assert_eq!(store.settle(claim.id, Verdict::Again { after: Duration::ZERO, counts: false }).await, Ok(true));
    }
    let (mut suspects, mut others) = (Vec::new(), Vec::new());
    loop {
        let claims = store.claim(9, 0).await.unwrap();
        let Some(first) = claims.first() else { break };
        if first.is_suspect {
            assert_eq!((claims.len(), first.attempt), (1, 2));
            assert_eq!(claim_ids(&store, 9, 1).await, []);
            assert_eq!(claim_ids(&store, 9, 0).await, []);
            suspects.push(first.id);
        } else {
            assert!(claims.iter().all(|claim| !claim.is_suspect && claim.attempt == 1));
            others.extend(claims.iter().map(|claim| claim.id));
        }
        for claim in claims {
            assert_eq!(store.settle(claim.id, done("result")).await, Ok(true));
        }
    }
    suspects.sort();
    ran.sort();
    assert_eq!((suspects, others), (ran.to_vec(), vec![waited]));
}

pub(crate) async fn what_ran_in_too_many_crashes_is_not_begun_again(bench: &impl Bench) {
    let config = StoreConfig { most_crashes: 2, ..StoreConfig::default() };
    let store = bench.open(config).await;
    let id = submit(&store, with_callback("a", "https://a.org/", "a.org:443")).await;
    claim_one(&store).await;
    let store = bench.crash(store, config).await;
    assert!(claim_one(&store).await.is_suspect);
    let store = bench.crash(store, config).await;
    assert_eq!(claim_ids(&store, 1, 0).await, []);
    let record = record(&store, id).await;
    assert_eq!((record.state, record.attempts), (State::Failed, 2));
    assert!(record.finished_at.is_some());
    assert!(matches!(&record.outcome, Some(Outcome::Failed { code, .. }) if code == QUARANTINED), "{record:?}");
    assert_eq!(delivery_ids(&store, 9, 9, &[]).await, [id]);
    assert_eq!(counts(&store).await.bytes, 0);
}

pub(crate) async fn what_was_called_off_stays_so_in_a_crash(bench: &impl Bench) {
    let config = StoreConfig::default();
    let store = bench.open(config).await;
    let id = submit(&store, task("a")).await;
    claim_one(&store).await;
    assert_eq!(store.cancel(id).await, Ok(Cancelled::Now));
    let store = bench.crash(store, config).await;
    assert_eq!(claim_ids(&store, 1, 0).await, []);
    assert_eq!(record(&store, id).await.outcome, Some(Outcome::Cancelled));
}

pub(crate) async fn what_is_stored_outlives_a_crash(bench: &impl Bench) {
    let config = StoreConfig::default();
    let store = bench.open(config).await;
    let finished = ended(&store, with_callback("a", "https://a.org/", "a.org:443"), done("result")).await;
    let queued = submit(&store, with_key("b", 1)).await;
    let put_off = submit(&store, task("c")).await;
    let claims = claim_ids(&store, 2, 0).await;
    assert_eq!(claims, [queued, put_off]);
    let (now, later) = (Duration::ZERO, bench.delay() * 3);
    assert_eq!(store.settle(queued, Verdict::Again { after: now, counts: false }).await, Ok(true));
    assert_eq!(store.settle(put_off, Verdict::Again { after: later, counts: true }).await, Ok(true));
    let before = [record(&store, finished).await, record(&store, queued).await, record(&store, put_off).await];

    let store = bench.crash(store, config).await;
    let after = [record(&store, finished).await, record(&store, queued).await, record(&store, put_off).await];
    assert_eq!(before, after);
    assert_eq!(store.submit(with_key("b", 1)).await, Ok(Submitted::Known(queued)));
    let claim = store.claim(1, 0).await.unwrap().pop().unwrap();
    assert_eq!((claim.id, claim.attempt, claim.is_suspect), (queued, 1, false));
    bench.pass(later).await;
    assert_eq!(claim_one(&store).await.id, put_off);
}

pub(crate) async fn closing_gives_claims_back(bench: &impl Bench) {
    // One crash would be the end of it.
    let config = StoreConfig { most_crashes: 1, ..StoreConfig::default() };
    let store = bench.open(config).await;
    let id = submit(&store, task("a")).await;
    claim_one(&store).await;
    assert_eq!(store.close().await, Ok(()));
    assert!(matches!(store.submit(task("late")).await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.record(id).await, Err(StoreError::Unavailable(_))));
    drop(store);
    let store = bench.open(config).await;
    let record = record(&store, id).await;
    assert_eq!((record.state, record.attempts), (State::Queued, 0));
    let claim = claim_one(&store).await;
    assert_eq!((claim.id, claim.attempt, claim.is_suspect), (id, 1, false));
}

pub(crate) async fn an_end_makes_the_callback_due(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    let id = submit(&store, with_callback("a", "https://a.org/?x=1", "a.org:443")).await;
    assert_eq!(delivery_ids(&store, 9, 9, &[]).await, []);
    claim_one(&store).await;
    assert_eq!(store.settle(id, Verdict::Again { after: Duration::ZERO, counts: true }).await, Ok(true));
    assert_eq!(delivery_ids(&store, 9, 9, &[]).await, []);
    claim_one(&store).await;
    assert_eq!(store.settle(id, done("result")).await, Ok(true));

    let delivery = deliveries(&store, 9, 9, &[]).await.pop().unwrap();
    assert_eq!((delivery.record.id, delivery.record.state, delivery.attempt), (id, State::Done, 1));
    assert_eq!(delivery.record.outcome, Some(Outcome::Done(Bytes::from_static(b"result"))));
    assert_eq!((delivery.callback.url.as_str(), delivery.callback.host.as_str()), ("https://a.org/?x=1", "a.org:443"));
    assert_eq!(delivery_ids(&store, 9, 9, &[]).await, []);

    let failed = ended(&store, with_callback("b", "https://a.org/", "a.org:443"), failed("why")).await;
    assert_eq!(delivery_ids(&store, 9, 9, &[]).await, [failed]);
    // Without a callback there is nothing to send.
    ended(&store, task("c"), done("result")).await;
    assert_eq!(delivery_ids(&store, 9, 9, &[]).await, []);
}

pub(crate) async fn calling_off_makes_no_callback_due(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    let queued = submit(&store, with_callback("a", "https://a.org/", "a.org:443")).await;
    assert_eq!(store.cancel(queued).await, Ok(Cancelled::Now));
    assert_eq!(callback_state(&store, queued).await, CallbackState::Waiting);
    assert_eq!(delivery_ids(&store, 9, 9, &[]).await, []);
    assert_eq!(counts(&store).await.callbacks_due, 0);
}

pub(crate) async fn deliveries_are_bounded(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    let at_a = ended_in_order(bench, &store, 3).await;
    let at_b = ended(&store, with_callback("b", "https://b.org/", "b.org:443"), done("result")).await;
    assert_eq!(delivery_ids(&store, 0, 9, &[]).await, []);
    assert_eq!(delivery_ids(&store, 9, 0, &[]).await, []);
    assert_eq!(delivery_ids(&store, 9, 1, &[]).await, [at_a[0], at_b]);
    assert_eq!(delivery_ids(&store, 1, 9, &[]).await, [at_a[1]]);
    assert_eq!(delivery_ids(&store, 9, 9, &[]).await, [at_a[2]]);
}

pub(crate) async fn deliveries_under_way_count(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    let at_a = ended_in_order(bench, &store, 2).await;
    let at_b = ended(&store, with_callback("b", "https://b.org/", "b.org:443"), done("result")).await;
    let [a, b] = ["a.org:443", "b.org:443"];
    assert_eq!(delivery_ids(&store, 9, 1, &[a, b]).await, []);
    assert_eq!(delivery_ids(&store, 9, 1, &[a]).await, [at_b]);
    assert_eq!(delivery_ids(&store, 9, 2, &[a, b, a]).await, []);
    // One more beside the one that is under way.
    assert_eq!(delivery_ids(&store, 9, 2, &[a]).await, [at_a[0]]);
    assert_eq!(delivery_ids(&store, 9, 3, &[a, b]).await, [at_a[1]]);
}

pub(crate) async fn a_delivery_that_is_put_off_waits(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    let id = ended(&store, with_callback("a", "https://a.org/", "a.org:443"), done("result")).await;
    assert_eq!(delivery_ids(&store, 9, 9, &[]).await, [id]);
    let again = DeliveryVerdict::Again { after: bench.delay(), why: "503".to_owned() };
    assert_eq!(store.settle_delivery(id, again).await, Ok(()));
    let callback = record(&store, id).await.callback.unwrap();
    assert_eq!((callback.state, callback.attempts, callback.last.as_deref()), (CallbackState::Due, 1, Some("503")));
    assert!(callback.due_at.is_some());
    assert_eq!(delivery_ids(&store, 9, 9, &[]).await, []);
    assert_eq!(counts(&store).await.callbacks_due, 1);
    bench.pass(bench.delay()).await;
    let delivery = deliveries(&store, 9, 9, &[]).await.pop().unwrap();
    assert_eq!((delivery.record.id, delivery.attempt), (id, 2));
}

pub(crate) async fn a_delivered_callback_is_not_due(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    let id = ended(&store, with_callback("a", "https://a.org/", "a.org:443"), done("result")).await;
    assert_eq!(delivery_ids(&store, 9, 9, &[]).await, [id]);
    assert_eq!(store.settle_delivery(id, DeliveryVerdict::Delivered("204".to_owned())).await, Ok(()));
    let callback = record(&store, id).await.callback.unwrap();
    assert_eq!(
        (callback.state, callback.attempts, callback.last.as_deref(), callback.due_at),
        (CallbackState::Delivered, 1, Some("204"), None)
    );
    assert_eq!(delivery_ids(&store, 9, 9, &[]).await, []);
    assert_eq!(store.replay(id).await, Ok(false));
    // Nobody has it, so nobody says more about it.
    assert_eq!(store.settle_delivery(id, DeliveryVerdict::Dead("late".to_owned())).await, Ok(()));
    assert_eq!(callback_state(&store, id).await, CallbackState::Delivered);
    assert_eq!(store.settle_delivery(TaskId::random(), DeliveryVerdict::Dead("late".to_owned())).await, Ok(()));
}

pub(crate) async fn a_dead_callback_is_replayed_once(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    let id = ended(&store, with_callback("a", "https://a.org/", "a.org:443"), done("result")).await;
    assert_eq!(store.replay(id).await, Ok(false));
    assert_eq!(delivery_ids(&store, 9, 9, &[]).await, [id]);
    assert_eq!(store.settle_delivery(id, DeliveryVerdict::Dead("410".to_owned())).await, Ok(()));
    let callback = record(&store, id).await.callback.unwrap();
    assert_eq!((callback.state, callback.last.as_deref(), callback.due_at), (CallbackState::Dead, Some("410"), None));
    assert_eq!((counts(&store).await.callbacks_due, counts(&store).await.callbacks_dead), (0, 1));
    assert_eq!(list(&store, ListQuery { callback: Some(CallbackState::Dead), ..query() }).await, [id]);
    assert_eq!(delivery_ids(&store, 9, 9, &[]).await, []);

    assert_eq!(store.replay(id).await, Ok(true));
    assert_eq!(store.replay(id).await, Ok(false));
    let callback = record(&store, id).await.callback.unwrap();
    assert_eq!((callback.state, callback.attempts), (CallbackState::Due, 0));
    let delivery = deliveries(&store, 9, 9, &[]).await.pop().unwrap();
    assert_eq!((delivery.record.id, delivery.attempt), (id, 1));
    assert_eq!(store.replay(TaskId::random()).await, Ok(false));
}

pub(crate) async fn a_delivery_is_due_again_after_a_crash(bench: &impl Bench) {
    let config = StoreConfig::default();
    let store = bench.open(config).await;
    let id = ended(&store, with_callback("a", "https://a.org/", "a.org:443"), done("result")).await;
    assert_eq!(delivery_ids(&store, 9, 9, &[]).await, [id]);
    let store = bench.crash(store, config).await;
    assert_eq!(delivery_ids(&store, 9, 9, &[]).await, [id]);
}

pub(crate) async fn a_delivery_is_given_back_by_closing(bench: &impl Bench) {
    let config = StoreConfig::default();
    let store = bench.open(config).await;
    let id = ended(&store, with_callback("a", "https://a.org/", "a.org:443"), done("result")).await;
    assert_eq!(delivery_ids(&store, 9, 9, &[]).await, [id]);
    assert_eq!(store.close().await, Ok(()));
    drop(store);
    let store = bench.open(config).await;
    let delivery = deliveries(&store, 9, 9, &[]).await.pop().unwrap();
    assert_eq!((delivery.record.id, delivery.attempt), (id, 1));
}

pub(crate) async fn the_sweep_forgets_what_ended_long_ago(bench: &impl Bench) {
    let store = bench.open(StoreConfig { keep: bench.delay() * 2, ..StoreConfig::default() }).await;
    let finished = ended(&store, task("a"), done("result")).await;
    let off = submit(&store, task("b")).await;
    assert_eq!(store.cancel(off).await, Ok(Cancelled::Now));
    let running = submit(&store, task("c")).await;
    claim_one(&store).await;
    let queued = submit(&store, task("d")).await;
    assert_eq!(store.sweep().await, Ok(0));
    bench.pass(bench.delay()).await;
    assert_eq!(store.sweep().await, Ok(0));
    bench.pass(bench.delay() * 2).await;
    assert_eq!(store.sweep().await, Ok(2));
    assert_eq!((store.record(finished).await, store.record(off).await), (Ok(None), Ok(None)));
    assert_eq!(list(&store, query()).await, [queued, running]);
    assert_eq!(store.cancel(finished).await, Ok(Cancelled::Unknown));
    assert_eq!(store.sweep().await, Ok(0));
}

pub(crate) async fn the_sweep_leaves_what_is_to_be_told(bench: &impl Bench) {
    let store = bench.open(StoreConfig { keep: bench.delay(), ..StoreConfig::default() }).await;
    let hook = |name: &str| with_callback(name, "https://a.org/", "a.org:443");
    let due = ended(&store, hook("a"), done("result")).await;
    assert_eq!(delivery_ids(&store, 9, 9, &[]).await, [due]);
    let dead = ended(&store, hook("b"), done("result")).await;
    assert_eq!(delivery_ids(&store, 9, 9, &[]).await, [dead]);
    assert_eq!(store.settle_delivery(dead, DeliveryVerdict::Dead("410".to_owned())).await, Ok(()));
    bench.pass(bench.delay() * 2).await;
    assert_eq!(store.sweep().await, Ok(1));
    assert_eq!(list(&store, query()).await, [due]);
    assert_eq!(store.settle_delivery(due, DeliveryVerdict::Delivered("200".to_owned())).await, Ok(()));
    assert_eq!(store.sweep().await, Ok(1));
    assert_eq!(list(&store, query()).await, []);
}

pub(crate) async fn counts_tell_what_is_there(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    assert_eq!(counts(&store).await, Counts::default());
    ended(&store, with_callback("1", "https://a.org/", "a.org:443"), done("result")).await;
    ended(&store, task("2"), failed("why")).await;
    submit(&store, task("three")).await;
    claim_one(&store).await;
    submit(&store, task("four")).await;
    submit(&store, task("fifth")).await;
    let expected = Counts { queued: 2, running: 1, ended: 2, callbacks_due: 1, callbacks_dead: 0, bytes: 20 };
    assert_eq!(counts(&store).await, expected);
    // Callbacks that are on their way have not arrived.
    assert_eq!(delivery_ids(&store, 9, 9, &[]).await.len(), 1);
    assert_eq!(counts(&store).await, expected);
}

pub(crate) async fn keeping_tells_what_was_lost(bench: &impl Bench) {
    let store = bench.open(StoreConfig::default()).await;
    let ids = [submit(&store, task("a")).await, submit(&store, task("b")).await];
    assert_eq!(claim_ids(&store, 2, 0).await, ids);
    assert_eq!(store.keep(ids.to_vec()).await, Ok(vec![]));
    assert_eq!(store.cancel(ids[0]).await, Ok(Cancelled::Now));
    assert_eq!(store.keep(ids.to_vec()).await, Ok(vec![ids[0]]));
    assert_eq!(store.keep(vec![]).await, Ok(vec![]));
}

/// As the specification has it.
const TRACE_PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A task about `topic`, with this payload.
pub(crate) fn task(payload: &str) -> NewTask {
    NewTask {
        id: TaskId::random(),
        topic: "topic".to_owned(),
        owner: None,
        request_id: format!("request of {payload}"),
        trace_parent: None,
        payload: Bytes::copy_from_slice(payload.as_bytes()),
        callback: None,
        idempotency: None,
    }
}

pub(crate) fn with_callback(payload: &str, url: &str, host: &str) -> NewTask {
    NewTask { callback: Some(Callback { url: url.to_owned(), host: host.to_owned() }), ..task(payload) }
}

fn with_key(key: &str, fingerprint: u8) -> NewTask {
    let idempotency = Idempotency { key: key.to_owned(), fingerprint: [fingerprint; 32] };
    NewTask { idempotency: Some(idempotency), ..task("payload") }
}

pub(crate) fn done(result: &str) -> Verdict {
    Verdict::Final(Outcome::Done(Bytes::copy_from_slice(result.as_bytes())))
}

fn failed(message: &str) -> Verdict {
    Verdict::Final(Outcome::Failed { code: "INTERNAL_ERROR".to_owned(), message: message.to_owned() })
}

fn query() -> ListQuery {
    ListQuery { most: 100, ..ListQuery::default() }
}

pub(crate) async fn submit(store: &Arc<dyn TaskStore>, task: NewTask) -> TaskId {
    let id = task.id;
    assert_eq!(store.submit(task).await, Ok(Submitted::Accepted));
    id
}

/// Hands a task in and ends it; no other task may be due.
pub(crate) async fn ended(store: &Arc<dyn TaskStore>, task: NewTask, verdict: Verdict) -> TaskId {
    let id = submit(store, task).await;
    assert_eq!(claim_one(store).await.id, id);
    assert_eq!(store.settle(id, verdict).await, Ok(true));
    id
}

pub(crate) async fn record(store: &Arc<dyn TaskStore>, id: TaskId) -> Record {
    store.record(id).await.unwrap().unwrap()
}

/// Takes the only task that is due.
pub(crate) async fn claim_one(store: &Arc<dyn TaskStore>) -> Claim {
    let mut claims = store.claim(9, 0).await.unwrap();
    assert_eq!(claims.len(), 1, "{claims:?}");
    claims.remove(0)
}

/// Tasks that have ended one after the other, each with a callback to the same host: what falls into one millisecond may
/// become due in any order.
async fn ended_in_order(bench: &impl Bench, store: &Arc<dyn TaskStore>, count: usize) -> Vec<TaskId> {
    let mut ids = Vec::new();
    for number in 0..count {
        let task = with_callback(&number.to_string(), "https://a.org/", "a.org:443");
        ids.push(ended(store, task, done("result")).await);
        bench.pass(Duration::from_millis(2)).await;
    }
    ids
}

async fn claim_ids(store: &Arc<dyn TaskStore>, most: usize, busy: usize) -> Vec<TaskId> {
    store.claim(most, busy).await.unwrap().into_iter().map(|claim| claim.id).collect()
}

async fn deliveries(
    store: &Arc<dyn TaskStore>,
    most: usize,
    most_per_host: usize,
    under_way: &[&str],
) -> Vec<Delivery> {
    let under_way = under_way.iter().map(|host| (*host).to_owned()).collect();
    store.claim_deliveries(most, most_per_host, under_way).await.unwrap()
}

async fn delivery_ids(
    store: &Arc<dyn TaskStore>,
    most: usize,
    most_per_host: usize,
    under_way: &[&str],
) -> Vec<TaskId> {
    deliveries(store, most, most_per_host, under_way).await.into_iter().map(|delivery| delivery.record.id).collect()
}

async fn callback_state(store: &Arc<dyn TaskStore>, id: TaskId) -> CallbackState {
    record(store, id).await.callback.unwrap().state
}

async fn list(store: &Arc<dyn TaskStore>, query: ListQuery) -> Vec<TaskId> {
    store.list(query).await.unwrap().into_iter().map(|record| record.id).collect()
}

async fn counts(store: &Arc<dyn TaskStore>) -> Counts {
    store.counts().await.unwrap()
}
