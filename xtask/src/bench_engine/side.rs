//! One side of the comparison: a process that loads a model and runs it as it is told.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context, ensure};

use crate::{
    machine::{processor_nanoseconds, resident_bytes},
    pinned::on_core,
    workspace::root,
};

/// The two programs.
#[derive(Debug)]
pub(super) struct Sides {
    /// `crates/engine-tract/examples/bench_side.rs`.
    pub(super) engine: PathBuf,
    /// The interpreter for `models/train/bench/onnxruntime_side.py`.
    pub(super) python: PathBuf,
}

impl Sides {
    pub(super) fn start_engine(&self) -> anyhow::Result<Side> {
        Side::start(&mut on_core(0, &self.engine))
    }

    pub(super) fn start_runtime(&self) -> anyhow::Result<Side> {
        Side::start(on_core(0, &self.python).arg(root().join("models/train/bench/onnxruntime_side.py")))
    }
}

/// A running process, which ends with its owner.
#[derive(Debug)]
pub(super) struct Side {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What loading a model took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) nanoseconds: f64,
    /// By how much the memory that the process holds has grown.
    pub(super) bytes: f64,
}

impl Side {
    fn start(command: &mut Command) -> anyhow::Result<Side> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let commands = child.stdin.take().context("the process has no input")?;
        let answers = BufReader::new(child.stdout.take().context("the process has no output")?);
        let mut side = Side { child, commands, answers };
        // Answered once all libraries are loaded, so that they do not count as the model's memory.
        side.command("ready")?;
        Ok(side)
    }

    pub(super) fn load(&mut self, model: &Path) -> anyhow::Result<Load> {
        let before = resident_bytes(self.child.id())?;
        let nanoseconds = self.command(&format!("load {}", model.display()))?;
        Ok(Load { nanoseconds, bytes: resident_bytes(self.child.id())? - before })
    }

    pub(super) fn read_rows(&mut self, rows: &Path) -> anyhow::Result<()> {
        self.command(&format!("rows {}", rows.display()))?;
        Ok(())
    }

    /// Nanoseconds of one of `times` runs of `batch` rows.
    pub(super) fn run(&mut self, batch: usize, times: usize) -> anyhow::Result<f64> {
        Ok(self.command(&format!("run {batch} {times}"))? / times as f64)
    }

    /// The processor's time, in nanoseconds, from the command to the answer.
    fn command(&mut self, command: &str) -> anyhow::Result<f64> {
        let before = processor_nanoseconds(self.child.id())?;
        writeln!(self.commands, "{command}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        ensure!(answer == "done\n", "`{command}` was answered by {answer:?}");
        Ok(processor_nanoseconds(self.child.id())? - before)
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::Side;

    fn script(text: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", text]);
        command
    }

    #[test]
    fn what_a_process_does_for_a_command_is_timed() {
        let work = "while read what rest; do i=0; [ $what != run ] || while [ $i -lt 20000 ]; do i=$((i+1)); done; \
                    echo done; done";
        let mut side = Side::start(&mut script(work)).unwrap();
        let load = side.load("model.onnx".as_ref()).unwrap();
        let run = side.run(8, 1).unwrap();
        assert!(run > 1e6 && load.nanoseconds < run, "{load:?} {run}");
    }

    #[test]
    fn an_end_is_an_error() {
        let mut side = Side::start(&mut script("read line; echo done; read line; exit")).unwrap();
        let error = side.run(1, 1).unwrap_err().to_string();
        assert!(error.contains("run 1 1"), "{error}");
    }
}
