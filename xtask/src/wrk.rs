//! The load generator `wrk`: a script with the bodies goes in, requests a second and latencies come out.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    process::{self, Command},
};

use anyhow::{Context, ensure};

use crate::{form, pinned::on_core};

/// What the script prints its results behind.
const MARK: &str = "measured:";

/// One run of the load generator.
#[derive(Debug)]
pub(crate) struct Load<'a> {
    pub(crate) url: &'a str,
    pub(crate) script: &'a Path,
    /// Requests in flight.
    pub(crate) connections: u32,
    pub(crate) seconds: u64,
    /// Whether it gets the second core for itself.
    pub(crate) pinned: bool,
}

/// What one run measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    /// Answers with status 200 a second.
    pub(crate) rate: f64,
    pub(crate) p50_milliseconds: f64,
    pub(crate) p99_milliseconds: f64,
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0}/s", self.rate)
    }
}

/// A file that is deleted with its owner.
#[derive(Debug)]
pub(crate) struct Script(PathBuf);

impl Script {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // A file left in the temporary folder does no harm.
        drop(fs::remove_file(&self.0));
    }
}

/// JSON, and the path that it is posted to.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) path: String,
    pub(crate) body: String,
}

/// Writes a script that posts the bodies in turn, to the path of the load's address.
pub(crate) fn script(bodies: &[String]) -> anyhow::Result<Script> {
    write(&in_turn(bodies.iter().map(|body| format!("{{ body = [==[{body}]==] }}"))))
}

/// Writes a script that posts these in turn, whatever path the load's address has.
pub(crate) fn posts_script(posts: &[Post]) -> anyhow::Result<Script> {
    write(&in_turn(posts.iter().map(|Post { path, body }| format!("{{ path = \"{path}\", body = [==[{body}]==] }}"))))
}

/// A script that posts what these tables of Lua say.
fn in_turn(posts: impl Iterator<Item = String>) -> String {
    let listed: String = posts.map(|post| format!("  {post},\n")).collect();
    // The requests are made once: composing each anew would slow the generator, not the server.
    format!(
        "wrk.method = \"POST\"\nwrk.headers[\"content-type\"] = \"application/json\"\nlocal posts = {{\n{listed}}}\n\
         local requests, turn = {{}}, 0\n\
         init = function()\n  \
         for at, post in ipairs(posts) do requests[at] = wrk.format(nil, post.path, nil, post.body) end\nend\n\
         request = function()\n  turn = turn % #requests + 1\n  return requests[turn]\nend\n{DONE}"
    )
}

/// Writes a script that posts the picture in a form.
pub(crate) fn form_script(picture: &[u8]) -> anyhow::Result<Script> {
    bytes_script(&[("content-type", &form::content_type())], &form::of(picture, "image/jpeg"))
}

/// Writes a script that posts these bytes.
pub(crate) fn bytes_script(headers: &[(&str, &str)], body: &[u8]) -> anyhow::Result<Script> {
    let headers: String =
        headers.iter().map(|(name, value)| format!("wrk.headers[\"{name}\"] = \"{value}\"\n")).collect();
    // Lua's strings hold any byte, written as a number.
    let escaped: String = body.iter().map(|byte| format!("\\{byte:03}")).collect();
    write(&format!("wrk.method = \"POST\"\n{headers}wrk.body = \"{escaped}\"\n{DONE}"))
}

/// The end of every script: what the run measured.
const DONE: &str = "done = function(summary, latency)\n  local errors = summary.errors\n  \
                    print(string.format(\"measured: %d %d %d %f %f\", summary.requests, summary.duration,\n    \
                    errors.connect + errors.read + errors.write + errors.status + errors.timeout,\n    \
                    latency:percentile(50), latency:percentile(99)))\nend\n";

fn write(text: &str) -> anyhow::Result<Script> {
    let path = std::env::temp_dir().join(format!("ferrocast-bench-{}.lua", process::id()));
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Script(path))
}

impl Load<'_> {
    /// Fails if a single answer was an error: errors are cheap, and would flatter the rate.
    pub(crate) fn run(&self) -> anyhow::Result<Sample> {
        let mut command = if self.pinned { on_core(1, "wrk") } else { Command::new("wrk") };
        command
            .args(["--threads", "1", "--connections", &self.connections.to_string()])
            .args(["--duration", &format!("{}s", self.seconds), "--script"])
            .arg(self.script)
            .arg(self.url);
        let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        read(&text).with_context(|| format!("{command:?}: {text}{}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// Reads the line that the script prints: requests, microseconds, errors, and two latencies in microseconds.
fn read(text: &str) -> anyhow::Result<Sample> {
    let line = text.lines().find_map(|line| line.strip_prefix(MARK)).context("wrk printed no result")?;
    let numbers: Vec<f64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let [requests, microseconds, errors, p50, p99] = numbers[..] else { anyhow::bail!("wrk printed {line}") };
    ensure!(errors == 0.0, "{errors} requests failed");
    Ok(Sample { rate: requests / microseconds * 1e6, p50_milliseconds: p50 / 1e3, p99_milliseconds: p99 / 1e3 })
}

#[cfg(test)]
mod tests {
    use super::{Post, Sample, posts_script, read};

    #[test]
    fn results_are_read() {
        let sample = read("Running 8s test\nmeasured: 16000 8000000 0 1500.0 4000.0\n").unwrap();
        assert_eq!(sample, Sample { rate: 2000.0, p50_milliseconds: 1.5, p99_milliseconds: 4.0 });
    }

    #[test]
    fn posts_have_their_paths() {
        let post = |path: &str| Post { path: path.to_owned(), body: "{\"x\": 1}".to_owned() };
        let script = posts_script(&["/a", "/b"].map(post)).unwrap();
        let text = std::fs::read_to_string(script.path()).unwrap();
        for part in ["{ path = \"/a\", body = [==[{\"x\": 1}]==] },\n", "{ path = \"/b\"", "wrk.format(nil, post.path"]
        {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn errors_are_no_result() {
        assert!(read("measured: 16000 8000000 1 1500.0 4000.0\n").is_err());
        assert!(read("unable to connect\n").is_err());
    }
}
