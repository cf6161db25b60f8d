//! `cargo xtask ci`: every check, in one order, on any machine. Nothing is checked in another place.
//!
//! A failing step does not hide the later ones: all of them run, and the summary names what failed.

mod publish;
mod summary;

use std::{
    env, fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use xshell::{Shell, cmd};

use crate::{
    clients, codegen, conformance, deploy, flags,
    models::{self, Made},
    onnxruntime, package, snippets, soak, tidy,
    tools::{self, CARGO_DENY, CHROMEDRIVER, CHROMIUM, DEBOOTSTRAP, FAKETIME, PROMETHEUS, REDIS, STRACE},
};

/// A step that passed may leave a remark for the summary.
type Remark = Option<String>;

/// One check.
struct Step {
    name: &'static str,
    run: fn(&Shell) -> anyhow::Result<Remark>,
}

/// How one step ended.
struct Outcome {
    name: &'static str,
    time: Duration,
    result: anyhow::Result<Remark>,
}

/// Cheapest first, so that the usual slip shows early.
const STEPS: &[Step] = &[
    Step { name: "tools", run: tools },
    Step { name: "fmt", run: |sh| quietly(cmd!(sh, "cargo fmt --all --check").run()) },
    Step { name: "tidy", run: |sh| tidy::run(sh).map(|()| None) },
    Step {
        name: "clippy",
        run: |sh| quietly(cmd!(sh, "cargo clippy --workspace --all-targets --locked -- --deny warnings").run()),
    },
    Step { name: "test", run: test },
    Step { name: "loom", run: loom },
    Step { name: "doctest", run: |sh| quietly(cmd!(sh, "cargo test --workspace --doc --locked").run()) },
    Step { name: "doc", run: doc },
    Step { name: "codegen", run: |sh| codegen::run(sh, codegen::Mode::Check).map(|()| None) },
    Step { name: "conformance", run: |sh| conformance::run(sh).map(|()| None) },
    Step { name: "models", run: |sh| models::verify(sh).map(|()| None) },
    Step { name: "images", run: |sh| models::images(sh).map(|()| None) },
    Step { name: "onnxruntime", run: |sh| onnxruntime::run(sh).map(|()| None) },
    Step { name: "clients", run: |sh| clients::run(sh).map(|()| None) },
    Step { name: "snippets", run: |sh| snippets::run(sh, &[]).map(|()| None) },
    Step { name: "deploy", run: |sh| deploy::run(sh).map(|()| None) },
    Step { name: "soak", run: |sh| soak::run(sh).map(|()| None) },
    Step { name: "package", run: package::check },
    Step { name: "matrix", run: |sh| models::matrix(sh, Made::Afresh).map(|()| None) },
    Step { name: "publish", run: publish::run },
    Step { name: "deny", run: deny },
];

/// Runs the steps and prints what came of them.
pub(crate) fn run(sh: &Shell, flags: &flags::Ci) -> anyhow::Result<()> {
    for name in &flags.only {
        anyhow::ensure!(
            STEPS.iter().any(|step| step.name == name),
            "there is no step `{name}`, only: {}",
            STEPS.iter().map(|step| step.name).collect::<Vec<_>>().join(", ")
        );
    }
    let wanted = |step: &&Step| flags.only.is_empty() || flags.only.iter().any(|name| name == step.name);
    let outcomes: Vec<Outcome> = STEPS.iter().filter(wanted).map(|step| carry_out(sh, step)).collect();
    summary::print(&outcomes);
    let failed: Vec<&str> = outcomes.iter().filter(|outcome| outcome.result.is_err()).map(|step| step.name).collect();
    anyhow::ensure!(failed.is_empty(), "ci: failed: {}", failed.join(", "));
    Ok(())
}

fn carry_out(sh: &Shell, step: &Step) -> Outcome {
    println!("\n━━ {} ━━", step.name);
    let start = Instant::now();
    let result = (step.run)(sh);
    let time = start.elapsed();
    match &result {
        Ok(_) => println!("━━ {}: passed in {} ━━", step.name, summary::human(time)),
        Err(error) => println!("━━ {}: FAILED in {}: {error:#} ━━", step.name, summary::human(time)),
    }
    Outcome { name: step.name, time, result }
}

fn quietly(result: xshell::Result<()>) -> anyhow::Result<Remark> {
    Ok(result.map(|()| None)?)
}

/// Finds or installs what the later steps start.
fn tools(sh: &Shell) -> anyhow::Result<Remark> {
    let mut missing = Vec::new();
    for tool in [CARGO_DENY, CHROMIUM, CHROMEDRIVER, DEBOOTSTRAP, FAKETIME, PROMETHEUS, REDIS, STRACE] {
        if let Err(error) = tool.ensure(sh) {
            missing.push(format!("{error:#}"));
        }
    }
    anyhow::ensure!(missing.is_empty(), "{}", missing.join("\n"));
    Ok(None)
}

/// All tests but those in documentation, which nextest does not run.
fn test(sh: &Shell) -> anyhow::Result<Remark> {
    if tools::find(sh, "cargo-nextest").is_some() {
        return quietly(cmd!(sh, "cargo nextest run --workspace --locked").run());
    }
    cmd!(sh, "cargo test --workspace --lib --bins --tests --examples --locked").run()?;
    Ok(Some("with cargo test, as cargo-nextest is not installed".to_owned()))
}

/// The tests that go through every interleaving of threads. Another build of few crates, in a folder of its own so that
/// it does not drive out the usual one.
fn loom(sh: &Shell) -> anyhow::Result<Remark> {
    let _flags = sh.push_env("RUSTFLAGS", "--cfg loom");
    let packages = ["--package", "ferrocast-batch", "--package", "ferrocast-registry"];
    let tests = cmd!(sh, "cargo test {packages...} --lib --release --locked --target-dir target/loom loom");
    quietly(tests.run())
}

fn doc(sh: &Shell) -> anyhow::Result<Remark> {
    let _flags = sh.push_env("RUSTDOCFLAGS", "--deny warnings");
    quietly(cmd!(sh, "cargo doc --workspace --no-deps --locked").run())
}

/// Licences, sources and duplicates need no network; known vulnerabilities need a copy of the database.
fn deny(sh: &Shell) -> anyhow::Result<Remark> {
    cmd!(sh, "cargo deny --locked check bans licenses sources").run()?;
    let Some(home) = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")))
    else {
        return Ok(Some("advisories NOT checked: no home folder".to_owned()));
    };
    let has_database = fs::read_dir(home.join("advisory-dbs"))
        .is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(|entry| entry.path().is_dir())));
    if !has_database {
        let remark = "advisories NOT checked: no copy of the database here (`cargo deny fetch` brings one)";
        return Ok(Some(remark.to_owned()));
    }
    quietly(cmd!(sh, "cargo deny --locked --offline check advisories").run())
}
