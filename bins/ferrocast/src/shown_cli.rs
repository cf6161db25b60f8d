//! The command line as completions and manual pages show it: without what is hidden, which their makers know nothing of.

use clap::{Command, CommandFactory};

use crate::cli::Cli;

/// The definition of the command line, its hidden commands left out.
pub(crate) fn shown_cli() -> Command {
    let whole = Cli::command();
    // There is no way to take a command out of a definition, so another one is made of what is shown.
    Command::new("ferrocast")
        .version(env!("CARGO_PKG_VERSION"))
        .about(whole.get_about().cloned().unwrap_or_default())
        .after_help(whole.get_after_help().cloned().unwrap_or_default())
        .args_conflicts_with_subcommands(whole.is_args_conflicts_with_subcommands_set())
        .args(whole.get_arguments())
        .subcommands(whole.get_subcommands().filter(|command| !command.is_hide_set()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::shown_cli;
    use crate::cli::Cli;

    #[test]
    fn nothing_but_hidden_commands_is_left_out() {
        let (mut whole, mut shown) = (Cli::command(), shown_cli());
        let kept: Vec<&str> = shown.get_subcommands().map(clap::Command::get_name).collect();
        assert!(kept.contains(&"serve") && !kept.contains(&"try-model"), "{kept:?}");
        assert_eq!(shown.render_help().to_string(), whole.render_help().to_string());
    }
}
