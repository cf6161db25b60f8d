//! One file per command. Each returns what went wrong; `main` prints it and picks the exit code.

pub(crate) mod check;
pub(crate) mod check_config;
pub(crate) mod docs;
pub(crate) mod init;
pub(crate) mod inspect;
pub(crate) mod predict;
pub(crate) mod serve;

use std::error::Error;

use ferrocast_pipeline::{OpenError, advice};

/// How a command ends.
pub(crate) type Done = Result<(), Box<dyn Error>>;

/// Why a model does not open, and what to change.
pub(crate) fn with_advice(error: &OpenError) -> String {
    match advice(error) {
        Some(advice) => format!("{error}\n  to mend it: {advice}"),
        None => error.to_string(),
    }
}
