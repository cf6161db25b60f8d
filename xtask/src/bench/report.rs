//! The measurements as a table and plots, on the terminal, in docs/performance.md and in JSON.

use std::{fmt, fs, path::Path};

use anyhow::Context;
use serde_json::{Value, json};

use super::{
    open_loop::OpenLoop,
    overload::Overload,
    peers::{self, MeasuredPeer},
    picture::Pictures,
    plot::Bars,
    scenario::{CONNECTIONS, Yardstick, connections_in_words},
    turns::{Rounds, Run, Turns},
};
use crate::{machine::Machine, marked::Marks, median::median, profile::Profile};

const MEASURED: Marks = Marks {
    begin: "<!-- Measured, written by `cargo xtask bench --write`. -->",
    end: "<!-- End of what is measured. -->",
};

/// Below the tables of the document. They are written with it, so that it shows none that are not there.
const PLOTS: &str = "\n\n\
    ![What 99 of 100 rows take at most at shares of the closed loop's rate, beside the bare handler](images/bench-open-loop.svg)\n\n\
    ![Pictures a second that are answered and refused when more are offered than can be judged](images/bench-overload.svg)";

/// One run of the command.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) machine: Machine,
    pub(super) profile: Profile,
    pub(super) start_up: StartUp,
    pub(super) pinned: bool,
    pub(super) rounds: Rounds,
    pub(super) measured: Vec<Measured>,
    /// One for each number of connections.
    pub(super) open_loop: Vec<OpenLoop>,
    pub(super) peers: Vec<MeasuredPeer>,
    pub(super) pictures: Option<Pictures>,
    pub(super) overload: Option<Overload>,
}

/// The server with the sample models and no load.
#[derive(Debug)]
pub(super) struct StartUp {
    pub(super) ready_milliseconds: f64,
    pub(super) resident_mebibytes: f64,
}

/// One scenario with one number of connections.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) against: Yardstick,
    /// Aimed at, as a share of the yardstick.
    pub(super) target: f64,
    pub(super) connections: u32,
    pub(super) request_bytes: usize,
    pub(super) answer_bytes: usize,
    pub(super) turns: Turns,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.machine)?;
        let place = if self.pinned { "Server on one core, wrk on another" } else { "Server and wrk on the same cores" };
        let Rounds { count, seconds } = self.rounds;
        writeln!(f, "{place}; medians of {count} rounds of {seconds} s each, in turns, the ratios' too.")?;
        writeln!(f, "Both sides compiled with Cargo's profile `{}`.", self.profile.name())?;
        let StartUp { ready_milliseconds, resident_mebibytes } = self.start_up;
        write!(f, "Ready {ready_milliseconds:.0} ms after the start, with {resident_mebibytes:.0} MiB resident.")?;
        for same in self.measured.chunk_by(|one, next| one.against == next.against) {
            write_table(f, same)?;
        }
        self.open_loop.iter().try_for_each(|open_loop| open_loop.fmt(f))?;
        peers::Table(&self.peers).fmt(f)?;
        self.pictures.iter().try_for_each(|pictures| pictures.fmt(f))?;
        self.overload.iter().try_for_each(|overload| overload.fmt(f))
    }
}

/// A table of scenarios with one yardstick.
fn write_table(f: &mut fmt::Formatter<'_>, measured: &[Measured]) -> fmt::Result {
    let Some(Measured { against, .. }) = measured.first() else { return Ok(()) };
    write!(f, "\n\n| Request | Bytes in / out | Connections | ferrocast | p50 / p99 | {against} | p50 / p99 ")?;
    writeln!(f, "| Ratio | Aim | Processor time |")?;
    write!(f, "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|")?;
    for measured in measured {
        let Measured { title, target, connections, request_bytes, answer_bytes, turns, .. } = measured;
        write!(f, "\n| {title} | {request_bytes} / {answer_bytes} | {connections} ")?;
        write!(f, "{}{}", Cells(&turns.served), Cells(&turns.yardstick))?;
        write!(f, "| **{:.0} %** | {:.0} % ", turns.rate_ratio() * 100.0, target * 100.0)?;
        write!(f, "| {:.2} times |", turns.processor_ratio())?;
    }
    Ok(())
}

/// Rate and latencies of one side as cells of the table.
pub(super) struct Cells<'a>(pub(super) &'a [Run]);

impl fmt::Display for Cells<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = median_of(self.0, |run| run.sample.rate);
        let p50 = median_of(self.0, |run| run.sample.p50_milliseconds);
        let p99 = median_of(self.0, |run| run.sample.p99_milliseconds);
        write!(f, "| {rate:.0}/s | {p50:.2} / {p99:.2} ms ")
    }
}

