//! `ferrocast bench`: a load test of a server, this one or another.

mod body;
mod interrupt;
mod progress;
mod summary;

use std::error::Error;
use std::io::{self, IsTerminal, Write};

use ferrocast_load::{LoadError, Pace, Plan, Requests, start};

use self::body::Payload;
use self::interrupt::Interrupt;
use super::{Done, Misused};
use crate::cli::BenchArgs;

/// Runs it to its end, or until Ctrl-C, and prints what was measured. Fails if a request did.
pub(crate) fn run(arguments: BenchArgs, out: &mut impl Write) -> Done {
    let (json, is_watched) = (arguments.json, arguments.progress || io::stderr().is_terminal());
    let misused = |error: Box<dyn Error>| Misused(error.to_string());
    let plan = plan(arguments).map_err(misused)?;
    let interrupt = Interrupt::listen()?;
    let running = start(plan).map_err(|error| misused(error.into()))?;
    interrupt.stops(running.stopper())?;
    if is_watched {
        progress::tell(&running, &mut io::stderr())?;
    }
    let report = running.finish();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        summary::write(&report, out)?;
    }
    if report.is_good() {
        return Ok(());
    }
    let (requests, failed, refused) = (report.requests, report.failed, report.refused());
    Err(match failed + refused {
        0 => "nothing was measured: there is no answer".into(),
        _ => format!("of {requests} requests {failed} failed and {refused} were answered 4xx or 5xx").into(),
    })
}

fn plan(arguments: BenchArgs) -> Result<Plan, Box<dyn Error>> {
    let payload = arguments.body.as_deref().map(Payload::read).transpose()?;
    let content_type = arguments.content_type.as_deref();
    Ok(Plan {
        requests: requests(payload, content_type, &arguments)?,
        pace: arguments.rate.map_or(Pace::Closed, |per_second| Pace::Open { per_second }),
        target: arguments.target,
        connections: arguments.connections,
        warm_up: arguments.warmup,
        duration: arguments.duration,
        timeout: arguments.timeout,
        trust: arguments.trust.into(),
    })
}

fn requests(
    payload: Option<Payload>,
    content_type: Option<&str>,
    arguments: &BenchArgs,
) -> Result<Requests, LoadError> {
    let mut requests = match payload {
        None => Requests::get(),
        Some(Payload { bodies, content_type: guessed }) => Requests::post(content_type.unwrap_or(guessed), bodies)?,
    };
    if let Some(method) = &arguments.method {
        requests = requests.method(method)?;
    }
    if let Some(key) = &arguments.key {
        requests = requests.header("authorization", &format!("Bearer {key}"))?;
    }
    arguments.headers.iter().try_fold(requests, |requests, (name, value)| requests.header(name, value))
}
