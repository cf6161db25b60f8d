//! What is made of the command line for shells and readers: completions and the manual.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::program::{ferrocast, folder, run};

/// The commands that the help lists.
fn commands() -> BTreeSet<String> {
    let (code, help, _) = run(ferrocast(folder().path()).arg("--help"));
    assert_eq!(code, Some(0));
    let (_, list) = help.split_once("\nCommands:\n").expect("a list of commands");
    let names = list.lines().take_while(|line| !line.is_empty()).filter_map(|line| {
        // Deeper are the further lines of a description.
        line.strip_prefix("  ").filter(|line| !line.starts_with(' '))?.split_whitespace().next()
    });
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// The long flags that the help of a command lists.
fn flags(command: &str) -> BTreeSet<String> {
    let (code, help, _) = run(ferrocast(folder().path()).args([command, "--help"]));
    assert_eq!(code, Some(0), "{command}");
    let of_line = |line: &str| {
        let words = line.trim_start().strip_prefix("-h, ").unwrap_or(line.trim_start());
        let flag =
            words.strip_prefix("--")?.split(|next: char| !(next.is_ascii_alphanumeric() || next == '-')).next()?;
        Some(format!("--{flag}"))
    };
    help.lines().filter_map(of_line).collect()
}

#[test]
fn the_completion_of_bash_is_bash() {
    let (code, script, said) = run(ferrocast(folder().path()).args(["completions", "bash"]));
    assert_eq!((code, said.as_str()), (Some(0), ""));
    let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().expect("bash starts");
    bash.stdin.take().expect("its input").write_all(script.as_bytes()).expect("it reads");
    assert!(bash.wait().expect("it ends").success());
}

/// As the shell does it when somebody presses Tab.
#[test]
fn bash_completes_commands_and_flags() {
    let (_, script, _) = run(ferrocast(folder().path()).args(["completions", "bash"]));
    let complete = |words: &str, current: usize| {
        let ask = format!(
            "{script}\nCOMP_WORDS=(ferrocast {words}); COMP_CWORD={current}\n\
             _ferrocast ferrocast \"${{COMP_WORDS[{current}]}}\"; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let (code, found, said) = run(Command::new("bash").args(["--norc", "-c", &ask]));
        assert_eq!(code, Some(0), "{said}");
        found.lines().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let found = complete("''", 1);
    assert!(commands().is_subset(&found), "{found:?}");
    assert!(!found.contains("try-model") && !found.contains("docs"), "{found:?}");
    let found = complete("new-key --", 2);
    assert!(flags("new-key").is_subset(&found), "{found:?}");
    assert_eq!(complete("completions zs", 2), BTreeSet::from(["zsh".to_owned()]));
}

#[test]
fn every_command_has_a_page_with_its_flags() {
    let folder = folder();
    let pages = folder.path().join("share/man1");
    let (code, _, said) = run(ferrocast(folder.path()).args(["man", "--out"]).arg(&pages));
    assert_eq!(code, Some(0), "{said}");
    let names = fs::read_dir(&pages).expect("it is there").map(|page| page.expect("a page").file_name());
    let names: BTreeSet<String> = names.map(|name| name.into_string().expect("text")).collect();
    let expected = commands().into_iter().map(|command| format!("ferrocast-{command}.1"));
    assert_eq!(names, expected.chain(["ferrocast.1".to_owned()]).collect());
    for command in commands() {
        let page = fs::read_to_string(pages.join(format!("ferrocast-{command}.1"))).expect("text");
        assert!(page.contains(".SH SYNOPSIS"), "{command}: {page}");
        // Hyphens are escaped, so that they can be copied out of the page.
        for flag in flags(&command) {
            assert!(page.contains(&flag.replace('-', "\\-")), "{command} lacks {flag}: {page}");
        }
    }
}

#[test]
fn the_first_page_names_the_commands() {
    let (code, page, said) = run(ferrocast(folder().path()).arg("man"));
    assert_eq!((code, said.as_str()), (Some(0), ""));
    assert!(page.contains("\n.TH ferrocast 1 ") && page.contains("\\-\\-default\\-model"), "{page}");
    for command in commands() {
        assert!(page.contains(&format!("ferrocast\\-{}(1)", command.replace('-', "\\-"))), "{command}: {page}");
    }
    assert!(!page.contains("try\\-model"), "{page}");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = folder();
    fs::write(folder.path().join("taken"), "").expect("a file");
    let (code, out, said) = run(ferrocast(folder.path()).args(["man", "--out", "taken"]));
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(said.starts_with("--out taken: "), "{said}");
}
