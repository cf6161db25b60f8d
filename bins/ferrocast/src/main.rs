//! The program: reads the command line, runs one command, and ends with its exit code.
//!
//! | Code | Meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | the command failed; standard error says why |
//! | 2 | the command line is wrong |
//! | 78 | the configuration is wrong; standard error lists every problem |
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line program speaks on its terminal")]

mod cli;
mod commands;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use ferrocast_server::{ConfigError, RunError};

use crate::cli::{Cli, Command};

/// `EX_CONFIG` of `sysexits.h`: something in the configuration has to be mended first.
const CONFIGURATION: u8 = 78;

fn main() -> ExitCode {
    let Cli { command, serve } = Cli::parse();
    let done = match command {
        None => commands::serve::run(serve),
        Some(Command::Serve(serve)) => commands::serve::run(serve),
        Some(Command::Check { path }) => commands::check::run(&path),
        Some(Command::Init { model, force }) => commands::init::run(&model, force),
        Some(Command::Inspect { model }) => commands::inspect::run(&model),
        Some(Command::Predict { path, json }) => commands::predict::run(&path, &json),
        Some(Command::CheckConfig(serve)) => commands::check_config::run(serve),
        Some(Command::Docs { document, serve }) => commands::docs::run(document, serve),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            exit_code(error.as_ref())
        }
    }
}

fn exit_code(error: &(dyn Error + 'static)) -> ExitCode {
    let is_configuration = error.is::<ConfigError>() || matches!(error.downcast_ref(), Some(RunError::Config(_)));
    if is_configuration { ExitCode::from(CONFIGURATION) } else { ExitCode::FAILURE }
}
