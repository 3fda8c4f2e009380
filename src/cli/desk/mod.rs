//! `hulplijn desk`: who answers, and when; PINs, and what counsellors did by telephone.

mod acts;
mod check;
pub mod file;
mod open;
mod pin;
mod rota;
mod who;

use super::Done;

/// Check the desk file, see who is reachable when, and who would ring; make PINs
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
    Pin(pin::Arguments),
    Acts(acts::Arguments),
}

pub fn run(arguments: Arguments) -> Done {
    match arguments.command {
        Command::Check(arguments) => check::run(arguments),
        Command::Rota(arguments) => rota::run(arguments),
        Command::Who(arguments) => who::run(arguments),
        Command::Pin(arguments) => pin::run(arguments),
        Command::Acts(arguments) => acts::run(arguments),
    }
}
