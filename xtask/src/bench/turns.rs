//! Two sides under the same load, in turns, so that a change of the machine's speed meets both.

use anyhow::ensure;

use crate::{
    machine::processor_seconds,
    median::median,
    wrk::{Load, Sample},
};

/// Before the first measurement, on each side.
const WARM_UP_SECONDS: u64 = 2;

/// Where one side is asked, and the process that answers.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) url: String,
    pub(super) process: u32,
}

/// How long, and how often.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rounds {
    pub(super) count: usize,
    pub(super) seconds: u64,
}

/// What one run says of one side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Run {
    pub(super) sample: Sample,
    /// What the process spent for each answer.
    pub(super) processor_microseconds: f64,
}

/// The runs of both sides, as many of each.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns {
    pub(super) served: Vec<Run>,
    pub(super) yardstick: Vec<Run>,
}

impl Turns {
    /// Measures both; `load` asks an address for so many seconds.
    pub(super) fn measure(
        name: &str,
        [server, yardstick]: [&Side; 2],
        rounds: Rounds,
        load: impl Fn(&str, u64) -> anyhow::Result<Sample>,
    ) -> anyhow::Result<Turns> {
        ensure!(rounds.count > 0, "nothing is measured");
        for side in [server, yardstick] {
            load(&side.url, WARM_UP_SECONDS)?;
        }
        let run = |side: &Side| {
            let before = processor_seconds(side.process)?;
            let sample = load(&side.url, rounds.seconds)?;
            let answers = sample.rate * rounds.seconds as f64;
            let processor_microseconds = (processor_seconds(side.process)? - before) / answers * 1e6;
            Ok::<Run, anyhow::Error>(Run { sample, processor_microseconds })
        };
        let mut turns = Turns::default();
        for round in 1..=rounds.count {
            let (one, other) = (run(server)?, run(yardstick)?);
            println!("{name} round {round} of {}: {} against {}", rounds.count, one.sample, other.sample);
            turns.served.push(one);
            turns.yardstick.push(other);
        }
        Ok(turns)
    }

    /// Requests a second as a share of the yardstick's: the median of the rounds' shares.
    pub(super) fn rate_ratio(&self) -> f64 {
        self.ratio(|run| run.sample.rate)
    }

    /// Processor time of a request as a multiple of the yardstick's.
    pub(super) fn processor_ratio(&self) -> f64 {
        self.ratio(|run| run.processor_microseconds)
    }

    fn ratio(&self, value: impl Fn(&Run) -> f64) -> f64 {
        median(self.served.iter().zip(&self.yardstick).map(|(one, other)| value(one) / value(other)))
    }
}

/// Both sides with so many connections.
pub(super) fn load<'a>(
    script: &'a std::path::Path,
    connections: u32,
    pinned: bool,
) -> impl Fn(&str, u64) -> anyhow::Result<Sample> + 'a {
    move |url, seconds| Load { url, script, connections, seconds, pinned }.run()
}

#[cfg(test)]
mod tests {
    use super::{Run, Sample, Turns};

    #[test]
    fn ratios_are_those_of_the_rounds() {
        let run = |rate, processor_microseconds| Run {
            sample: Sample { rate, p50_milliseconds: 1.0, p99_milliseconds: 2.0 },
            processor_microseconds,
        };
        let turns = Turns {
            served: vec![run(50.0, 30.0), run(90.0, 10.0), run(70.0, 20.0)],
            yardstick: vec![run(100.0, 15.0), run(100.0, 10.0), run(100.0, 10.0)],
        };
        assert_eq!((turns.rate_ratio(), turns.processor_ratio()), (0.7, 2.0));
    }
}
