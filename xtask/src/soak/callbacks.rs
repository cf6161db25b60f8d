//! P29 of the reliability promises: every callback is delivered or kept as dead, in good time, signed, whatever the receiver
//! does and whenever the server dies.

mod dead_host;
mod schedule;

use std::{path::Path, thread, time::Duration};

use anyhow::{Context, ensure};
use xshell::Shell;

use super::{
    jobs::{self, Accepted, Callback, Job},
    receiver::{Arrival, OLD_SECRET, Receiver, SECRET, by_task},
    server::{self, Server, Setting},
};
use crate::{http::Client, python, served, workspace::Metadata};

const PATIENCE: Duration = Duration::from_secs(60);

/// When the server that lives on alone is killed, in milliseconds after it was started.
const KILLED_AFTER: [u64; 3] = [700, 1_200, 2_500];

/// What a receiver does, and what comes of it.
struct Case {
    does: &'static str,
    /// How often it is tried.
    attempts: usize,
    state: &'static str,
    /// How many seconds each attempt takes.
    seconds: f64,
    tasks: usize,
}

/// It has a host of its own, as one that waits lets others of its host wait.
const fn case(does: &'static str, attempts: usize, state: &'static str) -> Case {
    Case { does, attempts, state, seconds: 0.0, tasks: 3 }
}

const fn slow_case(does: &'static str, attempts: usize, state: &'static str) -> Case {
    Case { does, attempts, state, seconds: schedule::TIMEOUT, tasks: 1 }
}

const CASES: &[Case] = &[
    case("ok", 1, "delivered"),
    case("fail-3", 4, "delivered"),
    case(DIES, 10, "dead"),
    case("gone", 1, "dead"),
    case("redirect", 10, "dead"),
    case("wait-2", 2, "delivered"),
    case("reset", 10, "dead"),
    case("nonsense", 10, "dead"),
    slow_case("hang", 10, "dead"),
    slow_case("drip-head", 10, "dead"),
    slow_case("drip-body", 1, "delivered"),
    slow_case("huge", 1, "delivered"),
];

/// Takes what it refused ten times when it is sent anew.
const DIES: &str = "fail-10";

/// Of the server that is killed.
const KILLED_CASES: &[Case] = &[
    case("ok", 1, "delivered"),
    case("fail-5", 6, "delivered"),
    case("fail-99", 10, "dead"),
    case("gone", 1, "dead"),
    slow_case("hang", 10, "dead"),
];

/// A task of a case.
struct Sent<'c> {
    case: &'c Case,
    accepted: Accepted,
}

pub(super) fn run(sh: &Shell) -> anyhow::Result<()> {
    let python = python::ensure(sh, python::CALLBACKS)?;
    let program = served::build(sh)?;
    let folder = server::folder(sh, &Metadata::load(sh)?.target_directory, "callbacks")?;
    let hosts: Vec<String> = (0..2).flat_map(|net| (1..32).map(move |host| host_of(net, host))).collect();
    let receiver = Receiver::start(&python, &folder, &hosts)?;

    let server = Server::start(&program, &folder, settings(&receiver, &folder, "lives.db"))?;
    let mut settings = settings(&receiver, &folder, "dies.db");
    settings.push(("CALLBACKS__SECRET", format!("{SECRET} {OLD_SECRET}")));
    let mut killed = Server::start(&program, &folder, settings)?;

    let sent = send(&server, &receiver, 0, CASES)?;
    let sent_by_killed = send(&killed, &receiver, 1, KILLED_CASES)?;
    for pause in KILLED_AFTER {
        thread::sleep(Duration::from_millis(pause));
        killed.kill();
        killed.start_again()?;
    }
    jobs::await_ends(&server.url(), PATIENCE)?;
    jobs::await_ends(&killed.url(), PATIENCE)?;

    let arrivals = receiver.arrivals()?;
    let timed = check(&server, &sent, &arrivals)?;
    check_killed(&killed, &sent_by_killed, &arrivals)?;
    timed.check()?;
    replay(&server, &receiver, &sent)?;
    println!(
        "callbacks: {} tasks, {} attempts, 0 badly signed, {timed}",
        sent.len() + sent_by_killed.len(),
        arrivals.len()
    );
    drop(killed);
    dead_host::run(&server, &receiver)
}

fn settings(receiver: &Receiver, folder: &Path, file: &str) -> Vec<Setting> {
    let mut settings = receiver.settings();
    settings.push(("TASKS__PATH", folder.join(file).display().to_string()));
    settings.extend(schedule::settings());
    settings
}

fn host_of(net: usize, host: usize) -> String {
    format!("127.0.{net}.{host}")
}

/// Hands in the tasks of all cases.
fn send<'c>(server: &Server, receiver: &Receiver, net: usize, cases: &'c [Case]) -> anyhow::Result<Vec<Sent<'c>>> {
    let (agent, urls, mut sent) = (jobs::agent(), [server.url()], Vec::new());
    for (place, case) in cases.iter().enumerate() {
        for _ in 0..case.tasks {
            let callback = Some(receiver.url(&host_of(net, place + 1), case.does));
            let accepted = Job { number: sent.len(), callback }.hand_in(&agent, &urls)?;
            sent.push(Sent { case, accepted });
        }
    }
    Ok(sent)
}

/// What the server says of the callback of a task.
fn callback(server: &Server, id: &str) -> anyhow::Result<Callback> {
    jobs::status(&Client::new(), &server.url(), id)?.callback.with_context(|| format!("{id} has no callback"))
}

/// Every task went as its case says, and every attempt when it should. How well.
fn check(server: &Server, sent: &[Sent<'_>], arrivals: &[Arrival]) -> anyhow::Result<schedule::Lateness> {
    let (told, mut lateness) = (by_task(arrivals)?, schedule::Lateness::default());
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
fn check_killed(server: &Server, sent: &[Sent<'_>], arrivals: &[Arrival]) -> anyhow::Result<()> {
    let told = by_task(arrivals)?;
    for Sent { case, accepted } in sent {
        let (callback, does) = (callback(server, &accepted.id)?, case.does);
        let arrivals = told.get(accepted.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        ensure!(callback.state == case.state, "{does}, killed: {callback:?}");
        let least = case.attempts.saturating_sub(KILLED_AFTER.len()).max(1);
        let range = least..=case.attempts + KILLED_AFTER.len();
        ensure!(range.contains(&arrivals.len()), "{does}, killed: {} requests", arrivals.len());
        ensure!(arrivals.iter().all(|arrival| arrival.verified == [true; 2]), "not signed with both: {arrivals:?}");
    }
    Ok(())
}

/// What is dead is sent once more when it is asked for, and is the same.
fn replay(server: &Server, receiver: &Receiver, sent: &[Sent<'_>]) -> anyhow::Result<()> {
    let client = Client::new();
    let dead: Vec<&Sent<'_>> = sent.iter().filter(|sent| sent.case.does == DIES).collect();
    for sent in &dead {
        client.post(&format!("{}/prediction_status/{}/callback", server.url(), sent.accepted.id), "")?;
    }
    jobs::await_ends(&server.url(), PATIENCE)?;
    let arrivals = receiver.arrivals()?;
    let told = by_task(&arrivals)?;
    for Sent { case, accepted } in dead {
        let callback = callback(server, &accepted.id)?;
        ensure!(callback.state == "delivered" && callback.attempts == 1, "sent anew: {callback:?}");
        let requests = told.get(accepted.id.as_str()).map_or(0, Vec::len);
        ensure!(requests == case.attempts + 1, "sent anew: {requests} requests");
    }
    Ok(())
}
