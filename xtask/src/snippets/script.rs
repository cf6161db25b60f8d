//! The snippets of a document as one script of bash, so that a variable or a file that one of them makes is there in those
//! below it. `xtask/snippets/prelude.sh` says what the commands mean here.

use std::{
    fmt::Write as _,
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};
use xshell::Shell;

use super::{fence::Fence, interpreter};
use crate::{served::free_port, workspace::root};

/// Ends what bash passes to a program or a file as it is.
const END: &str = "END_OF_SNIPPET";

/// The Redis of the documents.
const REDIS: &str = "redis.internal:6379";

/// What bash runs.
#[derive(Debug)]
pub(super) struct Script {
    text: String,
}

/// Where the output of a snippet is written, seen from the folder that it runs in.
pub(super) fn output(snippet: &Fence) -> PathBuf {
    PathBuf::from(format!(".output-{}", snippet.line))
}

impl Script {
    /// Of the snippets that are run. Installs the Pythons that they need.
    pub(super) fn new(sh: &Shell, fences: &[Fence]) -> anyhow::Result<Script> {
        let here = Addresses::find()?;
        let mut text = format!("port={} redis_port={}\n", here.server, here.redis);
        text.push_str(&fs::read_to_string(root().join("xtask/snippets/prelude.sh"))?);
        if fences.iter().any(|fence| fence.is_run() && fence.text.contains(REDIS)) {
            text.push_str("start_redis\n");
        }
        for (place, fence) in fences.iter().enumerate().filter(|(_, fence)| fence.is_run()) {
            let shown = fences.get(place + 1).filter(|next| next.follows).map_or("", |next| next.text.as_str());
            let refused = if shown.contains("\"error_code\"") { "refused" } else { "answered" };
            let (line, output) = (fence.line, output(fence));
            let snippet = snippet(sh, fence, &here)?;
            writeln!(text, "begin {line} {refused}\n{{\n{snippet}}} > {}", output.display())?;
        }
        Ok(Script { text })
    }

    /// Runs it in this folder; fails with the snippet's line and what it said.
    pub(super) fn run(&self, program: &Path, folder: &Path) -> anyhow::Result<()> {
        let file = folder.join(".snippets.sh");
        fs::write(&file, &self.text)?;
        let xtask = std::env::current_exe()?;
        let mut bash = Command::new("bash");
        bash.arg(&file).current_dir(folder).env("FERROCAST", program).env("XTASK", xtask);
        let ended = bash.output().context("cannot start bash")?;
        if !ended.status.success() {
            bail!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        }
        Ok(())
    }
}

/// What stands in for the addresses that the documents name.
#[derive(Debug)]
struct Addresses {
    server: u16,
    redis: u16,
}

impl Addresses {
    fn find() -> anyhow::Result<Addresses> {
        let server = free_port()?;
        let _taken = TcpListener::bind(("127.0.0.1", server))?;
        Ok(Addresses { server, redis: free_port()? })
    }

    fn put_into(&self, text: &str) -> String {
        let server = format!(":{}", self.server);
        let redis = format!("127.0.0.1:{}", self.redis);
        // In a package the program lies beside what tells of it.
        let text = text.replace("./ferrocast", "ferrocast").replace("http://server:", "http://127.0.0.1:");
        text.replace(":8000", &server).replace(REDIS, &redis)
    }
}

/// A snippet as bash.
fn snippet(sh: &Shell, fence: &Fence, here: &Addresses) -> anyhow::Result<String> {
    let text = here.put_into(&fence.text);
    Ok(match fence.language.as_str() {
        "python" => {
            let python = interpreter::of(sh, &text)?;
            format!("{} - <<'{END}'\n{text}{END}\n", python.display())
        }
        "toml" => {
            let first = text.lines().next().unwrap_or_default();
            let Some(file) = first.strip_prefix("# ").and_then(|comment| comment.split([' ', ':']).next()) else {
                bail!("line {}: the first line has to be a comment that names the file", fence.line);
            };
            format!("file {file} <<'{END}'\n{text}{END}\n")
        }
        _ if text.contains("python -m ") => {
            let python = interpreter::of(sh, &text)?;
            format!("python() {{ {} \"$@\"; }}\n{text}", python.display())
        }
        _ => text,
    })
}
