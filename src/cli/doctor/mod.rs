//! `hulplijn doctor`: looks at a configuration as a keeper would, and says of each thing whether it is well and what to
//! do. It changes nothing, and shows no secret and no telephone number.
//!
//! What is wrong endangers callers or keeps the line from working; what is to be looked at may be as it should, and only
//! the keeper can tell. `serve` runs the part without network at its start and names what is wrong.

mod address;
mod files;
mod line;
mod machine;
mod rest;

use super::config::{Config, Flags, Mode};
use super::{Done, Failure, screen};
use serde::Serialize;
use std::path::PathBuf;

/// Look at a configuration as a keeper would: the public address, secrets, the machine, the desk; and say what to do.
/// Run it as the user the service runs as: `sudo -u hulplijn hulplijn doctor`. Nothing is changed, and nobody is called.
///
/// Exit code 0: nothing is wrong. 1: something is. 2: there is no configuration that can be looked at.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    flags: Flags,
    /// Print what was seen as JSON: one object, a list in `seen`
    #[arg(long)]
    json: bool,
    /// Ask nothing over the network: not the public address, its certificate, its answers, nor the provider
    #[arg(long)]
    offline: bool,
    /// Trust the certificates in this PEM file, instead of the system's, for the public address
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// How well a thing is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Ok,
    /// May be as it should: the keeper knows.
    Look,
    /// Endangers callers, or keeps the line from working.
    Wrong,
}

/// One thing that was looked at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Seen {
    /// `files`, `machine`, `clock`, `line`, `desk` or `address`.
    pub topic: &'static str,
    pub state: State,
    /// What was found, in one line.
    pub found: String,
    /// What to do; empty when there is nothing to do.
    pub todo: String,
}

impl Seen {
    fn ok(topic: &'static str, found: impl Into<String>) -> Seen {
        Seen { topic, state: State::Ok, found: found.into(), todo: String::new() }
    }

    fn look(topic: &'static str, found: impl Into<String>, todo: impl Into<String>) -> Seen {
        Seen { topic, state: State::Look, found: found.into(), todo: todo.into() }
    }

    fn wrong(topic: &'static str, found: impl Into<String>, todo: impl Into<String>) -> Seen {
        Seen { topic, state: State::Wrong, found: found.into(), todo: todo.into() }
    }
}

pub fn run(arguments: Arguments) -> Done {
    // It reads secrets, as the server does.
    let hardened = super::serve::harden();
    let config = Config::load(&arguments.flags, &super::environment).map_err(Failure::cannot)?;
    let mut seen = files::look(&config);
    seen.extend(machine::look(&config, hardened));
    seen.extend(machine::open_files(&config));
    seen.extend(line::look(&config));
    if config.mode == Mode::Demonstration {
        let todo = "set `public_url` and the auth token for a line that others can call";
        seen.push(Seen::look("address", "there is no public address: this is the demonstration", todo));
    } else if !config.calls() {
        seen.push(Seen::ok("address", "for texts only: Kannel asks on this machine, and there is no public address"));
    } else if arguments.offline {
        let todo = "run it without `--offline` before you rely on the line";
        seen.extend(rest::not_asked(&config));
        seen.push(Seen::look("address", "the public address was not asked", todo));
    } else {
        let asked = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let asked = asked.map_err(|error| Failure::cannot(format!("cannot start: {error}")))?;
        seen.extend(asked.block_on(rest::look(&config)));
        seen.extend(asked.block_on(address::look(&config, arguments.ca.as_deref())).map_err(Failure::cannot)?);
    }
    let what =
        config.file.as_ref().map_or_else(|| "no configuration file".to_owned(), |path| path.display().to_string());
    match arguments.json {
        true => screen::line(&json(&what, &seen)),
        false => screen::print(&text(&what, &seen, screen::colors(&std::io::stdout()))),
    }
    match count(&seen, State::Wrong) {
        0 => Ok(()),
        _ => Err(Failure::not_good("")),
    }
}

/// What is wrong, without asking anything over the network: for the start of `serve`. A sentence each.
pub fn wrong_at_start(config: &Config, hardened: bool) -> Vec<String> {
    if config.mode == Mode::Demonstration {
        return Vec::new();
    }
    let seen = files::look(config).into_iter().chain(machine::look(config, hardened));
    seen.filter(|seen| seen.state == State::Wrong).map(|seen| format!("WRONG: {}: {}", seen.found, seen.todo)).collect()
}

fn count(seen: &[Seen], state: State) -> usize {
    seen.iter().filter(|seen| seen.state == state).count()
}

fn text(what: &str, seen: &[Seen], colors: bool) -> String {
    let paint = |state: State| match (state, colors) {
        (State::Ok, true) => ("\x1b[32m", "ok   ", "\x1b[0m"),
        (State::Look, true) => ("\x1b[33m", "look ", "\x1b[0m"),
        (State::Wrong, true) => ("\x1b[1;31m", "wrong", "\x1b[0m"),
        (State::Ok, false) => ("", "ok   ", ""),
        (State::Look, false) => ("", "look ", ""),
        (State::Wrong, false) => ("", "wrong", ""),
    };
    let mut text = format!("{what}\n\n");
    for Seen { topic, state, found, todo } in seen {
        let (on, word, off) = paint(*state);
        text.push_str(&format!("{on}{word}{off}  {topic:<8} {found}\n"));
        if !todo.is_empty() {
            text.push_str(&format!("                -> {todo}\n"));
        }
    }
    let [wrong, look, ok] = [State::Wrong, State::Look, State::Ok].map(|state| count(seen, state));
    text.push_str(&format!("\n{wrong} wrong, {look} to look at, {ok} ok\n"));
    text
}

fn json(what: &str, seen: &[Seen]) -> String {
    let [wrong, look, ok] = [State::Wrong, State::Look, State::Ok].map(|state| count(seen, state));
    serde_json::json!({ "configuration": what, "wrong": wrong, "look": look, "ok": ok, "seen": seen }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen() -> Vec<Seen> {
        vec![
            Seen::ok("files", "`keyring` is this user's alone"),
            Seen::look("line", "nobody is told", "set `[alarm] command`"),
            Seen::wrong("clock", "it is 1970", "set it"),
        ]
    }

    #[test]
    fn the_screen() {
        insta::assert_snapshot!(text("/etc/hulplijn/hulplijn.toml", &seen(), false), @r"
        /etc/hulplijn/hulplijn.toml

        ok     files    `keyring` is this user's alone
        look   line     nobody is told
                        -> set `[alarm] command`
        wrong  clock    it is 1970
                        -> set it

        1 wrong, 1 to look at, 1 ok
        ");
        assert!(text("x", &seen(), true).contains("\x1b[1;31mwrong\x1b[0m  clock"));
    }

    #[test]
    fn what_a_program_reads() {
        let read: serde_json::Value = serde_json::from_str(&json("a.toml", &seen())).unwrap();
        assert_eq!(read["wrong"], 1);
        assert_eq!(read["seen"][2]["state"], "wrong");
        assert_eq!(read["seen"][1]["todo"], "set `[alarm] command`");
    }
}
