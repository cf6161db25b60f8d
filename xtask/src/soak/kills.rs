//! P26 of the reliability promises: what was accepted is done, whenever the server dies.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, SystemTime},
};

use anyhow::{Context, ensure};
use serde_json::Value;
use xshell::Shell;

use super::{
    jobs::{self, Accepted, Job},
    receiver::{Receiver, by_task},
    server::{self, Server},
};
use crate::{python, served, workspace::Metadata};

const KILLS: usize = 30;
const JOBS: usize = 10_000;
const A_SECOND: u32 = 200;
/// Every so many tell somebody.
const TELLING: usize = 3;
/// Milliseconds that the server lives, at least and at most.
const LIFE: (u64, u64) = (50, 2_500);

/// Promised are 2 s; on a machine that does other things as well, that is only reported.
const MOST_UNTIL_READY: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(120);

/// A job that happens to run at two of the kills is given up, as one that killed the server would be.
const MOST_GIVEN_UP: usize = 3;
/// Every so many are handed in once more at the end.
const AGAIN: usize = 20;

pub(super) fn run(sh: &Shell) -> anyhow::Result<()> {
    let python = python::ensure(sh, python::CALLBACKS)?;
    let program = served::build(sh)?;
    let folder = server::folder(sh, &Metadata::load(sh)?.target_directory, "kills")?;
    let hosts = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"].map(str::to_owned);
    let receiver = Receiver::start(&python, &folder, &hosts)?;
    let mut settings = receiver.settings();
    settings.push(("TASKS__PATH", folder.join("tasks.db").display().to_string()));
    let mut server = Server::start(&program, &folder, settings)?;
    let urls = [server.url()];

    let job = |number: usize| Job {
        number,
        callback: number.is_multiple_of(TELLING).then(|| {
            let host = hosts.get(number / TELLING % hosts.len());
            receiver.url(host.map_or("127.0.0.1", String::as_str), "ok")
        }),
    };
    let (accepted, worst) = under_fire(&mut server, &urls, job)?;
    let waited = jobs::await_ends(&server.url(), PATIENCE)?;
    let given_up = check_tasks(&server.url(), &accepted)?;
    let (told, repeated) = check_callbacks(&receiver, &accepted)?;
    let requests: usize = accepted.iter().map(|accepted| accepted.requests - 1).sum();
    println!(
        "{KILLS} kills: {} jobs accepted, {requests} requests repeated, 0 lost, {given_up} given up, {told} told of, \
         {repeated} of them twice; ready {:.2} s after a kill at worst, all done {:.1} s after the last job",
        accepted.len(),
        worst.as_secs_f64(),
        waited.as_secs_f64(),
    );
    ensure!(worst <= MOST_UNTIL_READY, "ready after {worst:?}; {MOST_UNTIL_READY:?} are allowed");
    Ok(())
}

/// Kills the server again and again while jobs are handed in. These, and the longest that it took to be ready again.
fn under_fire(
    server: &mut Server,
    urls: &[String],
    job: impl Fn(usize) -> Job + Sync,
) -> anyhow::Result<(Vec<Accepted>, Duration)> {
    let seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    println!("{KILLS} kills at moments by the seed {seed}");
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let is_over = &is_over;
        let wanted = |number| (number < JOBS || !is_over.load(Ordering::Relaxed)).then(|| job(number));
        let handing_in = scope.spawn(move || jobs::hand_in_all(urls, A_SECOND, wanted));
        let worst = kill_often(server, seed);
        is_over.store(true, Ordering::Relaxed);
        let accepted = handing_in.join().ok().context("handing in has panicked")??;
        Ok((accepted, worst?))
    })
}

fn kill_often(server: &mut Server, seed: u64) -> anyhow::Result<Duration> {
    let (mut random, mut worst) = (Random(seed), Duration::ZERO);
    for _ in 0..KILLS {
        thread::sleep(Duration::from_millis(random.between(LIFE)));
        server.kill();
        worst = worst.max(server.start_again()?);
    }
    Ok(worst)
}

/// Reproducible, by Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn between(&mut self, (least, most): (u64, u64)) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        least + (self.0 >> 16) % (most - least + 1)
    }
}

/// Each was done, once, and right. How many were given up.
fn check_tasks(url: &str, accepted: &[Accepted]) -> anyhow::Result<usize> {
    let ids: HashSet<String> = accepted.iter().map(|accepted| accepted.id.clone()).collect();
    ensure!(ids.len() == accepted.len(), "{} jobs have {} ids", accepted.len(), ids.len());
    ensure!(jobs::listed(url)? == ids, "the server has other tasks than it has told of");
    let agent = jobs::agent();
    for first in accepted.iter().step_by(AGAIN) {
        let again = first.job.clone().hand_in(&agent, &[url.to_owned()])?;
        ensure!(again.id == first.id, "job {} is {} and {}", first.job.number, first.id, again.id);
    }
    let right: HashMap<usize, Value> = jobs::predicted(url, accepted)?.into_iter().collect();
    let mut given_up = 0;
    for (number, status) in jobs::statuses(&[url.to_owned()], accepted)? {
        match status.status.as_str() {
            "completed" => {
                let right = right.get(&number);
                ensure!(status.result.as_ref() == right, "job {number} has {status:?}, and right is {right:?}");
            }
            _ if status.error_code.as_deref() == Some("TASK_QUARANTINED") => given_up += 1,
            _ => anyhow::bail!("job {number} has {status:?}"),
        }
    }
    ensure!(given_up <= MOST_GIVEN_UP, "{given_up} jobs were given up");
    Ok(given_up)
}

/// Each that was to be told was. How many, and how many twice or more.
fn check_callbacks(receiver: &Receiver, accepted: &[Accepted]) -> anyhow::Result<(usize, usize)> {
    let arrivals = receiver.arrivals()?;
    let told = by_task(&arrivals)?;
    for accepted in accepted {
        let is_told = told.contains_key(accepted.id.as_str());
        ensure!(is_told == accepted.job.callback.is_some(), "told of: {is_told}, of {accepted:?}");
    }
    Ok((told.len(), told.values().filter(|arrivals| arrivals.len() > 1).count()))
}
