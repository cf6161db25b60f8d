//! The scenario `open-loop`: requests at even distances, whatever becomes of the others, at shares of the rate that the closed loop
//! has just reached; beside the bare handler at the same rates.

use std::{fmt, path::Path, time::Duration};

use serde_json::{Value, json};
use xshell::Shell;

use super::{
    Sides, mean_answer,
    plot::Bars,
    scenario::{Scenario, connections_in_words},
    turns::Rounds,
};
use crate::{
    load_test::{LoadTest, Tested, write_bodies},
    median::median,
};

/// For the command line.
pub(super) const NAME: &str = "open-loop";

/// Whose requests are sent.
const SCENARIO: &str = "row";

/// Of what the closed loop has reached.
const SHARES: [f64; 4] = [0.25, 0.5, 0.75, 0.9];

/// Before each measurement, at the same rate: connections are made then, and those who wait for one are late.
const WARM_UP: Duration = Duration::from_millis(200);

/// What was measured.
#[derive(Debug)]
pub(super) struct OpenLoop {
    title: &'static str,
    connections: u32,
    steps: Vec<Step>,
}

/// One share, in all rounds.
#[derive(Debug)]
struct Step {
    share: f64,
    rounds: Vec<Round>,
}

/// Both sides at one rate.
#[derive(Clone, Copy, Debug)]
struct Round {
    /// Requests a second that were due.
    due: f64,
    served: Tested,
    yardstick: Tested,
}

/// All shares in turns, after a closed loop in each round.
pub(super) fn measure(sh: &Shell, sides: &Sides<'_>, connections: u32, rounds: Rounds) -> anyhow::Result<OpenLoop> {
    let scenario = Scenario::named(SCENARIO)?;
    let bodies = scenario.bodies(&sides.rows(scenario)?)?;
    let server = sides.start_server(scenario.against)?;
    let served = format!("{}{}", server.url(), scenario.path);
    let ceiling = sides.start_ceiling(mean_answer(&served, &bodies)?, scenario.rows)?;
    let yardstick = format!("{}{}", ceiling.url(), scenario.ceiling_path());
    let load = Load { sides, bodies: &write_bodies(sh, &bodies)?, connections, seconds: rounds.seconds };
    let mut steps: Vec<Step> = SHARES.iter().map(|&share| Step { share, rounds: Vec::new() }).collect();
    for round in 1..=rounds.count {
        // By the generator of the open loop, which spends more on a request than wrk: so it can keep what is due.
        let reached = load.run(&served, None)?.sample;
        for Step { share, rounds: measured } in &mut steps {
            let due = reached.rate * *share;
            let (one, other) = (load.run(&served, Some(due))?, load.run(&yardstick, Some(due))?);
            println!(
                "{NAME} ({connections}) round {round} of {}, {due:.0}/s of {reached}: {} within {:.2} ms against {} within {:.2} ms",
                rounds.count, one.sample, one.sample.p99_milliseconds, other.sample, other.sample.p99_milliseconds
            );
            measured.push(Round { due, served: one, yardstick: other });
        }
    }
    Ok(OpenLoop { title: scenario.title, connections, steps })
}

/// What both sides are sent.
#[derive(Clone, Copy)]
struct Load<'a> {
    sides: &'a Sides<'a>,
    bodies: &'a Path,
    connections: u32,
    seconds: u64,
}

impl Load<'_> {
    /// The closed loop, if there is no rate.
    fn run(self, url: &str, rate: Option<f64>) -> anyhow::Result<Tested> {
        let load = LoadTest {
            program: self.sides.server,
            url,
            bodies: self.bodies,
            connections: self.connections,
            rate,
            warm_up: WARM_UP,
            seconds: self.seconds,
            pinned: self.sides.pinned,
        };
        load.run()
    }
}

impl Step {
    fn median(&self, value: impl Fn(&Round) -> f64) -> f64 {
        median(self.rounds.iter().map(value))
    }

    fn label(&self) -> String {
        format!("{:.0} %", self.share * 100.0)
    }

