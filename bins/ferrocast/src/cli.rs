//! The command line: what can be asked, and the help that teaches it.

mod load;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ferrocast_server::Flags;

pub(crate) use self::load::{BenchArgs, ReadyArgs};

const EXAMPLES: &str = "\
Examples:
  ferrocast                                  serve ./models on 127.0.0.1:8000; documentation at /docs
  ferrocast --models ~/models --port 9000    serve another folder on another port
  ferrocast inspect model.onnx               see what a model takes and whether it can run
  ferrocast init model.onnx                  write the model.toml beside it, to edit
  ferrocast check models/churn/1             load a model as the server would and run its example
  ferrocast predict models/churn/1 row.json  predict once, without a server
  ferrocast bench http://127.0.0.1:8000/predict --body row.json
                                             see how many requests a server answers, and how fast
  ferrocast ready                            see whether the server on this machine is ready

A models folder holds models/<name>/<version>/model.onnx, with a model.toml beside it or one folder up.
Every setting can also stand in ferrocast.toml, .env or the environment: see docs/configuration.md.";

/// A model server: drop an ONNX model into a folder and it is a typed, validated, documented HTTP service.
#[derive(Debug, Parser)]
#[command(name = "ferrocast", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    /// What to do; serving if nothing is said.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Of serving, when no command is named.
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve a folder of models over HTTP (the default)
    Serve(ServeArgs),
    /// Load models as the server would, and run their examples
    #[command(
        after_help = "PATH is a version's folder (models/churn/1), a model's folder (models/churn), a folder of\n\
        models, or an .onnx file. Exit code 1 if any model fails; each failure says how to mend it.\n\n\
        Example:\n  ferrocast check models"
    )]
    Check {
        /// Folder or .onnx file
        path: PathBuf,
    },
    /// Write the manifest of a model, for you to edit
    #[command(
        after_help = "For model.onnx it is model.toml beside it, for any other name <name>.toml. It holds what the\n\
        file itself says: fields, classes, categories. Names, ranges and examples are yours to add.\n\n\
        Example:\n  ferrocast init models/churn/1/model.onnx"
    )]
    Init {
        /// The .onnx file, or the folder of a version
        model: PathBuf,
        /// The model takes pictures: write what becomes of them, in place of features
        #[arg(long)]
        pictures: bool,
        /// Replace a manifest that exists
        #[arg(long)]
        force: bool,
    },
    /// Show what a model file says of itself: inputs, outputs, operators
    #[command(after_help = "Works for files that do not load, too. Exit code 1 if an operator cannot be run.\n\n\
        Example:\n  ferrocast inspect models/churn/1/model.onnx")]
    Inspect {
        /// The .onnx file, or the folder of a version
        model: PathBuf,
    },
    /// Predict once, without a server
    #[command(
        after_help = "The JSON is what /predict takes, or {\"instances\": [...]} as for /predict_batch; a model of\n\
        pictures takes a PNG, JPEG or WebP file instead. The answer is what the server would send.\n\nExample:\n  echo '{\"age\": 42}' | ferrocast predict models/churn/1 -"
    )]
    Predict {
        /// The version's folder, or an .onnx file
        path: PathBuf,
        /// A file with JSON, or a picture; - for standard input
        input: String,
    },
    /// Make a key for a client
    #[command(
        name = "new-key",
        after_help = "Standard output gets the row for the file of auth.keys_file, standard error the key itself, which is\n\
        shown this once. A running server takes the row up within seconds.\n\nExample:\n  ferrocast new-key billing --scopes predict,jobs >> keys.toml"
    )]
    NewKey {
        /// What the key is called in logs
        name: String,
        /// What it is good for: predict, jobs, metrics, admin
        #[arg(long, value_delimiter = ',', required = true)]
        scopes: Vec<String>,
    },
    /// Measure a server under load: requests a second, latencies, errors
    #[command(after_help = load::BENCH)]
    Bench(BenchArgs),
    /// Ask a server whether it is ready
    #[command(after_help = load::READY)]
    Ready(ReadyArgs),
    /// Check the configuration and exit: 0 if it is good, 78 with every problem if not
    CheckConfig(ServeArgs),
    /// Print what makes a shell complete this command line
    #[command(
        after_help = "Example:\n  ferrocast completions bash > ~/.local/share/bash-completion/completions/ferrocast"
    )]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one for each command
    #[command(after_help = "Example:\n  ferrocast man --out ~/.local/share/man/man1 && man ferrocast-serve")]
    Man {
        /// Folder for ferrocast.1 and a page for each command; it is made if need be
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Load a model within limits, as a server does before it loads it itself
    #[command(hide = true)]
    TryModel {
        /// The version's folder
        folder: PathBuf,
        /// The .onnx file
        model: PathBuf,
        /// The manifest, if there is one
        #[arg(long)]
        manifest: Option<PathBuf>,
        /// The folder that no file is read outside of
        #[arg(long)]
        root: Option<PathBuf>,
        /// The manifest must pin the file
        #[arg(long)]
        require_sha256: bool,
        /// Bytes of address space
        #[arg(long)]
        memory: u64,
        /// Seconds of the processor
        #[arg(long)]
        cpu_seconds: u64,
    },
    /// Print a generated document
    #[command(hide = true)]
    Docs {
        /// Which one
        document: Document,
        /// Which models it is about
        #[command(flatten)]
        serve: ServeArgs,
    },
}

/// A document that is made from the code.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Document {
    /// docs/openapi.json
    Openapi,
    /// docs/configuration.md
    Configuration,
    /// docs/errors.md
    Errors,
}

/// Settings that the command line can give; it wins over every other source.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Folder of models [default: models]
    #[arg(long, value_name = "DIR")]
    models: Option<String>,
    /// Address to listen on [default: 127.0.0.1]
    #[arg(long, value_name = "ADDR")]
    host: Option<String>,
    /// Port to listen on; 0 picks a free one [default: 8000]
    #[arg(long, value_name = "N")]
    port: Option<String>,
    /// Model behind the flat routes such as /predict [default: the only one]
    #[arg(long, value_name = "NAME")]
    default_model: Option<String>,
    /// Configuration file [default: ferrocast.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl From<ServeArgs> for Flags {
    fn from(ServeArgs { models, host, port, default_model, config }: ServeArgs) -> Flags {
        Flags { models, host, port, default_model, config }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
