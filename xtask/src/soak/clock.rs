//! P31 of the reliability promises: that somebody sets the clock on the wall neither brings all retries at once nor puts them
//! off, and no request notices.
//!
//! Server and receiver live by a clock that libfaketime gives them. Only the wall's is set, as on a real machine: the one that
//! counts from its start goes on. Callbacks are signed with the time on the wall, so the receiver, which has the same one,
//! verifies that they are fresh.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use xshell::{Shell, cmd};

use super::{
    cases::{self, Case, Sent, case},
    jobs::{self, Job},
    receiver::{Arrival, Receiver},
    schedule,
    server::{self, Server, Setting},
};
use crate::{http::Client, python, served, tools::FAKETIME, workspace::Metadata};

const PATIENCE: Duration = Duration::from_secs(60);

const CASES: &[Case] = &[case("ok", 1, "delivered"), case("fail-6", 7, "delivered"), case("fail-99", 10, "dead")];

/// How far the clock is off after each pause, while the server runs. The schedule of an attempt takes ten seconds.
const SETS: [(Duration, &str); 3] =
    [(Duration::from_millis(500), "+1d"), (Duration::from_millis(1_500), "-1d"), (Duration::from_millis(1_500), "+0d")];

/// How far it is off when a server that was killed starts again.
const SETS_WHILE_DOWN: [&str; 2] = ["-1d", "+1d"];
/// When that is killed: its callbacks wait for another attempt.
const KILLED_AFTER: Duration = Duration::from_millis(700);

/// A day, in seconds.
const DAY: f64 = 86_400.0;
/// How many seconds a callback is on its way, at most. A server that signs by a clock of its own is wrong for longer.
const ON_ITS_WAY: f64 = 0.4;
/// The same in whole seconds, as it is signed with them.
const MOST_SECONDS_AGO: f64 = 2.0;
/// The path of the request that tells the receiver that the clock was set.
const SET: &str = "set";

/// How long a request waits for a body that does not come.
const TIMEOUT: Duration = Duration::from_millis(2_000);
/// What a machine that does other things as well may add.
const SLACK: Duration = Duration::from_millis(1_000);

pub(super) fn run(sh: &Shell) -> anyhow::Result<()> {
    FAKETIME.ensure(sh)?;
    let python = python::ensure(sh, python::CALLBACKS)?;
    let program = served::build(sh)?;
    let folder = server::folder(sh, &Metadata::load(sh)?.target_directory, "clock")?;
    let wall = WallClock::new(sh, &folder)?;
    let hosts: Vec<String> =
        (0..4).flat_map(|net| (1..=CASES.len()).map(move |host| cases::host_of(net, host))).collect();
    let receiver = Receiver::start_with(&python, &folder, &hosts, wall.settings())?;
    let settings = |file: &str| {
        let tasks = ("TASKS__PATH", folder.join(file).display().to_string());
        [receiver.settings(), schedule::settings(), wall.settings(), vec![tasks]].concat()
    };
    let server = Server::start(&program, &folder, settings("runs.db"))?;
    while_running(&server, &receiver, &wall)?;
    let mut killed = Server::start(&program, &folder, settings("killed.db"))?;
    for (net, set) in (2..).zip(SETS_WHILE_DOWN) {
        while_down(&mut killed, &receiver, &wall, (net, set))?;
    }
    Ok(())
}

/// Sets the clock back and forth under a server at work.
fn while_running(server: &Server, receiver: &Receiver, wall: &WallClock) -> anyhow::Result<()> {
    let mut sent = cases::send(server, receiver, 0, CASES)?;
    let (is_over, url) = (AtomicBool::new(false), server.url());
    let predicted = thread::scope(|scope| {
        let predicting = scope.spawn(|| predict_until(&is_over, &url));
        let waiting = scope.spawn(|| time_out(&url));
        let set = set_in_turn(wall, receiver);
        let late = cases::send(server, receiver, 1, CASES);
        let waited = waiting.join().ok().context("waiting has panicked")?;
        is_over.store(true, Ordering::Relaxed);
        let predicted = predicting.join().ok().context("predicting has panicked")??;
        set?;
        sent.extend(late?);
        let over = waited?.saturating_sub(TIMEOUT);
        ensure!(over <= SLACK, "a request that may take {TIMEOUT:?} took {over:?} more");
        anyhow::Ok(predicted)
    })?;
    jobs::await_ends(&server.url(), PATIENCE)?;
    let timed = cases::check(server, &sent, &callbacks(receiver)?)?;
    timed.check()?;
    println!("the clock set by a day {} times: {predicted} predictions, none failed; {timed}", SETS.len());
    Ok(())
}

fn set_in_turn(wall: &WallClock, receiver: &Receiver) -> anyhow::Result<()> {
    for (pause, offset) in SETS {
        thread::sleep(pause);
        set(wall, receiver, offset)?;
    }
    Ok(())
}

