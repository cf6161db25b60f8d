//! A bound on the memory of processes, as a container has it: a control group, in either version of the kernel's interface.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

/// The memory that a server with the sample models is promised to do with, in bytes.
pub(super) const PROMISED: u64 = 512 << 20;

const NAME: &str = "ferrocast-package";

/// A control group. It ends with its owner.
#[derive(Debug)]
pub(super) struct MemoryLimit {
    group: PathBuf,
}

impl MemoryLimit {
    /// A group whose processes together get this much memory. An error says why there can be none here.
    pub(super) fn create(bytes: u64) -> anyhow::Result<MemoryLimit> {
        let groups = Path::new("/sys/fs/cgroup");
        let (parent, limit) = if groups.join("cgroup.controllers").exists() {
            // Children get the controllers that their parent hands down. It may do so already.
            drop(fs::write(groups.join("cgroup.subtree_control"), "+memory"));
            (groups.to_owned(), "memory.max")
        } else if groups.join("memory/memory.limit_in_bytes").exists() {
            (groups.join("memory"), "memory.limit_in_bytes")
        } else {
            bail!("this machine has no control groups for memory");
        };
        let group = parent.join(NAME);
        if !group.exists() {
            fs::create_dir(&group).with_context(|| format!("cannot make {}", group.display()))?;
        }
        let memory = MemoryLimit { group };
        let file = memory.group.join(limit);
        fs::write(&file, bytes.to_string()).with_context(|| format!("cannot write {}", file.display()))?;
        Ok(memory)
    }

    /// Where a process writes its number to belong to the group.
    pub(super) fn processes(&self) -> PathBuf {
        self.group.join("cgroup.procs")
    }
}

impl Drop for MemoryLimit {
    fn drop(&mut self) {
        // A group that still has processes stays, and is used again.
        drop(fs::remove_dir(&self.group));
    }
}
