//! What can be said to `bench` and `ready`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ferrocast_load::{Target, Trust};

/// What `bench` does, and what its exit code means.
pub(super) const BENCH: &str = "\
Without --rate, each connection sends the next request when the answer to the last one is there. With it, requests
are due at even distances whatever becomes of the others, and latencies count from when a request was due.
Requests that are under way at the end are waited for; Ctrl-C ends early and reports what was measured until then.

Exit code 0 if there were answers and all of them 2xx or 3xx, 1 if a request failed or was answered 4xx or 5xx, 2 if
the command line is wrong. --json prints an object; docs/operations.md lists its fields.

Examples:
  ferrocast bench http://127.0.0.1:8000/livez
  ferrocast bench http://127.0.0.1:8000/predict --body row.json --connections 16 --duration 30s
  ferrocast bench https://models.example/predict --body rows.jsonl --rate 500 --key fc_... --json";

/// What `ready` does, and what its exit code means.
pub(super) const READY: &str = "\
For a HEALTHCHECK where there is no shell and no curl. Exit code 0 if the answer is 200, else 1, and standard error says
why.

Example:
  HEALTHCHECK CMD [\"/ferrocast\", \"ready\", \"http://127.0.0.1:8000\"]";

/// A load test.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// What to ask: http://HOST:PORT/PATH or https://HOST:PORT/PATH
    #[arg(value_name = "URL")]
    pub(crate) target: Target,
    /// Send this file, - for standard input; of a .jsonl file each line, in turn [default: send no body]
    #[arg(long, value_name = "FILE")]
    pub(crate) body: Option<PathBuf>,
    /// Method [default: POST with a body, GET without]
    #[arg(long, value_name = "METHOD")]
    pub(crate) method: Option<String>,
    /// A header; may be repeated
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    pub(crate) headers: Vec<(String, String)>,
    /// Key, sent as `authorization: Bearer KEY`; in the environment it is seen by fewer
    #[arg(long, value_name = "KEY", env = "FERROCAST_KEY", hide_env_values = true)]
    pub(crate) key: Option<String>,
    /// Type of the body [default: by the file's ending; else JSON if it is some]
    #[arg(long, value_name = "TYPE", requires = "body")]
    pub(crate) content_type: Option<String>,
    /// Connections, 1 to 10000; as many requests are under way at most
    #[arg(short, long, value_name = "N", default_value_t = 64)]
    pub(crate) connections: usize,
    /// Requests a second; as fast as the answers come if it is left out
    #[arg(long, value_name = "PER_SECOND")]
    pub(crate) rate: Option<f64>,
    /// How long to measure, as in 500ms, 10s or 2m
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
    pub(crate) duration: Duration,
    /// The same load before, which is not measured
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = humantime::parse_duration)]
    pub(crate) warmup: Duration,
    /// How long a request may take
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Duration,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Tell each second how it goes, even if standard error is no terminal
    #[arg(long)]
    pub(crate) progress: bool,
    /// Whom to trust.
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}

/// A probe.
#[derive(Debug, Args)]
pub(crate) struct ReadyArgs {
    /// The server, whose /readyz is asked, or what else to ask
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:8000")]
    pub(crate) target: Target,
    /// How long the answer may take
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Duration,
    /// Whom to trust.
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}

/// Whose certificates are good.
#[derive(Debug, Args)]
pub(crate) struct TrustArgs {
    /// Authorities to trust for https, as PEM [default: those of the system]
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

impl From<TrustArgs> for Trust {
    fn from(TrustArgs { ca_file }: TrustArgs) -> Trust {
        ca_file.map_or(Trust::System, Trust::File)
    }
}

fn header(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once(':').ok_or("it has to be `name: value`")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}
