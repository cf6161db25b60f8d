//! `ferrocast man`: the manual, made from the definition of the command line.

use std::fs;
use std::io::Write;
use std::path::Path;

use clap_mangen::Man;

use super::Done;
use crate::shown_cli::shown_cli;

/// Prints the page of the program; or writes it and one for each command into `folder`.
pub(crate) fn run(folder: Option<&Path>, out: &mut impl Write) -> Done {
    let Some(folder) = folder else {
        Man::new(shown_cli().disable_help_subcommand(true)).render(out)?;
        return Ok(());
    };
    let refused = |error| format!("--out {}: {error}", folder.display());
    fs::create_dir_all(folder).map_err(refused)?;
    clap_mangen::generate_to(shown_cli(), folder).map_err(refused)?;
    writeln!(out, "wrote the manual into {}", folder.display())?;
    Ok(())
}
