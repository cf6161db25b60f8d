//! The measurements as tables, on the terminal and in docs/performance.md.

use std::{fmt, path::Path};

use super::{
    goodput::{self, MANY, Pair},
    neighbours, overload,
};
use crate::{machine::Machine, marked::Marks, median::median, wrk::Sample};

const MEASURED: Marks = Marks {
    begin: "<!-- Measured, written by `cargo xtask bench-pool --write`. -->",
    end: "<!-- End of what is measured of the pool. -->",
};

/// One run of the command.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) machine: Machine,
    pub(super) rounds: usize,
    pub(super) seconds: u64,
    pub(super) goodput: Vec<goodput::Measured>,
    pub(super) overload: Vec<overload::Measured>,
    pub(super) neighbours: neighbours::Measured,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { rounds, seconds, .. } = self;
        writeln!(f, "{}", self.machine)?;
        writeln!(
            f,
            "Server and load on the same cores; medians of {rounds} rounds of {seconds} s each, in turns, the ratio's too."
        )?;
        self.write_goodput(f)?;
        self.write_overload(f)?;
        let neighbours::Measured { alone, beside } = &self.neighbours;
        write!(
            f,
            "\n\nA model of 5 ms a run, 20 requests a second: p50 {:.1} ms and p99 {:.1} ms by itself, ",
            alone.p50, alone.p99
        )?;
        write!(f, "{:.1} and {:.1} ms beside one of 1 s a run that 8 clients keep busy.", beside.p50, beside.p99)
    }
}

impl Report {
    fn write_goodput(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n| Model | {MANY} clients | one by one | Ratio | p99 | one by one | 1 client, p50 | one by one | Why |"
        )?;
        write!(f, "|---|--:|--:|--:|--:|--:|--:|--:|---|")?;
        for goodput::Measured { title, reason, many, alone } in &self.goodput {
            let rate = |samples: &[Sample]| median(samples.iter().map(|sample| sample.rate));
            let p99 = |samples: &[Sample]| median(samples.iter().map(|sample| sample.p99_milliseconds));
            let p50 = |samples: &[Sample]| median(samples.iter().map(|sample| sample.p50_milliseconds)) * 1e3;
            let Pair { chosen, one_by_one } = many;
            let ratio = median(chosen.iter().zip(one_by_one).map(|(chosen, other)| chosen.rate / other.rate));
            write!(f, "\n| {title} | {:.0}/s | {:.0}/s | **{ratio:.2}** ", rate(chosen), rate(one_by_one))?;
            write!(f, "| {:.1} ms | {:.1} ms ", p99(chosen), p99(one_by_one))?;
            write!(f, "| {:.0} us | {:.0} us | {reason} |", p50(&alone.chosen), p50(&alone.one_by_one))?;
        }
        Ok(())
    }

    fn write_overload(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n\n| Offered | Answers a second | Of those at 1 x | Accepted, p99 | Refused, p99 | `/health`, p99 | Other answers | Normal after |"
        )?;
        write!(f, "|--:|--:|--:|--:|--:|--:|--:|--:|")?;
        let peak = self.overload.first().map_or(f64::NAN, |measured| measured.goodput);
        for measured in &self.overload {
            let overload::Measured { offered, goodput, accepted_p99, rejected_p99, health_p99, strange, .. } = measured;
            let rejected = if rejected_p99.is_nan() { "none".to_owned() } else { format!("{rejected_p99:.1} ms") };
            write!(
                f,
                "\n| {offered} x | {goodput:.1} | **{:.1} %** | {accepted_p99:.0} ms | {rejected} ",
                goodput / peak * 100.0
            )?;
            write!(f, "| {health_p99:.1} ms | {strange} | {:.0} ms |", measured.normal_after_milliseconds)?;
        }
        Ok(())
    }

    /// Rewrites the marked part of `document`.
    pub(super) fn write(&self, document: &Path) -> anyhow::Result<()> {
        MEASURED.write(document, &self.to_string())
    }
}
