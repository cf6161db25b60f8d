//! `ferrocast try-model`: what a server starts to see whether a model can be loaded.

use std::fs;

use ferrocast_pipeline::{ModelFiles, Pipeline, told};
use ferrocast_server::loaders;

use super::Done;

/// What this process may cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of address space.
    pub(crate) memory: u64,
    /// Seconds of all its threads together.
    pub(crate) cpu_seconds: u64,
}

/// Loads the model and runs its example, within the limits. What goes wrong is said as a server says it.
pub(crate) fn run(files: &ModelFiles, limits: Limits) -> Done {
    confine(limits)?;
    // What is caught is told by the error, without places in the source.
    std::panic::set_hook(Box::new(|_| {}));
    Pipeline::open_files(files, &loaders()).map_err(|error| told(&error))?;
    Ok(())
}

/// Limits for this process, which nothing in it can lift; and it is the first to go if the machine runs out of memory.
#[cfg(unix)]
fn confine(limits: Limits) -> Done {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limit = |most| Rlimit { current: Some(most), maximum: Some(most) };
    setrlimit(Resource::As, limit(limits.memory))?;
    setrlimit(Resource::Cpu, limit(limits.cpu_seconds))?;
    setrlimit(Resource::Core, limit(0))?;
    setrlimit(Resource::Fsize, limit(0))?;
    #[cfg(target_os = "linux")]
    {
        // Without the server nobody waits for the answer. It may have ended before this line: then init is the parent.
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
        drop(fs::write("/proc/self/oom_score_adj", "1000"));
    }
    Ok(())
}

#[cfg(not(unix))]
fn confine(_: Limits) -> Done {
    Ok(())
}
