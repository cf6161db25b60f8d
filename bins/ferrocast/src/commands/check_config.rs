//! `ferrocast check-config`.

use ferrocast_server::Config;

use super::Done;
use crate::cli::ServeArgs;

/// Reads and checks the configuration as `serve` would.
pub(crate) fn run(arguments: ServeArgs) -> Done {
    let config = Config::load(arguments.into())?;
    for note in &config.notes {
        println!("note: {note}");
    }
    println!("The configuration is good: {} from {}", config.server.address, config.models.path.display());
    Ok(())
}
