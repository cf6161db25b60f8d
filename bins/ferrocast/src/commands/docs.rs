//! `ferrocast docs`: what `cargo xtask codegen` writes into `docs/`.

use std::io::Write;

use ferrocast_server::{Config, documents};

use super::Done;
use crate::cli::{Document, ServeArgs};

/// Prints the document.
pub(crate) fn run(document: Document, arguments: ServeArgs, out: &mut impl Write) -> Done {
    let text = match document {
        Document::Openapi => documents::openapi(&Config::load(arguments.into())?)?,
        Document::Configuration => documents::configuration(),
        Document::Errors => documents::errors(),
    };
    writeln!(out, "{}", text.trim_end())?;
    Ok(())
}
