//! `ferrocast completions`: what makes a shell complete the command line.

use std::io::Write;

use clap_complete::{Generator, Shell};

use super::Done;
use crate::shown_cli::shown_cli;

/// Prints the script of this shell.
pub(crate) fn run(shell: Shell, out: &mut impl Write) -> Done {
    let mut command = shown_cli();
    command.set_bin_name("ferrocast");
    command.build();
    shell.try_generate(&command, out)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;
    use clap_complete::Shell;

    use super::run;
    use crate::shown_cli::shown_cli;

    #[test]
    fn every_shell_learns_every_command_and_flag() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            run(*shell, &mut script).unwrap();
            let script = String::from_utf8(script).unwrap();
            for command in shown_cli().get_subcommands() {
                assert!(script.contains(command.get_name()), "{shell}: {}", command.get_name());
                for flag in command.get_arguments().filter_map(clap::Arg::get_long) {
                    // fish has `-l flag` where others have `--flag`.
                    assert!(
                        script.contains(&format!("-{flag}")) || script.contains(&format!("-l {flag}")),
                        "{shell}: {flag}"
                    );
                }
            }
            assert!(!script.contains("try-model") && !script.contains("openapi"), "{shell} shows what is hidden");
        }
    }
}
