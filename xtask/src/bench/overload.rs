//! The scenario `overload`: pictures at half the rate that the server can judge them at, at that rate, and at twice and four times
//! as much.

use std::{fmt, fs, net::SocketAddr, process::Command, time::Duration};

use anyhow::Context;
use serde_json::{Value, json};
use xshell::Shell;

use super::{Sides, picture, plot::Bars, turns::Rounds};
use crate::{
    connection::{address, post},
    form,
    median::median,
    model_folder,
    open_loop::{Load, Outcomes},
    served::{self, Served},
    workspace::root,
    wrk,
};

/// For the command line.
pub(super) const NAME: &str = "overload";

/// Requests a second, as multiples of what the closed loop has just reached.
const TIMES: [f64; 4] = [0.5, 1.0, 2.0, 4.0];

/// The pictures that may wait: half a second's, about. Without it there are five seconds', and it takes as long until any is refused.
const SERVING: &str = "\n[serving]\nmax_queue_rows = 32\n";

/// More than run, wait and are being refused.
const CONNECTIONS: usize = 96;

const WARM_UP_SECONDS: u64 = 1;

/// What was measured.
#[derive(Debug)]
pub(super) struct Overload {
    loads: Vec<Offered>,
}

/// One multiple, in all rounds.
#[derive(Debug)]
struct Offered {
    times: f64,
    rounds: Vec<Round>,
}

/// Pictures a second, and latencies in milliseconds from when a request was due.
#[derive(Clone, Copy, Debug)]
struct Round {
    due: f64,
    /// Answered 200.
    answered: f64,
    /// Answered 429.
    refused: f64,
    answered_p50: f64,
    answered_p99: f64,
    /// Not a number if none was.
    refused_p99: f64,
}

/// All multiples in turns, after a closed loop in each round. Server and load have the same cores, which are all there are.
pub(super) fn measure(sh: &Shell, sides: &Sides<'_>, rounds: Rounds) -> anyhow::Result<Overload> {
    let folder = model_folder::of(sh, NAME, &[&root().join("models/imagenet")])?;
    let manifest = folder.join("imagenet/model.toml");
    sh.write_file(&manifest, sh.read_file(&manifest)? + SERVING)?;
    let server = Served::start(served::serving(Command::new(sides.server), &folder))?;
    let file = root().join(picture::PICTURE);
    let picture = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let script = wrk::form_script(&picture)?;
    let path = "/models/imagenet/predict_image";
    let url = format!("{}{path}", server.url());
    let closed = |seconds| {
        let load =
            wrk::Load { url: &url, script: script.path(), connections: picture::CONNECTIONS, seconds, pinned: false };
        load.run()
    };
    let content_type = format!("content-type: {}\r\n", form::content_type());
    let request = post(path, &content_type, &form::of(&picture, "image/jpeg"));
    closed(WARM_UP_SECONDS)?;
    let mut loads: Vec<Offered> = TIMES.iter().map(|&times| Offered { times, rounds: Vec::new() }).collect();
    for round in 1..=rounds.count {
        let reached = closed(rounds.seconds)?;
        for Offered { times, rounds: measured } in &mut loads {
            let due = reached.rate * *times;
            let one = offer(address(server.url())?, &request, due, Duration::from_secs(rounds.seconds))?;
            println!(
                "{NAME} round {round} of {}, {times} times {reached}: {:.1}/s answered, {:.1}/s refused",
                rounds.count, one.answered, one.refused
            );
            measured.push(one);
        }
    }
    Ok(Overload { loads })
}

/// Fails if a single answer is neither 200 nor 429.
fn offer(address: SocketAddr, request: &[u8], due: f64, duration: Duration) -> anyhow::Result<Round> {
    let outcomes = Load { address, request, rate: due, duration, connections: CONNECTIONS }.offer();
    outcomes.check(true)?;
    Ok(Round::of(due, &outcomes))
}

impl Round {
    fn of(due: f64, outcomes: &Outcomes) -> Round {
        Round {
            due,
            answered: outcomes.goodput(),
            refused: outcomes.refusals(),
            answered_p50: outcomes.percentile(200, 50),
            answered_p99: outcomes.percentile(200, 99),
            refused_p99: outcomes.percentile(429, 99),
        }
    }
}

