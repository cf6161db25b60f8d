//! What others have learned to avoid. What is left as it is has the reason beside it, in the file.

use xshell::{Shell, cmd};

use super::{
    instruments::{Instruments, deploy},
    rendered::Rendered,
};

pub(super) fn check(sh: &Shell, instruments: &Instruments, rendered: &Rendered) -> anyhow::Result<()> {
    let (hadolint, checkov) = (instruments.program("hadolint"), instruments.program("checkov"));
    let dockerfile = deploy().join("Dockerfile");
    cmd!(sh, "{hadolint} --failure-threshold style {dockerfile}").run()?;
    let files = rendered.all().map(|objects| &objects.file);
    // Without what it would load from its maker's server: descriptions of its checks.
    let quietly = ["--quiet", "--compact", "--skip-download"];
    cmd!(sh, "{checkov} {quietly...} --framework dockerfile --file {dockerfile}").run()?;
    cmd!(sh, "{checkov} {quietly...} --framework kubernetes --file {files...}").run()?;
    Ok(())
}
