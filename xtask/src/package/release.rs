//! Which release it is: its version, what it runs on, and when it was made.

use std::time::{Duration, UNIX_EPOCH};

use anyhow::Context;
use xshell::{Shell, cmd};

use crate::workspace::{self, Metadata};

/// One release.
#[derive(Debug)]
pub(super) struct Release {
    pub(super) version: String,
    /// The platform, as rustc names it.
    pub(super) target: String,
    /// Seconds since 1970 of the commit it is made from, so that making it again gives the same.
    pub(super) made: u64,
}

impl Release {
    /// The one that is checked out.
    pub(super) fn load(sh: &Shell, metadata: &Metadata) -> anyhow::Result<Release> {
        let program =
            metadata.members().find(|package| package.name == "ferrocast").context("there is no ferrocast")?;
        Ok(Release { version: program.version.clone(), target: workspace::host(sh)?, made: made(sh)? })
    }

    /// Of the archive without its ending, and of the folder in it.
    pub(super) fn name(&self) -> String {
        format!("ferrocast-{}-{}", self.version, self.target)
    }

    /// When it was made, as RFC 3339 has it.
    pub(super) fn timestamp(&self) -> String {
        humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(self.made)).to_string()
    }
}

/// What `SOURCE_DATE_EPOCH` says, as other builders have it; else the time of the last commit.
fn made(sh: &Shell) -> anyhow::Result<u64> {
    if let Ok(text) = sh.var("SOURCE_DATE_EPOCH") {
        return text.parse().with_context(|| format!("SOURCE_DATE_EPOCH: must be seconds since 1970, not `{text}`"));
    }
    let text = cmd!(sh, "git log --max-count=1 --format=%ct").quiet().read();
    let text = text.context("no git here: SOURCE_DATE_EPOCH has to say when the release was made")?;
    text.trim().parse().with_context(|| format!("git gives no time, but `{text}`"))
}

#[cfg(test)]
mod tests {
    use xshell::Shell;

    use super::{Release, made};

    #[test]
    fn a_release_is_named_by_version_and_platform() {
        let (version, target) = ("0.1.0".to_owned(), "x86_64-unknown-linux-gnu".to_owned());
        let release = Release { version, target, made: 1_700_000_000 };
        assert_eq!(release.name(), "ferrocast-0.1.0-x86_64-unknown-linux-gnu");
        assert_eq!(release.timestamp(), "2023-11-14T22:13:20Z");
    }

    #[test]
    fn its_time_can_be_said() {
        let sh = Shell::new().unwrap();
        sh.set_var("SOURCE_DATE_EPOCH", "1700000000");
        assert_eq!(made(&sh).unwrap(), 1_700_000_000);
        sh.set_var("SOURCE_DATE_EPOCH", "today");
        let error = made(&sh).unwrap_err().to_string();
        assert_eq!(error, "SOURCE_DATE_EPOCH: must be seconds since 1970, not `today`");
    }
}