impl Offered {
    fn median(&self, value: impl Fn(&Round) -> f64) -> f64 {
        median(self.rounds.iter().map(value))
    }

    fn label(&self) -> String {
        format!("{} x", self.times)
    }
}

impl Overload {
    /// What is answered and refused, by how much is offered.
    pub(super) fn rates(&self) -> Bars {
        let rates = |load: &Offered| vec![load.median(|round| round.answered), load.median(|round| round.refused)];
        Bars {
            title: "Pictures a second, by how many times what can be judged is offered",
            series: vec!["answered".to_owned(), "refused".to_owned()],
            groups: self.loads.iter().map(|load| (load.label(), rates(load))).collect(),
        }
    }

    /// Answers a second as a share of those at 1 x: the median of the rounds' shares.
    fn share(&self, load: &Offered) -> f64 {
        let full = self.loads.iter().find(|load| load.times == 1.0).map(|load| &*load.rounds).unwrap_or_default();
        median(load.rounds.iter().zip(full).map(|(round, full)| round.answered / full.answered))
    }

    pub(super) fn json(&self) -> Value {
        let round = |round: &Round| {
            json!({
                "due_per_second": round.due,
                "answered_per_second": round.answered,
                "refused_per_second": round.refused,
                "answered_p50_ms": round.answered_p50,
                "answered_p99_ms": round.answered_p99,
                // Not a number becomes null.
                "refused_p99_ms": round.refused_p99,
            })
        };
        let load = |load: &Offered| {
            json!({
                "times": load.times,
                "share": self.share(load),
                "rounds": load.rounds.iter().map(round).collect::<Vec<Value>>(),
            })
        };
        self.loads.iter().map(load).collect()
    }
}

impl fmt::Display for Overload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n\n| Pictures offered | Due | Answered | Of those at 1 x | p50 / p99 ")?;
        writeln!(f, "| Refused | p99 |")?;
        write!(f, "|--:|--:|--:|--:|--:|--:|--:|")?;
        for load in &self.loads {
            let of = |value: fn(&Round) -> f64| load.median(value);
            write!(f, "\n| {} | {:.0}/s ", load.label(), of(|round| round.due))?;
            write!(f, "| {:.1}/s | **{:.0} %** ", of(|round| round.answered), self.share(load) * 100.0)?;
            write!(f, "| {:.0} / {:.0} ms ", of(|round| round.answered_p50), of(|round| round.answered_p99))?;
            match of(|round| round.refused_p99) {
                none if none.is_nan() => write!(f, "| none | |")?,
                p99 => write!(f, "| {:.1}/s | {p99:.1} ms |", of(|round| round.refused))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Offered, Overload, Round};

    fn measured() -> Overload {
        let round = |due, refused_p99| Round {
            due,
            answered: f64::min(due, 60.0),
            refused: f64::max(due - 60.0, 0.0),
            answered_p50: 30.0,
            answered_p99: 520.4,
            refused_p99,
        };
        let load = |times, refused_p99| Offered { times, rounds: vec![round(50.0 * times, refused_p99); 3] };
        Overload { loads: vec![load(0.5, f64::NAN), load(1.0, f64::NAN), load(2.0, 1.25)] }
    }

    #[test]
    fn what_is_answered_is_compared_with_what_can_be() {
        let table = "\
            \n\n| Pictures offered | Due | Answered | Of those at 1 x | p50 / p99 | Refused | p99 |\
            \n|--:|--:|--:|--:|--:|--:|--:|\
            \n| 0.5 x | 25/s | 25.0/s | **50 %** | 30 / 520 ms | none | |\
            \n| 1 x | 50/s | 50.0/s | **100 %** | 30 / 520 ms | none | |\
            \n| 2 x | 100/s | 60.0/s | **120 %** | 30 / 520 ms | 40.0/s | 1.2 ms |";
        assert_eq!(measured().to_string(), table);
    }

    #[test]
    fn json_and_plot_have_every_load() {
        let json = measured().json();
        assert_eq!((&json[2]["share"], &json[2]["rounds"][0]["refused_per_second"]), (&1.2.into(), &40.0.into()));
        assert!(json[0]["rounds"][0]["refused_p99_ms"].is_null());
        assert_eq!(measured().rates().groups[2], ("2 x".to_owned(), vec![60.0, 40.0]));
    }
}
