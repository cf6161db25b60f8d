//! Where a container would put the program: a root folder that is read-only, one folder for its data, an ordinary user.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, ensure};

use super::memory_limit::MemoryLimit;

/// The user and the group, which no system knows by name.
pub(super) const USER: u32 = 65_532;

/// Where the package is, seen from inside.
const PACKAGE: &str = "/opt/ferrocast";
/// The only folder that can be written, seen from inside.
const DATA: &str = "/var/lib/ferrocast";

/// Mounts, changes the user, and starts a command. Each step replaces the process, so that whoever started it holds the program itself
/// in the end.
const ENTER: &str = r#"
set -eu
root=$1 package=$2 at=$3 data=$4 user=$5 group=$6
shift 6
[ -z "$group" ] || echo $$ > "$group"
mkdir -p "$root$at" "$root$data"
mount --bind "$root" "$root"
mount --bind "$package" "$root$at"
mount -o remount,bind,ro "$root$at"
mount -t proc proc "$root/proc"
mount -t tmpfs -o "size=64m,mode=700,uid=$user,gid=$user" tmpfs "$root$data"
mount -o remount,bind,ro "$root"
exec chroot "$root" setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs \
    --inh-caps=-all --ambient-caps=-all --bounding-set=-all -- \
    sh -c 'cd "$0" && exec "$@"' "$at" "$@"
"#;

/// Prints each folder and file that can be written, but for those that the kernel makes up.
const WRITABLE: &str = "find / -path /proc -prune -o '(' -type d -o -type f ')' -writable -print";

/// What a program is confined to.
#[derive(Debug)]
pub(super) struct Confinement<'a> {
    pub(super) debian: &'a Path,
    pub(super) package: &'a Path,
    pub(super) memory: Option<&'a MemoryLimit>,
}

impl Confinement<'_> {
    /// Runs this in the folder of the package, with nothing of this environment.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        let group = self.memory.map(MemoryLimit::processes).unwrap_or_default();
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "--", "sh", "-c", ENTER, "sh"]);
        command.arg(self.debian).arg(self.package).args([PACKAGE, DATA, &USER.to_string()]).arg(group).args(words);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("TASKS__PATH", format!("{DATA}/tasks.db")).env("SERVER__DRAIN_DELAY_S", "0");
        command
    }

    /// Of everything that can be seen from inside, the data alone can be written.
    pub(super) fn ensure_nothing_else_can_be_written(&self) -> anyhow::Result<()> {
        let found = self.output(WRITABLE)?;
        ensure!(found.trim() == DATA, "inside, these can be written, and not {DATA} alone:\n{found}");
        for folder in [PACKAGE, "/tmp", "/etc", "/"] {
            let tried = self.output(&format!("touch {folder}/written 2>&1 || true"))?;
            ensure!(tried.contains("Read-only file system"), "{folder} can be written: {tried}");
        }
        Ok(())
    }

    /// What a script prints inside.
    fn output(&self, script: &str) -> anyhow::Result<String> {
        // `find` says of some folders that it may not look into them.
        let output = self.command(&["sh", "-c", script]).output().context("cannot start unshare")?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// The process has no rights but those of its user, and cannot get any, as the kernel itself says.
pub(super) fn ensure_unprivileged(process: u32) -> anyhow::Result<()> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).context("the server has ended")?;
    for (key, value) in [
        ("Uid", "65532 65532 65532 65532"),
        ("Gid", "65532 65532 65532 65532"),
        ("Groups", ""),
        ("NoNewPrivs", "1"),
        ("CapInh", "0000000000000000"),
        ("CapPrm", "0000000000000000"),
        ("CapEff", "0000000000000000"),
        ("CapBnd", "0000000000000000"),
        ("CapAmb", "0000000000000000"),
    ] {
        let found = field(&status, key).with_context(|| format!("process {process} has no {key}"))?;
        ensure!(found == value, "{key} of the server is `{found}`, not `{value}`");
    }
    Ok(())
}

/// A value of `/proc/<process>/status`, single spaces between its words.
fn field(status: &str, key: &str) -> Option<String> {
    let value = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    Some(value.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn fields_of_a_process_are_read() {
        let status = "Name:\ta\nUid:\t7\t7\t7\t7\nGroups:\t \nCapEff:\t0\n";
        assert_eq!(field(status, "Uid").as_deref(), Some("7 7 7 7"));
        assert_eq!(field(status, "Groups").as_deref(), Some(""));
        assert_eq!(field(status, "Cap"), None);
    }
}
