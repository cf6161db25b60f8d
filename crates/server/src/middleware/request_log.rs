//! A line in the log for each request, and on a busy server for as many as its log is worth: writing one costs more than a tenth of
//! a small prediction.

use std::cell::Cell;
use std::time::Instant;

use ferrocast_telemetry::RequestTrace;
use tracing::info;

use super::finish::Told;
use super::request_context::RequestContext;

/// The lines of one I/O thread.
#[derive(Debug)]
pub(crate) struct RequestLog {
    most_per_second: u32,
    began: Instant,
    /// Since `began`.
    second: Cell<u64>,
    /// In this second.
    logged: Cell<u32>,
    /// In this second.
    left_out: Cell<u64>,
}

/// What becomes of a request's line.
#[derive(Debug, PartialEq, Eq)]
struct Decision {
    is_logged: bool,
    /// How many were left out in the second that has ended, if one has.
    were_left_out: u64,
}

impl RequestLog {
    /// So many lines a second.
    pub(crate) fn new(most_per_second: u32) -> RequestLog {
        let nothing = (Cell::new(0), Cell::new(0), Cell::new(0));
        RequestLog { most_per_second, began: Instant::now(), second: nothing.0, logged: nothing.1, left_out: nothing.2 }
    }

    /// One line, of what the server decided: nothing that a client wrote is in it but an identifier that was checked. A fault of
    /// the server is never left out.
    pub(super) fn tell(&self, told: &Told<'_>, trace: &RequestTrace) {
        if self.most_per_second == 0 {
            return;
        }
        let second = told.lap.to.saturating_duration_since(self.began).as_secs();
        let Decision { is_logged, were_left_out } = self.decide(second, told.status >= 500);
        if were_left_out > 0 {
            info!(target: "ferrocast::request", were_left_out, "requests were answered and not logged (log.requests_per_second)");
        }
        if is_logged {
            write(told, trace);
        }
    }

    fn decide(&self, second: u64, is_fault: bool) -> Decision {
        let mut were_left_out = 0;
        if second != self.second.get() {
            self.second.set(second);
            self.logged.set(0);
            were_left_out = self.left_out.take();
        }
        let is_logged = is_fault || self.logged.get() < self.most_per_second;
        match is_logged {
            true => self.logged.set(self.logged.get().saturating_add(1)),
            false => self.left_out.set(self.left_out.get() + 1),
        }
        Decision { is_logged, were_left_out }
    }
}

fn write(told: &Told<'_>, trace: &RequestTrace) {
    let Told { id, method, route, status, lap, context } = *told;
    let model = context.and_then(RequestContext::model);
    let timing = context.and_then(|context| context.phases().took).and_then(|took| took.timing);
    info!(
        target: "ferrocast::request",
        request_id = id.as_str(),
        method,
        route,
        status,
        duration_ms = lap.took().as_micros() as f64 / 1e3,
        model = model.map(|model| model.model()),
        version = model.map(|model| model.version()),
        batch_rows = timing.map(|timing| timing.batch_rows),
        key = context.and_then(|context| context.identity().principal()).map(|key| key.name.as_str()),
        trace_id = trace.trace_id().map(tracing::field::display),
        "answered"
    );
}

#[cfg(test)]
mod tests {
    use super::{Decision, RequestLog};

    #[test]
    fn what_is_left_out_in_a_second_is_told_in_the_next() {
        let log = RequestLog::new(2);
        let decide = |second, is_fault| {
            let Decision { is_logged, were_left_out } = log.decide(second, is_fault);
            (is_logged, were_left_out)
        };
        assert_eq!([decide(0, false), decide(0, false)], [(true, 0); 2]);
        assert_eq!([decide(0, false), decide(0, false)], [(false, 0); 2]);
        assert_eq!(decide(0, true), (true, 0));
        assert_eq!(decide(5, false), (true, 2));
        assert_eq!([decide(5, false), decide(5, false)], [(true, 0), (false, 0)]);
        assert_eq!([decide(6, false), decide(7, false)], [(true, 1), (true, 0)]);
    }
}
