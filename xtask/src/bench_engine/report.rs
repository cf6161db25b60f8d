//! The measurements as tables, on the terminal and in docs/performance.md.

use std::{fmt, path::Path};

use super::side::Load;
use crate::{machine::Machine, marked::Marks, median::median};

const MEASURED: Marks = Marks {
    begin: "<!-- Measured, written by `cargo xtask bench-engine --write`. -->",
    end: "<!-- End of what is measured of the engine. -->",
};

/// One run of the command.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) machine: Machine,
    pub(super) rounds: usize,
    /// The empty call first.
    pub(super) measured: Vec<Measured>,
}

/// One model.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) title: &'static str,
    pub(super) loads: Loads,
    /// With the number of rows in a batch.
    pub(super) runs: Vec<(usize, Runs)>,
}

/// What loading took this engine and ONNX Runtime, for each round.
#[derive(Debug)]
pub(super) struct Loads(pub(super) Vec<[Load; 2]>);

/// Nanoseconds that a run took this engine and ONNX Runtime, for each round.
#[derive(Debug)]
pub(super) struct Runs(pub(super) Vec<[f64; 2]>);

impl Runs {
    fn side(&self, side: usize) -> f64 {
        median(self.0.iter().filter_map(|round| round.get(side).copied()))
    }

    /// How many times this engine's time ONNX Runtime takes; `empty` is what an empty call takes either.
    fn ratio(&self, empty: [f64; 2]) -> f64 {
        median(self.0.iter().map(|[ours, theirs]| (theirs - empty[1]) / (ours - empty[0])))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.machine)?;
        let rounds = self.rounds;
        writeln!(f, "One thread each, on the same core, in turns; medians of {rounds} rounds, the ratio's too.\n")?;
        self.write_runs(f)?;
        writeln!(f)?;
        self.write_loads(f)
    }
}

impl Report {
    fn write_runs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| Model | Rows | ferrocast | ONNX Runtime | Ratio | Less an empty call |")?;
        writeln!(f, "|---|--:|--:|--:|--:|--:|")?;
        for (position, Measured { title, runs, .. }) in self.measured.iter().enumerate() {
            for (batch, runs) in runs {
                let (ours, theirs) = (runs.side(0) / 1e3, runs.side(1) / 1e3);
                write!(f, "| {title} | {batch} | {ours:.2} us | {theirs:.2} us | **{:.1}** |", runs.ratio([0.0; 2]))?;
                match self.empty(*batch) {
                    Some(empty) if position > 0 => writeln!(f, " {:.1} |", runs.ratio(empty))?,
                    _ => writeln!(f, " |")?,
                }
            }
        }
        Ok(())
    }

    /// What an empty call of so many rows takes either side.
    fn empty(&self, batch: usize) -> Option<[f64; 2]> {
        let (_, runs) = self.measured.first()?.runs.iter().find(|(rows, _)| *rows == batch)?;
        Some([runs.side(0), runs.side(1)])
    }

    fn write_loads(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| Model | Load: ferrocast | ONNX Runtime | Memory: ferrocast | ONNX Runtime |")?;
        writeln!(f, "|---|--:|--:|--:|--:|")?;
        for Measured { title, loads, .. } in &self.measured {
            let of =
                |value: fn(&Load) -> f64, side| median(loads.0.iter().filter_map(|round| round.get(side).map(value)));
            let (milliseconds, mebibytes) =
                (|load: &Load| load.nanoseconds / 1e6, |load: &Load| load.bytes / 1048576.0);
            write!(f, "| {title} | {:.1} ms | {:.1} ms ", of(milliseconds, 0), of(milliseconds, 1))?;
            writeln!(f, "| {:.1} MiB | {:.1} MiB |", of(mebibytes, 0), of(mebibytes, 1))?;
        }
        Ok(())
    }

    /// Rewrites the marked part of `document`.
    pub(super) fn write(&self, document: &Path) -> anyhow::Result<()> {
        MEASURED.write(document, &self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::{Load, Loads, Machine, Measured, Report, Runs};

    #[test]
    fn ratios_are_of_rounds_and_less_an_empty_call() {
        let load = |milliseconds: f64| Load { nanoseconds: milliseconds * 1e6, bytes: milliseconds * 1_048_576.0 };
        let loads = || Loads(vec![[load(1.0), load(3.0)]]);
        let report = Report {
            machine: Machine {
                processor: "Some CPU".to_owned(),
                cores: 2,
                kernel: "Linux 6".to_owned(),
                rustc: "rustc 1".to_owned(),
                date: "2026-01-31".to_owned(),
            },
            rounds: 3,
            measured: vec![
                Measured { title: "nothing", loads: loads(), runs: vec![(1, Runs(vec![[500.0, 3000.0]]))] },
                Measured {
                    title: "a model",
                    loads: loads(),
                    runs: vec![(1, Runs(vec![[1000.0, 4000.0], [2000.0, 10_000.0], [4000.0, 24_000.0]]))],
                },
            ],
        };
        let text = report.to_string();
        assert!(text.contains("\n| nothing | 1 | 0.50 us | 3.00 us | **6.0** | |\n"), "{text}");
        assert!(text.contains("\n| a model | 1 | 2.00 us | 10.00 us | **5.0** | 4.7 |\n"), "{text}");
        assert!(text.ends_with("\n| a model | 1.0 ms | 3.0 ms | 1.0 MiB | 3.0 MiB |\n"), "{text}");
    }
}
