//! Loads a model in a process of its own, first: one that hangs, eats memory or crashes costs that process and nothing else.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ferrocast_pipeline::ModelFiles;
use ferrocast_serving::Trial;

/// The longest explanation that is passed on.
const MOST_WORDS: u64 = 4096;

/// How often the process is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// What a trial may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialLimits {
    /// Memory of the process, in bytes of address space.
    pub memory: u64,
    /// Time until it must have loaded the model.
    pub time: Duration,
}

/// Tries models in a process of the program `ferrocast`, or of another that has its command `try-model`.
#[derive(Debug)]
pub(crate) struct ChildTrial {
    pub(crate) program: PathBuf,
    pub(crate) limits: TrialLimits,
    /// The library of ONNX Runtime, which it reads no configuration for.
    pub(crate) onnxruntime: Option<PathBuf>,
}

impl Trial for ChildTrial {
    fn load(&self, files: &ModelFiles) -> Result<(), String> {
        let mut child = self.start(files).map_err(|error| {
            format!("no process to try it in can be started ({error}); models.trial = false does without")
        })?;
        let words = child.stderr.take().map(|stderr| thread::spawn(move || first_words(stderr)));
        let ended = self.wait(&mut child);
        let words = words.and_then(|words| words.join().ok()).unwrap_or_default();
        match ended {
            Ok(Some(status)) if status.success() => Ok(()),
            Ok(Some(status)) => Err(self.failure(status, &words)),
            Ok(None) => {
                let seconds = self.limits.time.as_secs();
                Err(format!("it was not loaded within {seconds} s (models.trial_seconds)"))
            }
            Err(error) => Err(format!("the process that tried it was lost: {error}")),
        }
    }
}

impl ChildTrial {
    fn start(&self, files: &ModelFiles) -> std::io::Result<Child> {
        let mut command = Command::new(&self.program);
        command.arg("try-model").arg(&files.folder).arg(&files.model);
        if let Some(manifest) = &files.manifest {
            command.arg("--manifest").arg(manifest);
        }
        if let Some(root) = &files.root {
            command.arg("--root").arg(root);
        }
        if files.require_sha256 {
            command.arg("--require-sha256");
        }
        command.arg("--memory").arg(self.limits.memory.to_string());
        // A little more than the time on the clock: for the case that nobody is left to look at it.
        command.arg("--cpu-seconds").arg((self.limits.time.as_secs() + 1).to_string());
        // Nothing of what this process knows is for it.
        command.env_clear();
        if let Some(library) = &self.onnxruntime {
            command.env("ORT_DYLIB_PATH", library).env("ORT_DISABLE_TELEMETRY", "1");
        }
        // The allocator of our program complains of every thread that it cannot have, and this process has no memory for any.
        command.env("_RJEM_MALLOC_CONF", "background_thread:false");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()
    }

    /// Until it has ended by itself; `None` if its time was up.
    fn wait(&self, child: &mut Child) -> std::io::Result<Option<ExitStatus>> {
        let due = Instant::now() + self.limits.time;
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status));
            }
            if Instant::now() >= due {
                child.kill()?;
                child.wait()?;
                return Ok(None);
            }
            thread::sleep(LOOK);
        }
    }

    fn failure(&self, status: ExitStatus, words: &str) -> String {
        // The words of Rust, of its standard library, and of tract.
        if ["memory allocation of", "out of memory", "failed to allocate"].iter().any(|told| words.contains(told)) {
            return format!("it takes more than {} bytes of memory to load (models.trial_memory)", self.limits.memory);
        }
        if status.code() == Some(1) && !words.is_empty() {
            return words.to_owned();
        }
        if words.contains("overflowed its stack") {
            return "loading it overflows the stack".to_owned();
        }
        tracing::warn!(%status, words, "the process that tried a model crashed");
        format!("the process that tried it crashed ({status})")
    }
}

/// The beginning of what it says. The rest is read, so that it never waits to be heard, and dropped.
fn first_words(mut stderr: impl Read) -> String {
    let mut words = Vec::new();
    let read = stderr.by_ref().take(MOST_WORDS).read_to_end(&mut words);
    drop(read.and_then(|_| std::io::copy(&mut stderr, &mut std::io::sink())));
    String::from_utf8_lossy(&words).trim().to_owned()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;
    use std::time::{Duration, Instant};

    use ferrocast_pipeline::ModelFiles;
    use ferrocast_serving::Trial;

    use super::{ChildTrial, TrialLimits};

    /// What a trial by a program of these lines says.
    fn said_by(lines: &str) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        fs::write(&program, format!("#!/bin/sh\n{lines}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let limits = TrialLimits { memory: 1 << 30, time: Duration::from_secs(2) };
        let files = ModelFiles {
            folder: PathBuf::from("f"),
            model: PathBuf::from("f/m.onnx"),
            manifest: None,
            root: Some(PathBuf::from("r")),
            require_sha256: true,
        };
        ChildTrial { program, limits, onnxruntime: Some(PathBuf::from("l.so")) }.load(&files)
    }

    #[test]
    fn the_program_is_told_what_to_do() {
        let command = r#"[ "$*" = "try-model f f/m.onnx --root r --require-sha256 --memory 1073741824 --cpu-seconds 3" ] && [ -z "$CARGO" ] && [ "$ORT_DYLIB_PATH" = l.so ]"#;
        assert_eq!(said_by(command), Ok(()));
    }

    #[test]
    fn failures_are_told_apart() {
        assert_eq!(said_by("echo it is no model >&2; exit 1"), Err("it is no model".to_owned()));
        let refusal = |lines| said_by(lines).unwrap_err();
        assert!(refusal("echo memory allocation of 9 bytes failed >&2; kill -ABRT $$").contains("models.trial_memory"));
        assert!(refusal("echo thread has overflowed its stack >&2; kill -ABRT $$").contains("overflows the stack"));
        assert!(refusal("kill -SEGV $$").contains("crashed"));
        assert!(refusal("exit 7").contains("crashed"));
        // However much it says, it is never kept waiting.
        assert_eq!(refusal("yes no | head -c 3000000 >&2; exit 1").len(), super::MOST_WORDS as usize);
    }

    #[test]
    fn what_hangs_is_ended() {
        let started = Instant::now();
        assert!(said_by("exec sleep 600").unwrap_err().contains("models.trial_seconds"));
        assert!(started.elapsed() < Duration::from_secs(60), "it was waited for");
    }

    #[test]
    fn without_the_program_nothing_is_loaded() {
        let limits = TrialLimits { memory: 1, time: Duration::ZERO };
        let files = ModelFiles {
            folder: PathBuf::new(),
            model: PathBuf::new(),
            manifest: None,
            root: None,
            require_sha256: false,
        };
        let said = ChildTrial { program: PathBuf::from("/no/such/program"), limits, onnxruntime: None }
            .load(&files)
            .unwrap_err();
        assert!(said.contains("models.trial = false"), "{said}");
    }
}
