//! `ferrocast ready`: whether a server is ready, for whoever starts containers.

use ferrocast_load::probe;

use super::Done;
use crate::cli::ReadyArgs;

/// Asks once.
pub(crate) fn run(ReadyArgs { target, timeout, trust }: ReadyArgs) -> Done {
    let target = target.or_path("/readyz");
    let probed = probe(&target, timeout, &trust.into()).map_err(|error| format!("{target}: {error}"))?;
    match probed.status {
        200 => Ok(()),
        status => Err(format!("{target} answers {status}: {}", probed.body.trim()).into()),
    }
}
