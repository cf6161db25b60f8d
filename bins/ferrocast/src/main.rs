//! The program: reads the command line, runs one command, and ends with its exit code.
//!
//! | Code | Meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | the command failed; standard error says why |
//! | 2 | the command line is wrong |
//! | 78 | the configuration is wrong; standard error lists every problem |

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

mod cli;
mod commands;
mod shown_cli;

use std::error::Error;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use clap::Parser;
use ferrocast_pipeline::ModelFiles;
use ferrocast_server::{ConfigError, RunError};

use crate::cli::{Cli, Command};
use crate::commands::Misused;
use crate::commands::try_model::Limits;

/// As for a command line that clap does not take.
const MISUSED: u8 = 2;

/// `EX_CONFIG` of `sysexits.h`: something in the configuration has to be mended first.
const CONFIGURATION: u8 = 78;

fn main() -> ExitCode {
    let Cli { command, serve } = Cli::parse();
    let out = &mut io::stdout();
    let done = match command {
        None => commands::serve::run(serve),
        Some(Command::Serve(serve)) => commands::serve::run(serve),
        Some(Command::Check { path }) => commands::check::run(&path, out),
        Some(Command::Init { model, pictures, force }) => commands::init::run(&model, pictures, force, out),
        Some(Command::Inspect { model }) => commands::inspect::run(&model, out),
        Some(Command::NewKey { name, scopes }) => commands::new_key::run(&name, &scopes, out),
        Some(Command::Predict { path, input }) => commands::predict::run(&path, &input, out),
        Some(Command::Bench(bench)) => commands::bench::run(bench, out),
        Some(Command::Ready(ready)) => commands::ready::run(ready),
        Some(Command::CheckConfig(serve)) => commands::check_config::run(serve, out),
        Some(Command::Completions { shell }) => commands::completions::run(shell, out),
        Some(Command::Man { out: folder }) => commands::man::run(folder.as_deref(), out),
        Some(Command::TryModel { folder, model, manifest, root, require_sha256, memory, cpu_seconds }) => {
            let files = ModelFiles { folder, model, manifest, root, require_sha256 };
            commands::try_model::run(&files, Limits { memory, cpu_seconds })
        }
        Some(Command::Docs { document, serve }) => commands::docs::run(document, serve, out),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(error.as_ref()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if this fails, too.
            drop(writeln!(io::stderr(), "{error}"));
            exit_code(error.as_ref())
        }
    }
}

/// Whether the reader of standard output has seen enough, as `head` has after some lines.
fn is_closed_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

fn exit_code(error: &(dyn Error + 'static)) -> ExitCode {
    let is_configuration = error.is::<ConfigError>() || matches!(error.downcast_ref(), Some(RunError::Config(_)));
    match error {
        _ if is_configuration => ExitCode::from(CONFIGURATION),
        _ if error.is::<Misused>() => ExitCode::from(MISUSED),
        _ => ExitCode::FAILURE,
    }
}
