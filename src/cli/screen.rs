//! Whether and how to write to a terminal.

use std::io::{IsTerminal, Write};

/// Colours only on a terminal, and never against NO_COLOR (no-color.org).
pub fn colors(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && super::environment("NO_COLOR").is_none()
}

/// Writes to standard output; a reader that has gone away (`| head`) is not an error.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// One line to standard output.
pub fn line(text: &str) {
    print(&format!("{text}\n"));
}
