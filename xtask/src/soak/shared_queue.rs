//! Servers that share a Redis do each other's tasks: when one of them dies, the others do what it had begun.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use serde_json::Value;
use xshell::Shell;

use super::{
    jobs::{self, Accepted, Job},
    receiver::{Receiver, by_task},
    redis::Redis,
    server::{self, Server},
};
use crate::{python, served, signal, tools::REDIS, workspace::Metadata};

const SERVERS: usize = 3;
/// As many as that and those that it takes until one of the servers has died.
const JOBS: usize = 3_000;
/// More than they are done at, so that each server is at work when one of them dies.
const A_SECOND: u32 = 2_000;
/// Far more than a task takes, and less than the lease: what runs this long runs at a server that stands still.
const STANDSTILL: Duration = Duration::from_millis(500);
/// Between two looks at what a server does.
const PAUSE: Duration = Duration::from_millis(20);
/// More than the lease of a dead server, and the time of what it left.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) fn run(sh: &Shell) -> anyhow::Result<()> {
    REDIS.ensure(sh)?;
    let python = python::ensure(sh, python::CALLBACKS)?;
    let program = served::build(sh)?;
    let folder = server::folder(sh, &Metadata::load(sh)?.target_directory, "shared-queue")?;
    let hosts: Vec<String> = (1..32).map(|host| format!("127.0.0.{host}")).collect();
    let receiver = Receiver::start(&python, &folder, &hosts)?;
    let redis = Redis::start(&folder)?;
    let mut servers = Vec::new();
    for _ in 0..SERVERS {
        let mut settings = receiver.settings();
        settings.push(("REDIS_URL", redis.url()));
        servers.push(Server::start(&program, &folder, settings)?);
    }
    let urls: Vec<String> = servers.iter().map(Server::url).collect();

    let is_over = AtomicBool::new(false);
    let job = |number: usize| {
        let host = hosts.get(number % hosts.len()).map_or("127.0.0.1", String::as_str);
        let is_wanted = number < JOBS || !is_over.load(Ordering::Relaxed);
        is_wanted.then(|| Job { number, callback: Some(receiver.url(host, "ok")) })
    };
    let accepted = thread::scope(|scope| {
        let handing_in = scope.spawn(|| jobs::hand_in_all(&urls, A_SECOND, job));
        let killed = kill_one(sh, &mut servers, &urls);
        is_over.store(true, Ordering::Relaxed);
        let accepted = handing_in.join().ok().context("handing in has panicked")??;
        killed.map(|()| accepted)
    })?;
    let survivors: Vec<String> = urls.iter().skip(1).cloned().collect();
    let first = survivors.first().context("no server is left")?;
    let waited = jobs::await_ends(first, PATIENCE)?;
    let taken_over = check(first, &survivors, &accepted)?;
    let arrivals = receiver.arrivals()?;
    let told = by_task(&arrivals)?;
    for accepted in &accepted {
        ensure!(told.contains_key(accepted.id.as_str()), "nobody was told of {accepted:?}");
    }
    let repeated = told.values().filter(|arrivals| arrivals.len() > 1).count();
    println!(
        "{SERVERS} servers, one killed: {} jobs done, {taken_over} of them taken over, {} told of, {repeated} of them \
         twice; all done {:.0} s after the last job",
        accepted.len(),
        told.len(),
        waited.as_secs_f64(),
    );
    ensure!(taken_over > 0, "the server that was killed had no task");
    Ok(())
}

/// Kills the first server in the middle of a task.
///
/// A task takes no time to speak of. So the server is made to stand still until it does so with a task.
fn kill_one(sh: &Shell, servers: &mut [Server], urls: &[String]) -> anyhow::Result<()> {
    let begin = Instant::now();
    let (server, url) = (servers.first_mut().context("no server")?, urls.last().context("no server")?);
    let process = server.id().context("the server does not run")?;
    loop {
        ensure!(begin.elapsed() < PATIENCE, "the server that is to be killed has no task");
        thread::sleep(PAUSE);
        signal::send(sh, "STOP", process)?;
        let running = jobs::running(url)?;
        thread::sleep(STANDSTILL);
        if !running.is_disjoint(&jobs::running(url)?) {
            server.kill();
            return Ok(());
        }
        signal::send(sh, "CONT", process)?;
    }
}

/// Each was done, once, and right, and every server knows it. How many were begun twice.
fn check(url: &str, urls: &[String], accepted: &[Accepted]) -> anyhow::Result<usize> {
    let ids: HashSet<String> = accepted.iter().map(|accepted| accepted.id.clone()).collect();
    ensure!(ids.len() == accepted.len(), "{} jobs have {} ids", accepted.len(), ids.len());
    ensure!(jobs::listed(url)? == ids, "there are other tasks than were told of");
    let right: HashMap<usize, Value> = jobs::predicted(url, accepted)?.into_iter().collect();
    let statuses = jobs::statuses(urls, accepted)?;
    ensure!(statuses.len() == urls.len() * accepted.len(), "{} answers", statuses.len());
    for (number, status) in &statuses {
        let right = right.get(number);
        let is_told = status.callback.as_ref().is_some_and(|callback| callback.state == "delivered");
        let is_right = status.status == "completed" && status.result.as_ref() == right;
        ensure!(is_told && is_right, "job {number} has {status:?}, and right is {right:?}");
    }
    let again = statuses.iter().filter(|(_, status)| status.attempts > 1);
    Ok(again.map(|(number, _)| number).collect::<HashSet<_>>().len())
}
