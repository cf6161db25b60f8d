//! Rolling restarts: a server that is told to end fails no request of clients that ask whether it is ready, and cuts no answer to
//! those that do not.
//!
//! A request takes up to as long as its model lets it wait for others to run with; so there is always one that began just before
//! the server was told to end.

mod backend;
mod balancer;
mod clients;

use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use xshell::{Shell, cmd};

use self::{
    backend::{Backend, Ended},
    balancer::{ASKED_EVERY, Balancer},
    clients::{Failure, MODELS, Record, Why},
};
use super::{is_long, tries::until_kept};
use crate::{
    connection::Lost,
    served,
    workspace::{Metadata, root},
};

/// How long a server goes on answering when it has been told to end: as long as clients take to notice.
const DRAIN_DELAY: Duration = Duration::from_secs(1);
/// That the end may take beside this and the longest request.
const MOST_REST: Duration = Duration::from_secs(1);
/// From the start of a server until the other one is told to end.
const BETWEEN: Duration = Duration::from_millis(500);
/// A signal takes a moment, and so does a connection to be seen.
const SLACK: Duration = Duration::from_millis(100);

pub(super) fn run(sh: &Shell) -> anyhow::Result<()> {
    let program = served::build(sh)?;
    let models = models(sh)?;
    let (restarts, heedless) = if is_long(sh) { (40, 10) } else { (10, 3) };
    until_kept(|| roll(sh, &program, &models, restarts))?;
    until_kept(|| restart_under_heedless(sh, &program, &models, heedless))
}

/// A folder with one model under several names.
fn models(sh: &Shell) -> anyhow::Result<PathBuf> {
    let folder = Metadata::load(sh)?.target_directory.join("soak/restarts/models");
    sh.remove_path(&folder)?;
    let penguins = root().join("models/penguins");
    let manifest = sh.read_file(penguins.join("model.toml"))?;
    for (name, milliseconds) in MODELS {
        let model = sh.create_dir(folder.join(name))?;
        let version = penguins.join("1");
        cmd!(sh, "cp -r {version} {model}").quiet().run()?;
        let serving = format!("[serving]\nmode = \"pooled\"\nmax_delay_us = {}\n", milliseconds * 1_000);
        sh.write_file(model.join("model.toml"), format!("{manifest}\n{serving}"))?;
    }
    Ok(folder)
}

/// Two servers are restarted in turn; clients send to those that are ready.
fn roll(sh: &Shell, program: &Path, models: &Path, restarts: usize) -> anyhow::Result<()> {
    let mut servers = [Backend::start(program, models)?, Backend::start(program, models)?];
    let balancer = Balancer::of(servers.each_ref().map(Backend::address));
    let (ends, record) = thread::scope(|scope| {
        scope.spawn(|| balancer.watch());
        clients::beside(&balancer, || restart_in_turn(sh, &mut servers, restarts))
    });
    let ends = ends?;
    let longest = ends.iter().map(|ended| ended.took).max().unwrap_or_default();
    let Record { answered, failures, longest: longest_request } = record;
    println!(
        "restarts: {restarts} of two servers: {answered} requests of up to {:.2} s answered, {} failed; ended within {:.2} s",
        longest_request.as_secs_f64(),
        failures.len(),
        longest.as_secs_f64(),
    );
    if let Some(failure) = failures.first() {
        bail!("{} requests failed, such as one that got {}", failures.len(), failure.why);
    }
    check_ends(&ends, longest_request)
}

fn restart_in_turn(sh: &Shell, servers: &mut [Backend], restarts: usize) -> anyhow::Result<Vec<Ended>> {
    let (mut ends, count) = (Vec::new(), servers.len());
    for restart in 0..restarts {
        let Some(server) = servers.get_mut(restart % count) else { break };
        // Until clients know that the other one is ready.
        thread::sleep(BETWEEN + ASKED_EVERY);
        ends.push(server.terminate(sh)?);
        server.start_again()?;
    }
    Ok(ends)
}

fn check_ends(ends: &[Ended], longest_request: Duration) -> anyhow::Result<()> {
    let most = DRAIN_DELAY + longest_request + MOST_REST;
    for Ended { status, took, .. } in ends {
        ensure!(status.code() == Some(0), "a server ended with {status}");
        ensure!(*took <= most, "a server took {took:?} to end, and not at most {most:?}");
    }
    Ok(())
}

/// One server is restarted; clients send to it all the time. Only what is sent from when it no longer listens until it is ready
/// again fails, and no answer is cut.
fn restart_under_heedless(sh: &Shell, program: &Path, models: &Path, restarts: usize) -> anyhow::Result<()> {
    let mut servers = [Backend::start(program, models)?];
    let balancer = Balancer::of(servers.each_ref().map(Backend::address));
    let (ends, record) = clients::beside(&balancer, || -> anyhow::Result<Vec<Away>> {
        (0..restarts).map(|_| restart(sh, &mut servers)).collect()
    });
    let away = ends?;
    let Record { answered, failures, longest } = record;
    let count = |is_it: fn(&Why) -> bool| failures.iter().filter(|failure| is_it(&failure.why)).count();
    println!(
        "restarts: {restarts} under clients that do not ask: {answered} requests answered, {} connections refused, {} reset, \
         {} told that no model is ready, {} answers cut",
        count(|why| matches!(why, Why::Lost(Lost::Refused(_)))),
        count(|why| matches!(why, Why::Lost(Lost::Unanswered(_)))),
        count(|why| matches!(why, Why::Status(503))),
        count(|why| matches!(why, Why::Lost(Lost::Cut(_)))),
    );
    for failure in &failures {
        check_heedless(failure, &away)?;
    }
    check_ends(&away.iter().map(|away| away.ended).collect::<Vec<_>>(), longest)
}

/// While a server was not there.
#[derive(Debug)]
struct Away {
    ended: Ended,
    back: Instant,
}

fn restart(sh: &Shell, servers: &mut [Backend]) -> anyhow::Result<Away> {
    thread::sleep(BETWEEN);
    let server = servers.first_mut().context("there is no server")?;
    let ended = server.terminate(sh)?;
    server.start_again()?;
    Ok(Away { ended, back: Instant::now() })
}

/// It was sent while no server was ready, and got nothing at all or a whole answer that says so.
fn check_heedless(failure: &Failure, away: &[Away]) -> anyhow::Result<()> {
    let Failure { sent, why } = failure;
    let is_whole = matches!(why, Why::Lost(Lost::Refused(_) | Lost::Unanswered(_)) | Why::Status(503));
    ensure!(is_whole, "a request got {why}");
    let is_away = |away: &Away| *sent + SLACK >= away.ended.told + DRAIN_DELAY && *sent <= away.back;
    ensure!(away.iter().any(is_away), "a request that was sent to a ready server got {why}");
    Ok(())
}
