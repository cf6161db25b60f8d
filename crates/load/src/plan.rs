//! What is to be done.

use std::time::Duration;

use crate::{LoadError, Requests, Target, Trust};

/// The most connections: each holds a socket of the system.
const MOST_CONNECTIONS: usize = 10_000;

/// The most requests a second. Beyond it, what is due would be told apart by less than the clock can.
const MOST_PER_SECOND: f64 = 1e6;

/// A day: longer is a slip.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// When requests are sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// Each connection sends the next request when the answer to the last one is there: as fast as the server answers.
    Closed,
    /// Requests are due at even distances, whatever becomes of the others. One that finds no connection free waits.
    Open {
        /// Requests a second, more than 0, at most a million.
        per_second: f64,
    },
}

/// A load test.
#[derive(Debug)]
pub struct Plan {
    /// Where requests go.
    pub target: Target,
    /// What is sent.
    pub requests: Requests,
    /// When.
    pub pace: Pace,
    /// How many connections, 1 to 10,000; as many requests are under way at most.
    pub connections: usize,
    /// Before the measurement, with the same load; at most a day. What is sent in it is counted as
    /// [`warm_up_requests`](crate::Report::warm_up_requests) and nowhere else.
    pub warm_up: Duration,
    /// Of the measurement, more than zero, at most a day. What is under way at its end is waited for.
    pub duration: Duration,
    /// How long a request may take from when it is sent until the whole answer is there; more than zero, at most a day.
    pub timeout: Duration,
    /// Whose certificates are good, if the target is of scheme `https`.
    pub trust: Trust,
}

impl Plan {
    /// Whether the numbers make sense.
    pub(crate) fn check(&self) -> Result<(), LoadError> {
        let wrong = |what, limit, given| Err(LoadError::OutOfRange { what, limit, given });
        if !(1..=MOST_CONNECTIONS).contains(&self.connections) {
            return wrong("connections", "from 1 to 10000", self.connections.to_string());
        }
        match self.pace {
            Pace::Open { per_second } if !(per_second > 0.0 && per_second <= MOST_PER_SECOND) => {
                return wrong("rate", "more than 0 and at most 1000000 requests a second", per_second.to_string());
            }
            Pace::Open { .. } | Pace::Closed => {}
        }
        if self.warm_up > LONGEST {
            return wrong("warmup", "at most a day", format!("{:?}", self.warm_up));
        }
        for (what, given) in [("duration", self.duration), ("timeout", self.timeout)] {
            if given.is_zero() || given > LONGEST {
                return wrong(what, "more than zero and at most a day", format!("{given:?}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Pace, Plan};
    use crate::{Requests, Trust};

    fn plan() -> Plan {
        Plan {
            target: "http://127.0.0.1:1".parse().unwrap(),
            requests: Requests::get(),
            pace: Pace::Closed,
            connections: 1,
            warm_up: Duration::ZERO,
            duration: Duration::from_secs(1),
            timeout: Duration::from_secs(1),
            trust: Trust::System,
        }
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        plan().check().unwrap();
        let zero = Duration::ZERO;
        for (wrong, name) in [
            (Plan { connections: 0, ..plan() }, "connections has to be from 1 to 10000, not 0"),
            (Plan { connections: 10_001, ..plan() }, "connections"),
            (Plan { pace: Pace::Open { per_second: 0.0 }, ..plan() }, "rate"),
            (Plan { pace: Pace::Open { per_second: f64::NAN }, ..plan() }, "rate"),
            (Plan { pace: Pace::Open { per_second: 2e6 }, ..plan() }, "rate"),
            (Plan { warm_up: Duration::MAX, ..plan() }, "warmup"),
            (Plan { duration: zero, ..plan() }, "duration has to be more than zero and at most a day, not 0ns"),
            (Plan { timeout: Duration::MAX, ..plan() }, "timeout"),
        ] {
            let problem = wrong.check().unwrap_err().to_string();
            assert!(problem.starts_with(name), "{problem}");
        }
    }
}
