//! The project's own commands: `cargo xtask <command>`; `cargo xtask --help` lists them.
//!
//! One file per command. What is heavy (the server, the tests, the load generator) runs as a process, so that this
//! program stays small and is built in seconds.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks on its terminal")]

mod bench;
mod bench_client;
mod bench_engine;
mod bench_pool;
mod ci;
mod clients;
mod codegen;
mod conformance;
mod connection;
mod deploy;
mod flags;
mod form;
mod http;
mod link_order;
mod load_test;
mod machine;
mod marked;
mod median;
mod model_folder;
mod models;
mod onnxruntime;
mod open_loop;
mod package;
mod percentile;
mod pgo;
mod pinned;
mod profile;
mod python;
mod served;
mod signal;
mod smoke;
mod snippets;
mod soak;
mod tidy;
mod timed_models;
mod tools;
mod workspace;
mod wrk;

use std::process::ExitCode;

use models::Made;

fn main() -> ExitCode {
    match run(flags::Xtask::from_env_or_exit()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(flags: flags::Xtask) -> anyhow::Result<()> {
    let sh = workspace::shell()?;
    match flags.subcommand {
        flags::XtaskCmd::Ci(flags) => ci::run(&sh, &flags),
        flags::XtaskCmd::Tidy(_) => tidy::run(&sh),
        flags::XtaskCmd::Codegen(flags) if flags.check => codegen::run(&sh, codegen::Mode::Check),
        flags::XtaskCmd::Codegen(_) => codegen::run(&sh, codegen::Mode::Write),
        flags::XtaskCmd::Models(flags) => match flags.subcommand {
            flags::ModelsCmd::Verify(_) => models::verify(&sh),
            flags::ModelsCmd::Matrix(flags) if flags.keep => models::matrix(&sh, Made::Before),
            flags::ModelsCmd::Matrix(_) => models::matrix(&sh, Made::Afresh),
        },
        flags::XtaskCmd::Deploy(_) => deploy::run(&sh),
        flags::XtaskCmd::Soak(flags) => soak::only(&sh, &flags.only),
        flags::XtaskCmd::Snippets(flags) => snippets::run(&sh, &flags.only),
        flags::XtaskCmd::LinkOrder(_) => link_order::run(&sh),
        flags::XtaskCmd::Pgo(_) => pgo::run(&sh),
        flags::XtaskCmd::Package(flags) => package::run(&sh, &flags),
        flags::XtaskCmd::Python(_) => {
            println!("{}", python::ensure(&sh, python::MODELS)?.display());
            Ok(())
        }
        flags::XtaskCmd::Bench(flags) => bench::run(&sh, &flags),
        flags::XtaskCmd::BenchClient(flags) => bench_client::run(&sh, &flags),
        flags::XtaskCmd::BenchEngine(flags) => bench_engine::run(&sh, &flags),
        flags::XtaskCmd::BenchPool(flags) => bench_pool::run(&sh, &flags),
    }
}
