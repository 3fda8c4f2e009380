//! `hulplijn desk`: the desk, its rota, its PINs and its audit trail.

mod acts;
mod pin;

use super::Done;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Pin(pin::Arguments),
    Acts(acts::Arguments),
}

pub fn run(arguments: Arguments) -> Done {
    match arguments.command {
        Command::Pin(arguments) => pin::run(arguments),
        Command::Acts(arguments) => acts::run(arguments),
    }
}