/// Sets the clock while no server runs: what is due when it starts again is neither lost nor a day late.
fn while_down(
    server: &mut Server,
    receiver: &Receiver,
    wall: &WallClock,
    (net, offset): (usize, &str),
) -> anyhow::Result<()> {
    let sent: Vec<Sent<'_>> = cases::send(server, receiver, net, CASES)?;
    thread::sleep(KILLED_AFTER);
    server.kill();
    set(wall, receiver, offset)?;
    server.start_again()?;
    let waited = jobs::await_ends(&server.url(), PATIENCE)?;
    cases::check_killed(server, &sent, &callbacks(receiver)?, 1)?;
    println!("the clock at {offset} when the server starts again: all told of {:.0} s later", waited.as_secs_f64());
    Ok(())
}

/// Sets the clock and lets the receiver write down when.
fn set(wall: &WallClock, receiver: &Receiver, offset: &str) -> anyhow::Result<()> {
    wall.set(offset)?;
    Client::new().text(&receiver.url(&cases::host_of(0, 1), SET))?;
    Ok(())
}

/// The callbacks that have arrived.
fn callbacks(receiver: &Receiver) -> anyhow::Result<Vec<Arrival>> {
    let (sets, mut callbacks): (Vec<Arrival>, Vec<Arrival>) =
        receiver.arrivals()?.into_iter().partition(|arrival| arrival.path.trim_start_matches('/') == SET);
    for callback in &mut callbacks {
        let is_crossed = is_crossed(callback, &sets);
        let [is_signed, _] = &mut callback.verified;
        *is_signed |= is_crossed;
    }
    Ok(callbacks)
}

/// The clock was set while this was on its way: it is off by whole days to who verifies it, and nobody is to blame.
fn is_crossed(callback: &Arrival, sets: &[Arrival]) -> bool {
    let is_off = callback.age.is_some_and(|age| {
        let days = (age / DAY).round();
        days != 0.0 && (age - days * DAY).abs() <= MOST_SECONDS_AGO
    });
    is_off && sets.iter().any(|set| (callback.at - set.at).abs() <= ON_ITS_WAY)
}

/// Predicts without a pause; each prediction must be answered. How many there were.
fn predict_until(is_over: &AtomicBool, url: &str) -> anyhow::Result<usize> {
    let (client, body, mut count) = (Client::new(), Job { number: 0, callback: None }.body(), 0);
    while !is_over.load(Ordering::Relaxed) {
        client.post(&format!("{url}/predict"), &body)?;
        count += 1;
    }
    Ok(count)
}

/// Announces a body that never comes. How long it takes until the server says that it has waited for long enough.
fn time_out(url: &str) -> anyhow::Result<Duration> {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let begin = Instant::now();
    let milliseconds = TIMEOUT.as_millis();
    write!(
        stream,
        "POST /predict HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\
         x-request-timeout-ms: {milliseconds}\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let waited = begin.elapsed();
    ensure!(answer.starts_with("HTTP/1.1 504"), "a body that does not come: {answer}");
    ensure!(waited >= TIMEOUT, "a request that may take {TIMEOUT:?} was ended after {waited:?}");
    Ok(waited)
}

/// A clock on the wall that can be set for some processes.
struct WallClock {
    library: String,
    file: PathBuf,
}

impl WallClock {
    /// One that is right.
    fn new(sh: &Shell, folder: &Path) -> anyhow::Result<WallClock> {
        // The program knows where its library lies on this machine.
        let library = cmd!(sh, "faketime -m -f +0d printenv LD_PRELOAD").quiet().read()?;
        let clock = WallClock { library, file: folder.join("wall-clock") };
        clock.set("+0d")?;
        Ok(clock)
    }

    /// Sets it, as far from what is right as this says.
    fn set(&self, offset: &str) -> anyhow::Result<()> {
        let next = self.file.with_extension("next");
        fs::write(&next, offset)?;
        Ok(fs::rename(next, &self.file)?)
    }

    /// Has a process live by it.
    fn settings(&self) -> Vec<Setting> {
        vec![
            ("LD_PRELOAD", self.library.clone()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::{Arrival, is_crossed};

    fn arrival(at: f64, age: Option<f64>) -> Arrival {
        let [host, path, id, body] = ["127.0.0.1", "/ok", "1", "a"].map(str::to_owned);
        Arrival { at, lag: None, host, path, id, body, verified: [false; 2], age, under_way: 1, all_under_way: 1 }
    }

    #[test]
    fn what_the_clock_was_set_under_is_told_from_what_is_late() {
        let sets = [arrival(10.0, None)];
        for (at, age) in [(10.1, 86_400.5), (9.9, -86_399.5), (10.0, -172_799.0)] {
            assert!(is_crossed(&arrival(at, Some(age)), &sets), "{at} {age}");
        }
        for (at, age) in [(10.1, 1.0), (10.1, 301.0), (10.1, -400.0), (10.1, 86_410.0), (11.0, 86_400.5)] {
            assert!(!is_crossed(&arrival(at, Some(age)), &sets), "{at} {age}");
        }
    }
}
