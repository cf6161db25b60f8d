//! What receivers of callbacks do, and whether a server tells each of them as it should.

use anyhow::{Context, ensure};

use super::{
    jobs::{self, Accepted, Callback, Job},
    receiver::{Arrival, Receiver, by_task},
    schedule::{Lateness, TIMEOUT},
    server::Server,
};
use crate::http::Client;

/// More than the tasks of any network.
const NUMBERS_OF_A_NET: usize = 1_000;

/// What a receiver does, and what comes of it.
pub(super) struct Case {
    pub(super) does: &'static str,
    /// How often it is tried.
    pub(super) attempts: usize,
    pub(super) state: &'static str,
    /// How many seconds each attempt takes.
    pub(super) seconds: f64,
    pub(super) tasks: usize,
}

/// One that answers at once.
pub(super) const fn case(does: &'static str, attempts: usize, state: &'static str) -> Case {
    Case { does, attempts, state, seconds: 0.0, tasks: 3 }
}

/// One that waits until it is given up: it has a host of its own, as it lets others of its host wait.
pub(super) const fn slow_case(does: &'static str, attempts: usize, state: &'static str) -> Case {
    Case { does, attempts, state, seconds: TIMEOUT, tasks: 1 }
}

/// A task of a case.
pub(super) struct Sent<'c> {
    pub(super) case: &'c Case,
    pub(super) accepted: Accepted,
}

/// The address of a host of the loopback network.
pub(super) fn host_of(net: usize, host: usize) -> String {
    format!("127.0.{net}.{host}")
}

/// Hands in the tasks of all cases, each case to a host of its own of this network.
pub(super) fn send<'c>(
    server: &Server,
    receiver: &Receiver,
    net: usize,
    cases: &'c [Case],
) -> anyhow::Result<Vec<Sent<'c>>> {
    let (agent, urls, mut sent) = (jobs::agent(), [server.url()], Vec::new());
    let mut numbers = net * NUMBERS_OF_A_NET..;
    for (place, case) in cases.iter().enumerate() {
        for _ in 0..case.tasks {
            let callback = Some(receiver.url(&host_of(net, place + 1), case.does));
            let number = numbers.next().context("no number")?;
            let accepted = Job { number, callback }.hand_in(&agent, &urls)?;
            sent.push(Sent { case, accepted });
        }
    }
    Ok(sent)
}

/// What the server says of the callback of a task.
pub(super) fn callback(server: &Server, id: &str) -> anyhow::Result<Callback> {
    jobs::status(&Client::new(), &server.url(), id)?.callback.with_context(|| format!("{id} has no callback"))
}

/// Every task went as its case says, and every attempt when it should. How well.
pub(super) fn check(server: &Server, sent: &[Sent<'_>], arrivals: &[Arrival]) -> anyhow::Result<Lateness> {
    let (told, mut lateness) = (by_task(arrivals)?, Lateness::default());
    for Sent { case, accepted } in sent {
        let arrivals = told.get(accepted.id.as_str()).with_context(|| format!("nothing of {}", case.does))?;
        let (callback, does) = (callback(server, &accepted.id)?, case.does);
        ensure!(callback.state == case.state, "{does}: {callback:?}");
        ensure!(callback.attempts == case.attempts, "{does}: {callback:?}");
        ensure!(arrivals.len() == case.attempts, "{does}: {} requests", arrivals.len());
        let is_followed = arrivals.iter().any(|arrival| arrival.path != format!("/{does}"));
        ensure!(!is_followed, "{does}: requests elsewhere: {arrivals:?}");
        lateness.add(does, case.seconds, arrivals)?;
    }
    Ok(lateness)
}

/// Every task was told of or given up, though it may have been tried once without a request at each kill.
pub(super) fn check_killed(
    server: &Server,
    sent: &[Sent<'_>],
    arrivals: &[Arrival],
    kills: usize,
) -> anyhow::Result<()> {
    let told = by_task(arrivals)?;
    for Sent { case, accepted } in sent {
        let (callback, does) = (callback(server, &accepted.id)?, case.does);
        let arrivals = told.get(accepted.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        ensure!(callback.state == case.state, "{does}, killed: {callback:?}");
        let least = case.attempts.saturating_sub(kills).max(1);
        let range = least..=case.attempts + kills;
        ensure!(range.contains(&arrivals.len()), "{does}, killed: {} requests", arrivals.len());
    }
    Ok(())
}
