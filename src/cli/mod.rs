//! `cli`: one file a command, and the checked configuration. It composes the doors.
//!
//! Contract: exit code 0 done, 1 findings or an outcome that is not good, 2 could not be done (usage, files, network).
//! Must never contain: rules of the hotline.

mod add;
pub mod assemble;
mod audio;
pub mod call;
mod change;
mod check;
mod columns;
mod completions;
pub mod config;
mod desk;
mod diff;
mod doctor;
pub mod exchange;
mod explain;
mod fallback;
pub mod key;
pub mod lines;
mod manual;
mod map;
pub mod menus;
mod new;
mod places;
pub mod player;
mod publish;
mod rename;
mod revisions;
mod rollback;
mod schema;
mod screen;
mod serve;
pub mod sounds;
mod start;
mod stats;
pub mod story;
mod text;
pub mod walk;
mod wall;
mod watch;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// A hotline that the most basic phone can reach: menus in files, calls and texts through a TwiML provider.
#[derive(Parser)]
#[command(name = "hulplijn", version, about, max_term_width = 100, after_help = AFTER_HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Begin here:
  hulplijn serve                  the sample hotline on this machine; nothing is dialled
  hulplijn call                   a call in the terminal: press keys, read what is heard
  hulplijn call --keys 2,3,1      the same, keys given
  hulplijn text \"HELP\"            a text and its answer
  hulplijn check menus            everything that is wrong in a folder of menu files

Exit codes: 0 done, 1 findings or a call that went wrong, 2 could not be done.
Colours are used on a terminal only, and never when NO_COLOR is set.";

#[derive(Subcommand)]
enum Command {
    /// Answer calls and texts
    Serve(serve::Arguments),
    /// Play a call in the terminal
    Call(call::Arguments),
    /// Send a text and read the answer
    Text(text::Arguments),
    /// Say everything that is wrong in a folder of menu files
    Check(check::Arguments),
    /// Tell what a rule of `check` is for, and what to do when it speaks
    Explain(explain::Arguments),
    /// Print a JSON Schema of a menu file, for editors
    Schema(schema::Arguments),
    New(new::Arguments),
    Add(add::Arguments),
    Rename(rename::Arguments),
    Map(map::Arguments),
    Audio(audio::Arguments),
    Desk(desk::Arguments),
    /// Put a folder of menu files on the line
    Publish(publish::Arguments),
    /// Show what is on the line, and who put what there, when and why
    Revisions(revisions::Arguments),
    /// Show two revisions or folders side by side
    Diff(diff::Arguments),
    /// Put a former revision on the line again
    Rollback(rollback::Arguments),
    /// Play every way through a hotline and compare it with the proof
    Walk(walk::Arguments),
    /// Show what was counted, per day
    Stats(stats::Arguments),
    /// Write the document for the provider's fallback address
    Fallback(fallback::Arguments),
    /// Look at a configuration as a keeper would, and say what to do
    Doctor(doctor::Arguments),
    /// Care for the key ring that seals sessions
    Key(key::Arguments),
    /// Write the completions of a shell
    Completions(completions::Arguments),
    /// Write the manual pages
    Manual(manual::Arguments),
}

/// Why a command could not be done: lines for standard error, and the exit code.
pub struct Failure {
    code: u8,
    lines: String,
}

impl Failure {
    /// Could not be done: exit code 2.
    fn cannot(lines: impl std::fmt::Display) -> Failure {
        Failure { code: 2, lines: lines.to_string() }
    }

    /// Done, and the answer is no: exit code 1.
    fn not_good(lines: impl std::fmt::Display) -> Failure {
        Failure { code: 1, lines: lines.to_string() }
    }
}

type Done = Result<(), Failure>;

pub fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Call(arguments) => call::run(arguments),
        Command::Text(arguments) => text::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
        Command::Schema(arguments) => schema::run(arguments),
        Command::New(arguments) => new::run(arguments),
        Command::Add(arguments) => add::run(arguments),
        Command::Rename(arguments) => rename::run(arguments),
        Command::Map(arguments) => map::run(arguments),
        Command::Audio(arguments) => audio::run(arguments),
        Command::Desk(arguments) => desk::run(arguments),
        Command::Publish(arguments) => publish::run(arguments),
        Command::Revisions(arguments) => revisions::run(arguments),
        Command::Diff(arguments) => diff::run(arguments),
        Command::Rollback(arguments) => rollback::run(arguments),
        Command::Walk(arguments) => walk::run(arguments),
        Command::Stats(arguments) => stats::run(arguments),
        Command::Fallback(arguments) => fallback::run(arguments),
        Command::Doctor(arguments) => doctor::run(arguments),
        Command::Key(arguments) => key::run(arguments),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Manual(arguments) => manual::run(arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { code, lines }) => {
            if !lines.is_empty() {
                eprintln!("{}", lines.trim_end());
            }
            ExitCode::from(code)
        }
    }
}

/// Runs a command that waits for something.
fn block_on(work: impl Future<Output = Done>) -> Done {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::cannot(format!("cannot start: {error}")))?.block_on(work)
}

/// What the real environment says.
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
