//! Services that people write by hand, beside this server: both with all cores, which the load shares.

use std::{fmt, process::Command};

use anyhow::{Context, ensure};
use xshell::Shell;

use super::{
    Sides, mean_answer,
    report::Cells,
    scenario::{CONNECTIONS, Scenario},
    turns::{self, Rounds, Side, Turns},
};
use crate::{
    python,
    served::{self, Served},
    workspace::root,
    wrk,
};

/// What they are asked.
const SCENARIO: &str = "linear-row";

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    /// For the command line, and for peers.py.
    pub(super) name: &'static str,
    title: &'static str,
    /// How many times its requests a second are aimed at.
    target: f64,
}

const PEERS: &[Peer] = &[
    Peer { name: "fastapi-sklearn", title: "FastAPI, pydantic, pandas and scikit-learn", target: 250.0 },
    Peer { name: "fastapi-ort", title: "FastAPI, pydantic and ONNX Runtime", target: 12.0 },
    Peer { name: "asgi-ort", title: "a bare ASGI application with orjson and ONNX Runtime", target: 6.0 },
];

/// What was measured.
#[derive(Debug)]
pub(super) struct MeasuredPeer {
    pub(super) peer: Peer,
    pub(super) turns: Turns,
}

/// The peers of these names, which are separated by commas.
///
/// # Errors
/// If there is none of a name.
pub(super) fn wanted(names: &str) -> anyhow::Result<Vec<Peer>> {
    let known = |name: &str| PEERS.iter().find(|peer| peer.name == name).copied();
    names.split(',').map(|name| known(name).with_context(|| format!("there is no peer `{name}`"))).collect()
}

/// Each in turns with the server.
pub(super) fn measure(
    sh: &Shell,
    sides: &Sides<'_>,
    peers: &[Peer],
    rounds: Rounds,
) -> anyhow::Result<Vec<MeasuredPeer>> {
    let scenario = Scenario::named(SCENARIO)?;
    let bodies = scenario.bodies(&sides.rows(scenario)?)?;
    let python = python::ensure(sh, python::PEERS)?;
    let server = Served::start(served::with_samples(Command::new(sides.server)))?;
    let served = Side { url: format!("{}{}", server.url(), scenario.path), process: server.id() };
    ensure!(mean_answer(&served.url, &bodies)? > 0, "the server answers nothing");
    let script = wrk::script(&bodies)?;
    let mut measured = Vec::new();
    for &peer in peers {
        let mut command = Command::new(&python);
        command.arg(root().join("models/train/bench/peers/peers.py")).arg(peer.name);
        command.env("ORT_DISABLE_TELEMETRY", "1");
        let running = Served::start(command)?;
        let side = Side { url: format!("{}/predict", running.url()), process: running.id() };
        // Its processes listen before they have a model; the first answer comes from one that has.
        ensure!(mean_answer(&side.url, &bodies)? > 0, "{} answers nothing", peer.name);
        let load = turns::load(script.path(), CONNECTIONS, false);
        measured.push(MeasuredPeer { peer, turns: Turns::measure(peer.name, [&served, &side], rounds, load)? });
    }
    Ok(measured)
}

/// The table of them all.
pub(super) struct Table<'a>(pub(super) &'a [MeasuredPeer]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(
            f,
            "\n\n| One row, a logistic regression, {CONNECTIONS} connections | Its rate | p50 / p99 | ferrocast "
        )?;
        writeln!(f, "| p50 / p99 | Times | Aim |")?;
        write!(f, "|---|--:|--:|--:|--:|--:|--:|")?;
        for MeasuredPeer { peer: Peer { title, target, .. }, turns } in self.0 {
            write!(f, "\n| {title} {}{}", Cells(&turns.yardstick), Cells(&turns.served))?;
            write!(f, "| **{:.1}** | {target:.0} |", turns.rate_ratio())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::wanted;

    #[test]
    fn peers_are_known_by_name() {
        let names: Vec<&str> = wanted("asgi-ort,fastapi-ort").unwrap().iter().map(|peer| peer.name).collect();
        assert_eq!(names, ["asgi-ort", "fastapi-ort"]);
        assert!(wanted("asgi-ort,flask").unwrap_err().to_string().contains("`flask`"));
    }
}
