//! `hulplijn completions`: what a shell needs to complete the commands and flags of this program.

use super::{Arguments as Program, Done};
use clap::CommandFactory;
use clap_complete::Shell;

/// Standard output; for bash: hulplijn completions bash > ~/.local/share/bash-completion/completions/hulplijn
#[derive(clap::Args)]
pub struct Arguments {
    shell: Shell,
}

pub fn run(arguments: Arguments) -> Done {
    let mut page = Vec::new();
    clap_complete::generate(arguments.shell, &mut Program::command(), "hulplijn", &mut page);
    super::screen::print(&String::from_utf8_lossy(&page));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn every_shell_learns_every_command() {
        for shell in Shell::value_variants() {
            let mut page = Vec::new();
            clap_complete::generate(*shell, &mut Program::command(), "hulplijn", &mut page);
            let page = String::from_utf8(page).unwrap();
            for command in Program::command().get_subcommands() {
                assert!(page.contains(command.get_name()), "{shell}: {}", command.get_name());
            }
        }
    }
}
