//! `ferrocast check-config`.

use std::io::Write;

use ferrocast_server::Config;

use super::Done;
use crate::cli::ServeArgs;

/// Reads and checks the configuration as `serve` would.
pub(crate) fn run(arguments: ServeArgs, out: &mut impl Write) -> Done {
    let config = Config::load(arguments.into())?;
    for note in &config.notes {
        writeln!(out, "note: {note}")?;
    }
    writeln!(out, "The configuration is good: {} from {}", config.server.address, config.models.path.display())?;
    Ok(())
}
