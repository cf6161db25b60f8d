//! `ferrocast serve`, and `ferrocast` alone.

use ferrocast_server::Config;

use super::Done;
use crate::cli::ServeArgs;

/// Serves until told to stop.
pub(crate) fn run(arguments: ServeArgs) -> Done {
    let config = Config::load(arguments.into())?;
    Ok(ferrocast_server::run(config)?)
}