impl Report {
    /// Rewrites the marked part of performance.md in the folder `docs`, and the plots that the document shows.
    pub(super) fn write(&self, docs: &Path) -> anyhow::Result<()> {
        MEASURED.write(&docs.join("performance.md"), &format!("{self}{PLOTS}"))?;
        let always = [("bench-ratios.svg", self.ratios()), ("bench-connections.svg", self.rates())];
        let open_loop = self.open_loop.first().map(|open_loop| ("bench-open-loop.svg", open_loop.latencies()));
        let overload = self.overload.as_ref().map(|overload| ("bench-overload.svg", overload.rates()));
        for (name, plot) in always.into_iter().chain(open_loop).chain(overload) {
            let file = docs.join("images").join(name);
            fs::write(&file, plot.to_string()).with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(())
    }

    /// How near each scenario comes to its yardstick.
    fn ratios(&self) -> Bars {
        let measured = self.measured.iter().filter(|measured| measured.connections == CONNECTIONS);
        let group = |measured: &Measured| {
            (measured.name.to_owned(), vec![measured.turns.rate_ratio() * 100.0, measured.target * 100.0])
        };
        Bars {
            title: "Requests a second in percent of the yardstick's",
            series: vec!["measured".to_owned(), "aim".to_owned()],
            groups: measured.map(group).collect(),
        }
    }

    /// What becomes of the rate with more connections, in the scenario that is measured with most.
    fn rates(&self) -> Bars {
        let scenarios = self.measured.chunk_by(|one, next| one.name == next.name);
        let measured = scenarios.max_by_key(|scenario| scenario.len()).unwrap_or_default();
        let group = |measured: &Measured| {
            let rates = [&measured.turns.served, &measured.turns.yardstick];
            (
                connections_in_words(measured.connections),
                rates.map(|runs| median_of(runs, |run| run.sample.rate)).to_vec(),
            )
        };
        let yardstick = measured.first().map(|measured| measured.against.to_string()).unwrap_or_default();
        Bars {
            title: "Requests a second, one row, logistic regression",
            series: vec!["ferrocast".to_owned(), yardstick],
            groups: measured.iter().map(group).collect(),
        }
    }

    /// Every single measurement.
    pub(super) fn json(&self) -> String {
        let run = |run: &Run| {
            json!({
                "requests_per_second": run.sample.rate,
                "p50_ms": run.sample.p50_milliseconds,
                "p99_ms": run.sample.p99_milliseconds,
                "processor_us": run.processor_microseconds,
            })
        };
        let scenario = |measured: &Measured| {
            json!({
                "scenario": measured.name,
                "title": measured.title,
                "connections": measured.connections,
                "request_bytes": measured.request_bytes,
                "answer_bytes": measured.answer_bytes,
                "yardstick": measured.against.to_string(),
                "aim": measured.target,
                "ratio": measured.turns.rate_ratio(),
                "processor_ratio": measured.turns.processor_ratio(),
                "ferrocast_runs": measured.turns.served.iter().map(run).collect::<Vec<Value>>(),
                "yardstick_runs": measured.turns.yardstick.iter().map(run).collect::<Vec<Value>>(),
            })
        };
        let peer = |MeasuredPeer { peer, turns }: &MeasuredPeer| {
            json!({
                "peer": peer.name,
                "connections": CONNECTIONS,
                "times": turns.rate_ratio(),
                "ferrocast_runs": turns.served.iter().map(run).collect::<Vec<Value>>(),
                "peer_runs": turns.yardstick.iter().map(run).collect::<Vec<Value>>(),
            })
        };
        let pictures = self.pictures.as_ref().map(|pictures| {
            json!({
                "bytes": pictures.bytes,
                "requests_per_second": pictures.served.iter().map(|sample| sample.rate).collect::<Vec<f64>>(),
                "pictures_per_second_without_server": pictures.direct,
                "prepared_us": pictures.prepared,
                "pillow_us": pictures.pillow,
            })
        });
        let report = json!({
            "machine": {
                "processor": self.machine.processor,
                "cores": self.machine.cores,
                "kernel": self.machine.kernel,
                "rustc": self.machine.rustc,
                "date": self.machine.date,
            },
            "profile": self.profile.name(),
            "pinned": self.pinned,
            "seconds": self.rounds.seconds,
            "ready_ms": self.start_up.ready_milliseconds,
            "resident_mib": self.start_up.resident_mebibytes,
            "scenarios": self.measured.iter().map(scenario).collect::<Vec<Value>>(),
            "open_loop": self.open_loop.iter().map(OpenLoop::json).collect::<Vec<Value>>(),
            "peers": self.peers.iter().map(peer).collect::<Vec<Value>>(),
            "pictures": pictures,
            "overload": self.overload.as_ref().map(Overload::json),
        });
        format!("{report:#}\n")
    }
}

fn median_of(runs: &[Run], value: impl Fn(&Run) -> f64) -> f64 {
    median(runs.iter().map(value))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{
        Machine, Measured, MeasuredPeer, Pictures, Profile, Report, Rounds, Run, StartUp, Turns, Yardstick, peers,
    };
    use crate::wrk::Sample;

    fn samples(rates: [f64; 3]) -> Vec<Sample> {
        rates.map(|rate| Sample { rate, p50_milliseconds: 1.0, p99_milliseconds: 2.5 }).to_vec()
    }

    fn runs(rates: [f64; 3], processor_microseconds: f64) -> Vec<Run> {
        samples(rates).into_iter().map(|sample| Run { sample, processor_microseconds }).collect()
    }

    fn measured(name: &'static str, connections: u32, against: Yardstick, target: f64) -> Measured {
        let turns = Turns { served: runs([60.0, 70.0, 65.0], 15.0), yardstick: runs([100.0, 100.0, 200.0], 10.0) };
        Measured { name, title: name, against, target, connections, request_bytes: 90, answer_bytes: 120, turns }
    }

    fn report() -> Report {
        Report {
            machine: Machine {
                processor: "Some CPU".to_owned(),
                cores: 2,
                kernel: "Linux 6".to_owned(),
                rustc: "rustc 1".to_owned(),
                date: "2026-01-31".to_owned(),
            },
            profile: Profile::Dist,
            start_up: StartUp { ready_milliseconds: 80.4, resident_mebibytes: 30.2 },
            pinned: true,
            rounds: Rounds { count: 3, seconds: 8 },
            measured: vec![
                measured("a row", 1, Yardstick::Ceiling, 0.6),
                measured("a row", 64, Yardstick::Ceiling, 0.6),
                measured("a forest", 64, Yardstick::LogisticRegression, 0.9),
            ],
            open_loop: vec![],
            peers: peers::wanted("asgi-ort")
                .unwrap()
                .into_iter()
                .map(|peer| MeasuredPeer {
                    peer,
                    turns: Turns { served: runs([60.0, 70.0, 65.0], 1.0), yardstick: runs([10.0, 10.0, 10.0], 1.0) },
                })
                .collect(),
            pictures: Some(Pictures {
                bytes: 100_000,
                served: samples([45.0, 46.0, 44.0]),
                direct: vec![50.0, 49.0, 51.0],
                prepared: vec![2_000.0],
                pillow: vec![5_000.0],
            }),
            overload: None,
        }
    }

    #[test]
    fn medians_stand_in_a_table_for_each_yardstick() {
        let text = report().to_string();
        let row = |name: &str, connections: u32, aim: u32| {
            format!(
                "\n| {name} | 90 / 120 | {connections} | 65/s | 1.00 / 2.50 ms | 100/s | 1.00 / 2.50 ms | **60 %** | {aim} % | 1.50 times |"
            )
        };
        let head = |against: &str| {
            format!(
                "\n\n| Request | Bytes in / out | Connections | ferrocast | p50 / p99 | {against} | p50 / p99 | Ratio | Aim | Processor time |\
                 \n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|"
            )
        };
        let pictures = "\
            \n\n| Request | Bytes in | ferrocast | p50 / p99 | The same without a server | Ratio | Aim |\
            \n|---|--:|--:|--:|--:|--:|--:|\
            \n| a JPEG of 640 x 427 pixels, EfficientNet-Lite0 | 100000 | 45.0/s | 1 / 2 ms | 50.0/s | **90 %** | 95 % |\
            \n\n| Decode, resize and normalise, one thread | ferrocast | Pillow and numpy | Ratio | Aim |\
            \n|---|--:|--:|--:|--:|\
            \n| the same JPEG | 2.00 ms | 5.00 ms | **2.5 times as fast** | 2 times |";
        let peers = "\
            \n\n| One row, a logistic regression, 64 connections | Its rate | p50 / p99 | ferrocast | p50 / p99 | Times | Aim |\
            \n|---|--:|--:|--:|--:|--:|--:|\
            \n| a bare ASGI application with orjson and ONNX Runtime | 10/s | 1.00 / 2.50 ms | 65/s | 1.00 / 2.50 ms | **6.5** | 6 |";
        let tables = [
            head("Ceiling"),
            row("a row", 1, 60),
            row("a row", 64, 60),
            head("Logistic regression"),
            row("a forest", 64, 90),
            peers.to_owned(),
            pictures.to_owned(),
        ]
        .concat();
        assert!(text.ends_with(&tables), "{text}");
        assert!(text.contains("Ready 80 ms after the start, with 30 MiB resident."), "{text}");
    }

    #[test]
    fn plots_show_what_is_compared() {
        let ratios = report().ratios().groups;
        assert_eq!(ratios, [("a row".to_owned(), vec![60.0, 60.0]), ("a forest".to_owned(), vec![60.0, 90.0])]);
        let rates = report().rates();
        assert_eq!(rates.series, ["ferrocast", "Ceiling"]);
        assert_eq!(
            rates.groups.iter().map(|(label, _)| label.as_str()).collect::<Vec<_>>(),
            ["1 connection", "64 connections"]
        );
    }

    #[test]
    fn json_has_every_run() {
        let report: Value = serde_json::from_str(&report().json()).unwrap();
        assert_eq!(report["scenarios"][2]["ferrocast_runs"][1]["requests_per_second"], 70.0);
        assert_eq!(report["scenarios"][2]["yardstick"], "Logistic regression");
        assert_eq!((&report["peers"][0]["peer"], &report["peers"][0]["times"]), (&"asgi-ort".into(), &6.5.into()));
        assert_eq!(report["pictures"]["requests_per_second"].as_array().map(Vec::len), Some(3));
    }
}
