//! `deploy/Dockerfile`, as far as others rely on it.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, ensure};

use super::instruments::deploy;

/// What the image is started with.
#[derive(Debug)]
pub(super) struct Dockerfile {
    /// Of the last stage.
    pub(super) environment: BTreeMap<String, String>,
    /// Names and defaults of what a build may set, of all stages.
    pub(super) arguments: BTreeMap<String, String>,
    /// What the compiler is told.
    pub(super) rust_flags: String,
    pub(super) ports: Vec<u64>,
    /// Its user, and the owners of what is copied into it.
    pub(super) users: Vec<String>,
    pub(super) program: String,
    /// What the program is given to see whether the server is healthy.
    pub(super) health_check: Vec<String>,
}

impl Dockerfile {
    pub(super) fn read() -> anyhow::Result<Dockerfile> {
        let text = fs::read_to_string(deploy().join("Dockerfile")).context("cannot read deploy/Dockerfile")?;
        Dockerfile::parse(&text)
    }

    fn parse(text: &str) -> anyhow::Result<Dockerfile> {
        let all = instructions(text);
        let begin = all.iter().rposition(|(word, _)| word == "FROM").context("the Dockerfile has no FROM")?;
        let last = all.split_at(begin).1;
        let of = |wanted: &'static str| last.iter().filter(move |(word, _)| word == wanted).map(|(_, rest)| rest);
        let owners = of("COPY").filter_map(|rest| flag(rest, "--chown="));
        let health_check = of("HEALTHCHECK").next_back().and_then(|rest| Some(rest.split_once("CMD ")?.1));
        let (checker, health_check) = exec_form(health_check, "HEALTHCHECK with CMD")?;
        let (program, _) = exec_form(of("ENTRYPOINT").next_back().map(String::as_str), "ENTRYPOINT")?;
        ensure!(checker == program, "HEALTHCHECK starts {checker}, and ENTRYPOINT {program}");
        let users = of("USER").map(String::as_str).chain(owners);
        let dockerfile = Dockerfile {
            environment: of("ENV").flat_map(|rest| pairs(rest)).collect(),
            arguments: all.iter().filter(|(word, _)| word == "ARG").flat_map(|(_, rest)| pairs(rest)).collect(),
            rust_flags: quoted(&all, "RUSTFLAGS=").unwrap_or_default().to_owned(),
            ports: of("EXPOSE").filter_map(|port| port.parse().ok()).collect(),
            users: users.flat_map(|user_and_group| user_and_group.split(':')).map(str::to_owned).collect(),
            program,
            health_check,
        };
        ensure!(!dockerfile.users.is_empty(), "the Dockerfile has no USER");
        Ok(dockerfile)
    }
}

/// Each with its first word apart; continued lines are joined, comments are gone.
fn instructions(text: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.starts_with('#')).collect();
    let joined = lines.join("\n").replace("\\\n", " ");
    let words = joined.lines().filter_map(|line| line.split_once(' '));
    words.map(|(word, rest)| (word.to_owned(), rest.trim().to_owned())).collect()
}

/// `A=1 B=2`, of values without spaces.
fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split_whitespace()
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
}

/// A variable that a command is given, between quotes.
fn quoted<'a>(instructions: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let commands = instructions.iter().filter(|(word, _)| word == "RUN");
    commands.filter_map(|(_, rest)| rest.split_once(name)?.1.split('"').nth(1)).next()
}

fn flag<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.split_whitespace().find_map(|word| word.strip_prefix(name))
}

/// Program and arguments of an instruction.
fn exec_form(text: Option<&str>, instruction: &str) -> anyhow::Result<(String, Vec<String>)> {
    let text = text.with_context(|| format!("the Dockerfile has no {instruction}"))?;
    let words: Vec<String> = serde_json::from_str(text)
        .with_context(|| format!("{instruction}: {text} should be a list in JSON, as there is no shell"))?;
    let mut words = words.into_iter();
    Ok((words.next().with_context(|| format!("{instruction} names no program"))?, words.collect()))
}

#[cfg(test)]
mod tests {
    use super::Dockerfile;

    const TEXT: &str = r#"
# A comment.
ARG VERSION=1
FROM a AS builder
ENV LEFT=behind
USER root
RUN A=0 \
    RUSTFLAGS="-Ca -Cb" cargo build
FROM b
ENV A=1 \
    # Also in between.
    B=2
COPY --from=builder --chown=7:8 /a /b
USER 7:8
EXPOSE 80
HEALTHCHECK --interval=1s \
    CMD ["/p", "ready"]
ENTRYPOINT ["/p"]
"#;

    #[test]
    fn the_last_stage_is_what_runs() {
        let read = Dockerfile::parse(TEXT).unwrap();
        assert_eq!(read.environment.into_iter().map(|(name, value)| name + &value).collect::<Vec<_>>(), ["A1", "B2"]);
        assert_eq!(read.arguments.get("VERSION").map(String::as_str), Some("1"));
        assert_eq!(read.rust_flags, "-Ca -Cb");
        assert_eq!((read.ports, read.users), (vec![80], ["7", "8", "7", "8"].map(str::to_owned).to_vec()));
        assert_eq!((read.program.as_str(), read.health_check), ("/p", vec!["ready".to_owned()]));
    }

    #[test]
    fn a_shell_is_refused() {
        let error = Dockerfile::parse(&TEXT.replace(r#"["/p"]"#, "/p")).unwrap_err().to_string();
        assert!(error.contains("/p should be a list"), "{error}");
    }

    #[test]
    fn health_is_looked_after_by_the_same_program() {
        let error = Dockerfile::parse(&TEXT.replace(r#"["/p"]"#, r#"["/q"]"#)).unwrap_err().to_string();
        assert_eq!(error, "HEALTHCHECK starts /p, and ENTRYPOINT /q");
    }
}
