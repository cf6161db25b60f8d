//! The program under test, and the samples it works on.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program in a directory of the test's own, with nothing in its environment that configures it.
pub(crate) fn ferrocast(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ferrocast"));
    command.current_dir(directory).env_clear();
    command
}

/// The folder of sample models.
pub(crate) fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").canonicalize().expect("the samples")
}

/// Exit code, standard output and standard error.
pub(crate) fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}
