//! The measurements as a table, on the terminal and in docs/performance.md.

use std::{fmt, path::Path};

use super::{CONNECTIONS, picture::Pictures, scenario::Yardstick};
use crate::{machine::Machine, marked::Marks, median::median, wrk::Sample};

const MEASURED: Marks = Marks {
    begin: "<!-- Measured, written by `cargo xtask bench --write`. -->",
    end: "<!-- End of what is measured. -->",
};

/// One run of the command.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) machine: Machine,
    pub(super) start_up: StartUp,
    pub(super) pinned: bool,
    pub(super) rounds: usize,
    pub(super) seconds: u64,
    pub(super) measured: Vec<Measured>,
    pub(super) pictures: Option<Pictures>,
}

/// The server with the sample models and no load.
#[derive(Debug)]
pub(super) struct StartUp {
    pub(super) ready_milliseconds: f64,
    pub(super) resident_mebibytes: f64,
}

/// One scenario.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) title: &'static str,
    pub(super) against: Yardstick,
    /// Aimed at, as a share of the yardstick.
    pub(super) target: f64,
    pub(super) request_bytes: usize,
    pub(super) answer_bytes: usize,
    /// One for each round, as the yardstick's.
    pub(super) served: Vec<Sample>,
    pub(super) yardstick: Vec<Sample>,
}

impl Measured {
    /// Requests a second as a share of the yardstick's.
    fn ratio(&self) -> f64 {
        median_of(&self.served, |sample| sample.rate) / median_of(&self.yardstick, |sample| sample.rate)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.machine)?;
        let place = if self.pinned { "server on one core, wrk on another" } else { "server and wrk on the same cores" };
        let Report { rounds, seconds, .. } = self;
        writeln!(f, "{CONNECTIONS} connections, {place}; median of {rounds} rounds of {seconds} s each, in turns.")?;
        let StartUp { ready_milliseconds, resident_mebibytes } = self.start_up;
        write!(f, "Ready {ready_milliseconds:.0} ms after the start, with {resident_mebibytes:.0} MiB resident.")?;
        for same in self.measured.chunk_by(|one, next| one.against == next.against) {
            write_table(f, same)?;
        }
        self.pictures.iter().try_for_each(|pictures| pictures.fmt(f))
    }
}

/// A table of scenarios with one yardstick.
fn write_table(f: &mut fmt::Formatter<'_>, measured: &[Measured]) -> fmt::Result {
    let Some(Measured { against, .. }) = measured.first() else { return Ok(()) };
    writeln!(f, "\n\n| Request | Bytes in / out | ferrocast | p50 / p99 | {against} | p50 / p99 | Ratio | Aim |")?;
    write!(f, "|---|---|--:|--:|--:|--:|--:|--:|")?;
    for measured in measured {
        let Measured { title, target, request_bytes, answer_bytes, served, yardstick, .. } = measured;
        write!(f, "\n| {title} | {request_bytes} / {answer_bytes} ")?;
        write!(f, "{}{}", Cells(served), Cells(yardstick))?;
        write!(f, "| **{:.0} %** | {:.0} % |", measured.ratio() * 100.0, target * 100.0)?;
    }
    Ok(())
}

/// Rate and latencies of one side as cells of the table.
struct Cells<'a>(&'a [Sample]);

impl fmt::Display for Cells<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = median_of(self.0, |sample| sample.rate);
        let p50 = median_of(self.0, |sample| sample.p50_milliseconds);
        let p99 = median_of(self.0, |sample| sample.p99_milliseconds);
        write!(f, "| {rate:.0}/s | {p50:.2} / {p99:.2} ms ")
    }
}

impl Report {
    /// Rewrites the marked part of `document`.
    pub(super) fn write(&self, document: &Path) -> anyhow::Result<()> {
        MEASURED.write(document, &self.to_string())
    }
}

fn median_of(samples: &[Sample], value: impl Fn(&Sample) -> f64) -> f64 {
    median(samples.iter().map(value))
}

#[cfg(test)]
mod tests {
    use super::{Machine, Measured, Pictures, Report, Sample, StartUp, Yardstick};

    fn samples(rates: [f64; 3]) -> Vec<Sample> {
        rates.map(|rate| Sample { rate, p50_milliseconds: 1.0, p99_milliseconds: 2.5 }).to_vec()
    }

    fn measured(title: &'static str, against: Yardstick, target: f64) -> Measured {
        let (served, yardstick) = (samples([60.0, 70.0, 65.0]), samples([100.0, 90.0, 200.0]));
        Measured { title, against, target, request_bytes: 90, answer_bytes: 120, served, yardstick }
    }

    #[test]
    fn medians_stand_in_a_table_for_each_yardstick() {
        let report = Report {
            machine: Machine {
                processor: "Some CPU".to_owned(),
                cores: 2,
                kernel: "Linux 6".to_owned(),
                rustc: "rustc 1".to_owned(),
                date: "2026-01-31".to_owned(),
            },
            start_up: StartUp { ready_milliseconds: 80.4, resident_mebibytes: 30.2 },
            pinned: true,
            rounds: 3,
            seconds: 8,
            measured: vec![
                measured("one row", Yardstick::Ceiling, 0.6),
                measured("a forest", Yardstick::LogisticRegression, 0.9),
            ],
            pictures: Some(Pictures {
                bytes: 100_000,
                served: samples([45.0, 46.0, 44.0]),
                direct: vec![50.0, 49.0, 51.0],
                prepared: vec![2_000.0],
                pillow: vec![5_000.0],
            }),
        };
        let text = report.to_string();
        let tables = "\
            \n\n| Request | Bytes in / out | ferrocast | p50 / p99 | Ceiling | p50 / p99 | Ratio | Aim |\
            \n|---|---|--:|--:|--:|--:|--:|--:|\
            \n| one row | 90 / 120 | 65/s | 1.00 / 2.50 ms | 100/s | 1.00 / 2.50 ms | **65 %** | 60 % |\
            \n\n| Request | Bytes in / out | ferrocast | p50 / p99 | Logistic regression | p50 / p99 | Ratio | Aim |\
            \n|---|---|--:|--:|--:|--:|--:|--:|\
            \n| a forest | 90 / 120 | 65/s | 1.00 / 2.50 ms | 100/s | 1.00 / 2.50 ms | **65 %** | 90 % |\
            \n\n| Request | Bytes in | ferrocast | p50 / p99 | The same without a server | Ratio | Aim |\
            \n|---|--:|--:|--:|--:|--:|--:|\
            \n| a JPEG of 640 x 427 pixels, EfficientNet-Lite0 | 100000 | 45.0/s | 1 / 2 ms | 50.0/s | **90 %** | 90 % |\
            \n\n| Decode, resize and normalise, one thread | ferrocast | Pillow and numpy | Ratio | Aim |\
            \n|---|--:|--:|--:|--:|\
            \n| the same JPEG | 2.00 ms | 5.00 ms | **2.5 times as fast** | 2 times |";
        assert!(text.ends_with(tables), "{text}");
        assert!(text.contains("Ready 80 ms after the start, with 30 MiB resident."), "{text}");
    }
}
