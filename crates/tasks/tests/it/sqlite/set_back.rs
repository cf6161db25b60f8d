//! A clock that was set back while no process ran puts nothing off further than it was.

use std::time::Duration;

use ferrocast_tasks::{DeliveryVerdict, StoreConfig, Submitted, TaskStore, Verdict};

use super::Folder;
use crate::contract::{done, task, with_callback};

const DELAY: Duration = Duration::from_secs(600);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

#[tokio::test]
async fn a_clock_that_was_set_back_puts_nothing_off() {
    let folder = Folder::new();
    let config = StoreConfig { keep: DELAY, ..StoreConfig::default() };
    let store = folder.store(config);
    let told = with_callback("told", "https://a.org/", "a.org:443");
    assert_eq!(store.submit(told.clone()).await, Ok(Submitted::Accepted));
    assert_eq!(store.claim(1, 0).await.unwrap().len(), 1);
    assert_eq!(store.settle(told.id, done("result")).await, Ok(true));
    assert_eq!(store.claim_deliveries(1, 1, vec![]).await.unwrap().len(), 1);
    let again = DeliveryVerdict::Again { after: DELAY, why: "503".to_owned() };
    assert_eq!(store.settle_delivery(told.id, again).await, Ok(()));
    let later = task("later");
    assert_eq!(store.submit(later.clone()).await, Ok(Submitted::Accepted));
    assert_eq!(store.claim(1, 0).await.unwrap().len(), 1);
    assert_eq!(store.settle(later.id, Verdict::Again { after: DELAY, counts: true }).await, Ok(true));
    let now = task("now");
    assert_eq!(store.submit(now.clone()).await, Ok(Submitted::Accepted));
    drop(store);

    folder.set_back(YEAR);
    let store = folder.store(config);
    let claim = async || store.claim(9, 0).await.unwrap().into_iter().map(|claim| claim.id).collect::<Vec<_>>();
    assert_eq!(claim().await, [now.id]);
    assert_eq!(store.claim_deliveries(1, 1, vec![]).await, Ok(vec![]));
    folder.pass(DELAY);
    assert_eq!(claim().await, [later.id]);
    assert_eq!(store.claim_deliveries(1, 1, vec![]).await.unwrap().len(), 1);
    assert_eq!(store.settle_delivery(told.id, DeliveryVerdict::Delivered("200".to_owned())).await, Ok(()));
    folder.pass(Duration::from_secs(1));
    assert_eq!(store.sweep().await, Ok(1));
}
