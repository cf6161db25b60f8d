//! When a callback is tried again.

use std::fmt;

use anyhow::ensure;

use super::{receiver::Arrival, server::Setting};

/// Seconds before each attempt: all ten in a time that continuous integration has.
const STEPS: [f64; 10] = [0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.5, 3.0];

/// Seconds that an attempt may take.
pub(super) const TIMEOUT: f64 = 0.5;

/// How much a delay may be off, to either side.
const MOST_OFF: f64 = 0.25;
/// Seconds that a machine that does other things as well may add: a look at the store each second would add more.
const SLACK: f64 = 0.25;

/// Has a server keep to these.
pub(super) fn settings() -> Vec<Setting> {
    vec![
        ("CALLBACKS__RETRIES_S", STEPS.map(|step| step.to_string()).join(",")),
        ("CALLBACKS__TIMEOUT_MS", (TIMEOUT * 1000.0).to_string()),
    ]
}

/// One attempt in so many may be later: now and then such a machine stands still.
const LATE_OF: usize = 10;

/// How far attempts were from their time, at worst.
#[derive(Debug, Default)]
pub(super) struct Lateness {
    attempts: usize,
    /// How many came too late.
    too_late: usize,
    /// Seconds beyond the fifth by which delays are changed on purpose.
    late: f64,
}

impl Lateness {
    /// Adds the attempts of a task, each of which took so many seconds. Fails if one came too early.
    pub(super) fn add(&mut self, does: &str, seconds: f64, arrivals: &[&Arrival]) -> anyhow::Result<()> {
        let asked: f64 = does.strip_prefix("wait-").map_or(Ok(0.0), str::parse)?;
        for (step, pair) in STEPS.iter().skip(1).zip(arrivals.windows(2)) {
            let [before, after] = pair else { continue };
            let delay = after.at - before.at - seconds;
            let (least, most) = ((step * (1.0 - MOST_OFF)).max(asked), (step * (1.0 + MOST_OFF)).max(asked) + SLACK);
            ensure!(delay >= least, "{does}: {delay:.3} s before an attempt, and not {step} s");
            self.attempts += 1;
            self.too_late += usize::from(delay > most);
            self.late = self.late.max(delay - (step * 1.2).max(asked));
        }
        Ok(())
    }

    /// Fails if too many came too late.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let Lateness { attempts, too_late, .. } = self;
        ensure!(too_late * LATE_OF <= *attempts, "{too_late} of {attempts} attempts came too late");
        Ok(())
    }
}

impl fmt::Display for Lateness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let in_time = self.attempts - self.too_late;
        write!(
            f,
            "{in_time} of {} retries in time, the latest {:.0} ms after its time",
            self.attempts,
            self.late * 1000.0
        )
    }
}
