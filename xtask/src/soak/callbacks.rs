//! P29 of the reliability promises: every callback is delivered or kept as dead, in good time, signed, whatever the receiver
//! does and whenever the server dies.

mod dead_host;

use std::{path::Path, thread, time::Duration};

use anyhow::ensure;
use xshell::Shell;

use super::{
    cases::{self, Case, Sent, case, host_of, slow_case},
    jobs,
    receiver::{Arrival, OLD_SECRET, Receiver, SECRET, by_task},
    schedule,
    server::{self, Server, Setting},
};
use crate::{http::Client, python, served, workspace::Metadata};

const PATIENCE: Duration = Duration::from_secs(60);

/// When the server that lives on alone is killed, in milliseconds after it was started.
const KILLED_AFTER: [u64; 3] = [700, 1_200, 2_500];

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

    let sent = cases::send(&server, &receiver, 0, CASES)?;
    let sent_by_killed = cases::send(&killed, &receiver, 1, KILLED_CASES)?;
    for pause in KILLED_AFTER {
        thread::sleep(Duration::from_millis(pause));
        killed.kill();
        killed.start_again()?;
    }
    jobs::await_ends(&server.url(), PATIENCE)?;
    jobs::await_ends(&killed.url(), PATIENCE)?;

    let arrivals = receiver.arrivals()?;
    let timed = cases::check(&server, &sent, &arrivals)?;
    cases::check_killed(&killed, &sent_by_killed, &arrivals, KILLED_AFTER.len())?;
    check_both_signatures(&sent_by_killed, &arrivals)?;
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

/// Every callback of these tasks is signed with the secret and with the one before it.
fn check_both_signatures(sent: &[Sent<'_>], arrivals: &[Arrival]) -> anyhow::Result<()> {
    let told = by_task(arrivals)?;
    let arrivals = sent.iter().filter_map(|sent| told.get(sent.accepted.id.as_str())).flatten();
    for arrival in arrivals {
        ensure!(arrival.verified == [true; 2], "not signed with both: {arrival:?}");
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
        let callback = cases::callback(server, &accepted.id)?;
        ensure!(callback.state == "delivered" && callback.attempts == 1, "sent anew: {callback:?}");
        let requests = told.get(accepted.id.as_str()).map_or(0, Vec::len);
        ensure!(requests == case.attempts + 1, "sent anew: {requests} requests");
    }
    Ok(())
}
