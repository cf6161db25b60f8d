//! `cargo xtask models matrix`: pipelines of every kind, fitted and exported afresh, served unchanged.
//!
//! `models/train/matrix` makes the models and says for each row what the library answers. Where ONNX Runtime does not
//! agree with the library, the exporter is to blame; there the server must answer as one of the two.

use std::{collections::BTreeMap, fmt, fs, path::Path, process::Command};

use anyhow::{bail, ensure};
use xshell::{Shell, cmd};

use super::{
    deployed::Deployed,
    golden::{Golden, read_golden},
    tally::Tally,
};
use crate::{
    http::Client,
    python,
    served::{self, Served},
    workspace::{Metadata, root},
};

/// How many rows of each model are sent alone, too.
const SINGLE_ROWS: usize = 20;

/// Length of an error in the table.
const ERROR_CHARS: usize = 300;

/// Where the models come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// Fitted now.
    Afresh,
    /// Fitted by an earlier run.
    Before,
}

/// What came of one model.
enum Verdict {
    /// Every answer is right.
    Right(Tally),
    /// There are no answers, which is known: the file is not served, or ONNX Runtime refuses it as well.
    Refused(String),
    /// Some answers are wrong.
    Wrong(Tally),
    /// There are no answers.
    Failed(String),
}

/// The sums of one family.
#[derive(Debug, Default)]
struct Totals {
    models: usize,
    right: usize,
    /// Of the right ones, those whose file does not say what the library does.
    as_exported: usize,
    refused: usize,
}

/// Fails if a model of the matrix does not load or answers otherwise than it should.
pub(crate) fn matrix(sh: &Shell, made: Made) -> anyhow::Result<()> {
    let folder = Metadata::load(sh)?.target_directory.join("matrix");
    if made == Made::Afresh {
        make(sh, &folder)?;
    }
    let all_golden = read_golden(&folder)?;
    let server = Served::start(served::serving(Command::new(served::build(sh)?), &folder))?;
    let client = Client::new();
    println!("{:13} {:30} {:>6} {:>7} {:>11} {:>15}", "family", "model", "rows", "labels", "max error", "allowed");
    let mut families: BTreeMap<&str, Totals> = BTreeMap::new();
    for golden in &all_golden {
        let verdict = judge(&Deployed { client: &client, url: server.url(), golden });
        println!("{:13} {:30} {verdict}", golden.family, golden.model);
        if let Verdict::Wrong(tally) = &verdict {
            tally.failures().for_each(|line| println!("    {line}"));
        }
        families.entry(&golden.family).or_default().add(&verdict);
    }
    let totals = print_totals(&families);
    let failed = totals.models - totals.right - totals.refused;
    ensure!(failed == 0, "{failed} of {} models do not answer as they should", totals.models);
    Ok(())
}

/// Fits and exports everything.
fn make(sh: &Shell, folder: &Path) -> anyhow::Result<()> {
    let python = python::ensure(sh, python::MODELS)?;
    if cmd!(sh, "{python} -c 'import lightgbm'").quiet().ignore_stderr().run().is_err() {
        bail!(
            "LightGBM does not start: it needs libgomp; install it and run this again (Debian: apt-get install libgomp1)"
        );
    }
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let _folder = sh.push_dir(root().join("models/train"));
    // skl2onnx writes some lists in the order of a Python `set`.
    cmd!(sh, "{python} -m matrix {folder}").env("PYTHONHASHSEED", "0").run()?;
    Ok(())
}

fn judge(model: &Deployed<'_>) -> Verdict {
    let Golden { cases, runtime_refuses, refused, .. } = model.golden;
    let alone = cases.get(..SINGLE_ROWS).unwrap_or(cases);
    match (model.batched(), model.singly(alone)) {
        (Ok(_), _) if refused.is_some() => Verdict::Failed("is said to be refused, but is served".to_owned()),
        (Ok(batched), Ok(alone)) if batched.passed() && alone.passed() => Verdict::Right(batched),
        (Ok(batched), Ok(alone)) => Verdict::Wrong(if batched.passed() { alone } else { batched }),
        (Err(error), _) | (_, Err(error)) => match (refused, runtime_refuses) {
            (Some(reason), _) => Verdict::Refused(format!("{reason}: {error}")),
            (None, Some(reason)) => Verdict::Refused(format!("ONNX Runtime: {reason}; here: {error}")),
            (None, None) => Verdict::Failed(error.to_string()),
        },
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |text: &str| text.chars().take(ERROR_CHARS).collect::<String>();
        match self {
            Verdict::Right(tally) | Verdict::Wrong(tally) => tally.fmt(f),
            Verdict::Refused(reason) => write!(f, "refused: {}", short(reason)),
            Verdict::Failed(reason) => write!(f, "FAILED: {}", short(reason)),
        }
    }
}

impl Totals {
    fn add(&mut self, verdict: &Verdict) {
        self.models += 1;
        match verdict {
            Verdict::Right(tally) => {
                self.right += 1;
                self.as_exported += usize::from(!tally.is_exported_right());
            }
            Verdict::Refused(_) => self.refused += 1,
            Verdict::Wrong(_) | Verdict::Failed(_) => {}
        }
    }
}

fn print_totals(families: &BTreeMap<&str, Totals>) -> Totals {
    println!("\n{:13} {:>6} {:>6} {:>18} {:>8}", "family", "models", "right", "exporter differs", "refused");
    let mut sum = Totals::default();
    let line = |name: &str, Totals { models, right, as_exported, refused }: &Totals| {
        println!("{name:13} {models:>6} {right:>6} {as_exported:>18} {refused:>8}");
    };
    for (family, totals) in families {
        line(family, totals);
        sum.models += totals.models;
        sum.right += totals.right;
        sum.as_exported += totals.as_exported;
        sum.refused += totals.refused;
    }
    line("all", &sum);
    sum
}
