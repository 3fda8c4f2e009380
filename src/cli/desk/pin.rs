//! `hulplijn desk pin`: a PIN -> the line that stands for it in the desk file.

use crate::cli::{Done, Failure, assemble, screen};
use crate::privacy::Pin;
use std::io::{BufRead, IsTerminal, Read, Write};
use zeroize::Zeroizing;

/// Print the hash of a PIN for the desk file; the PIN is asked for twice and not shown, or read from standard input
#[derive(clap::Args)]
pub struct Arguments {}

/// Nobody types more, and no pipe has to be read further.
const TYPED_MOST: usize = 64;

pub fn run(_: Arguments) -> Done {
    let typed = match std::io::stdin().is_terminal() {
        true => typed_twice()?,
        false => piped()?,
    };
    let pin = Pin::new(&typed).map_err(Failure::cannot)?;
    screen::line(&pin.hash(assemble::random()).to_phc());
    Ok(())
}

/// The first line of standard input.
fn piped() -> Result<Zeroizing<String>, Failure> {
    let mut line = Zeroizing::new(String::with_capacity(TYPED_MOST));
    let most = u64::try_from(TYPED_MOST).unwrap_or_default();
    let read = std::io::stdin().lock().take(most).read_line(&mut line);
    read.map_err(|error| Failure::cannot(format!("cannot read the PIN: {error}")))?;
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

fn typed_twice() -> Result<Zeroizing<String>, Failure> {
    let first = typed("PIN: ")?;
    // What is wrong with it is said before it has to be typed again.
    Pin::new(&first).map_err(Failure::cannot)?;
    match typed("once more: ")? {
        second if second == first => Ok(first),
        _ => Err(Failure::cannot("the two PINs are not the same: nothing was made")),
    }
}

/// One line from the terminal, without showing it.
fn typed(question: &str) -> Result<Zeroizing<String>, Failure> {
    use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, read};
    eprint!("{question}");
    let _ = std::io::stderr().flush();
    let silent = Silent::new()?;
    let mut typed = Zeroizing::new(String::with_capacity(TYPED_MOST));
    let done = loop {
        let event = read().map_err(|error| Failure::cannot(format!("cannot read keys: {error}")))?;
        let Event::Key(key) = event else { continue };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c' | 'd') if control => break false,
            KeyCode::Esc => break false,
            KeyCode::Enter => break true,
            KeyCode::Char('j' | 'm') if control => break true,
            KeyCode::Backspace => drop(typed.pop()),
            KeyCode::Char(c) if !control && typed.len() + c.len_utf8() <= TYPED_MOST => typed.push(c),
            _ => {}
        }
    };
    drop(silent);
    eprintln!();
    if done { Ok(typed) } else { Err(Failure::cannot("no PIN was given: nothing was made")) }
}

/// The terminal shows nothing that is typed, until this is dropped.
struct Silent;

impl Silent {
    fn new() -> Result<Silent, Failure> {
        let raw = crossterm::terminal::enable_raw_mode();
        raw.map(|()| Silent).map_err(|error| Failure::cannot(format!("cannot read keys: {error}")))
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        let _ = crossterm::terminal::disable_raw_mode();
    }
}