    /// Rate and latencies of one side as cells of the table.
    fn write_side(&self, f: &mut fmt::Formatter<'_>, side: impl Fn(&Round) -> Tested) -> fmt::Result {
        let of = |value: fn(&Tested) -> f64| self.median(|round| value(&side(round)));
        let (p50, p99) = (of(|tested| tested.sample.p50_milliseconds), of(|tested| tested.sample.p99_milliseconds));
        let p99_9 = of(|tested| tested.p99_9_milliseconds);
        write!(f, "| {:.0}/s | {p50:.2} / {p99:.2} / {p99_9:.2} ms ", of(|tested| tested.sample.rate))
    }
}

impl OpenLoop {
    /// What 99 of 100 requests take at most, by how many are due.
    pub(super) fn latencies(&self) -> Bars {
        let microseconds = |step: &Step| {
            let of = |side: fn(&Round) -> Tested| step.median(|round| side(round).sample.p99_milliseconds) * 1e3;
            vec![of(|round| round.served), of(|round| round.yardstick)]
        };
        Bars {
            title: "99th percentile in microseconds, by the share of the closed loop's rate that is due",
            series: vec!["ferrocast".to_owned(), "Ceiling".to_owned()],
            groups: self.steps.iter().map(|step| (step.label(), microseconds(step))).collect(),
        }
    }

    pub(super) fn json(&self) -> Value {
        let tested = |tested: &Tested| {
            json!({
                "answers_per_second": tested.sample.rate,
                "p50_ms": tested.sample.p50_milliseconds,
                "p99_ms": tested.sample.p99_milliseconds,
                "p99_9_ms": tested.p99_9_milliseconds,
            })
        };
        let round = |Round { due, served, yardstick }: &Round| json!({ "due_per_second": due, "ferrocast": tested(served), "yardstick": tested(yardstick) });
        let step = |Step { share, rounds }: &Step| json!({ "share": share, "rounds": rounds.iter().map(round).collect::<Vec<Value>>() });
        json!({ "connections": self.connections, "steps": self.steps.iter().map(step).collect::<Vec<Value>>() })
    }
}

impl fmt::Display for OpenLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OpenLoop { title, connections, steps } = self;
        let connections = connections_in_words(*connections);
        write!(f, "\n\n| Open loop, {title}, {connections} | Due | ferrocast | p50 / p99 / p99.9 ")?;
        writeln!(f, "| Ceiling | p50 / p99 / p99.9 |")?;
        write!(f, "|---|--:|--:|--:|--:|--:|")?;
        for step in steps {
            write!(f, "\n| {} of the closed loop | {:.0}/s ", step.label(), step.median(|round| round.due))?;
            step.write_side(f, |round| round.served)?;
            step.write_side(f, |round| round.yardstick)?;
            write!(f, "|")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{OpenLoop, Round, Step, Tested};
    use crate::wrk::Sample;

    fn measured() -> OpenLoop {
        let tested = |rate, p50_milliseconds| Tested {
            sample: Sample { rate, p50_milliseconds, p99_milliseconds: 0.5 },
            p99_9_milliseconds: 2.0,
        };
        let round = |due| Round { due, served: tested(due - 10.0, 0.2), yardstick: tested(due, 0.1) };
        let step =
            |share| Step { share, rounds: [900.0, 1000.0, 1200.0].map(|reached| round(reached * share)).to_vec() };
        OpenLoop { title: "one row", connections: 64, steps: [0.25, 0.5].map(step).into() }
    }

    #[test]
    fn rates_stand_beside_those_that_were_due() {
        let table = "\
            \n\n| Open loop, one row, 64 connections | Due | ferrocast | p50 / p99 / p99.9 | Ceiling | p50 / p99 / p99.9 |\
            \n|---|--:|--:|--:|--:|--:|\
            \n| 25 % of the closed loop | 250/s | 240/s | 0.20 / 0.50 / 2.00 ms | 250/s | 0.10 / 0.50 / 2.00 ms |\
            \n| 50 % of the closed loop | 500/s | 490/s | 0.20 / 0.50 / 2.00 ms | 500/s | 0.10 / 0.50 / 2.00 ms |";
        assert_eq!(measured().to_string(), table);
    }

    #[test]
    fn json_and_plot_have_every_step() {
        let json = measured().json();
        assert_eq!(json["steps"][1]["rounds"][2]["due_per_second"], 600.0);
        assert_eq!(json["steps"][0]["rounds"][0]["ferrocast"]["p99_9_ms"], 2.0);
        assert_eq!(measured().latencies().groups[1], ("50 %".to_owned(), vec![500.0, 500.0]));
    }
}
