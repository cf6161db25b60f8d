//! Runs folders of ONNX node tests through tract with this crate's operators, and says which operators conform.
//!
//! ```text
//! cargo run -p ferrocast-onnx-ml --example conformance -- FOLDER...
//! ```
//!
//! A test is a folder `<test>/model.onnx` with `<test>/test_data_set_*/{input,output}_*.pb`; `node_tests.py` writes those
//! of the ONNX project. Each test runs in two ways (see [`trial`]) and its outcome is the worse of what they show.
//!
//! Three things make the program fail:
//! - a test with a wrong answer or a panic, whatever its operator: what cannot be computed has to be refused;
//! - a test of an operator that this crate registers, or of any of `ai.onnx.ml`, that does not pass and whose refusal is
//!   not in `refused.txt`;
//! - a test in `refused.txt` that is not refused.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks on its terminal")]

mod compare;
mod expectations;
mod report;
mod test_case;
mod trial;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, panic, thread};

use report::{Report, Verdict};
use tract_onnx::prelude::TractResult;

use crate::expectations::Expectations;
use crate::test_case::TestCase;

fn main() -> ExitCode {
    let folders: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    match run(&folders) {
        Ok(report) => {
            println!("{report}");
            if report.conforms() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(folders: &[PathBuf]) -> TractResult<Report> {
    let mut tests = Vec::new();
    for folder in folders {
        tests.extend(test_case::in_folder(folder)?);
    }
    anyhow::ensure!(!tests.is_empty(), "no tests: give folders that hold <test>/model.onnx");
    let expectations = Expectations::committed();
    // A panic is an outcome here, and its message part of the report.
    panic::set_hook(Box::new(|_| {}));
    let verdicts = judge_all(&tests, &expectations);
    drop(panic::take_hook());
    Ok(Report::new(verdicts))
}

/// The verdicts on all tests, worked out by as many threads as there are processors.
fn judge_all(tests: &[TestCase], expectations: &Expectations) -> Vec<Verdict> {
    let next = AtomicUsize::new(0);
    let work = || {
        let take = || tests.get(next.fetch_add(1, Ordering::Relaxed));
        std::iter::from_fn(take).map(|test| judge(test, expectations)).collect::<Vec<Verdict>>()
    };
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    })
}

fn judge(test: &TestCase, expectations: &Expectations) -> Verdict {
    let outcome = trial::run(test);
    let objection = expectations.objection(test, &outcome);
    Verdict { test: test.name.clone(), operator: test.operator.clone(), outcome, objection }
}
