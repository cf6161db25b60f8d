//! `ferrocast serve`, and `ferrocast` alone.

use std::path::PathBuf;

use ferrocast_server::Config;

use super::Done;
use crate::cli::ServeArgs;

/// This very program, also where its file has been exchanged since it was started.
fn this_program() -> Option<PathBuf> {
    if cfg!(target_os = "linux") { Some(PathBuf::from("/proc/self/exe")) } else { std::env::current_exe().ok() }
}

/// Serves until told to stop.
pub(crate) fn run(arguments: ServeArgs) -> Done {
    let mut config = Config::load(arguments.into())?;
    config.models.trial_program = this_program();
    Ok(ferrocast_server::run(config)?)
}
