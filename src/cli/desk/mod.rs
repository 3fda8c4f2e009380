//! `hulplijn desk`: who answers, and when.

mod check;
pub mod file;
mod open;
mod rota;
mod who;

use super::Done;

/// Check the desk file, see who is reachable when, and who would ring
///
/// Nobody's number is ever printed.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Check(check::Arguments),
    Rota(rota::Arguments),
    Who(who::Arguments),
}

pub fn run(arguments: Arguments) -> Done {
    match arguments.command {
        Command::Check(arguments) => check::run(arguments),
        Command::Rota(arguments) => rota::run(arguments),
        Command::Who(arguments) => who::run(arguments),
    }
}
