//! The terminal, or what stands in its place.

use std::env;
use std::io::{self, IsTerminal, Write};

/// Writes to stdout. Who reads it may have seen enough (`| head`): then there
/// is nothing left to do.
pub fn say(text: &str) {
    let mut stdout = io::stdout();
    let said = stdout.write_all(text.as_bytes());
    if said.and_then(|()| stdout.flush()).is_err() {
        programs::end_all();
        std::process::exit(1);
    }
}

/// Whether a terminal is to get escape sequences: not with `NO_COLOR`, nor
/// where it knows none (`TERM=dumb`).
pub fn takes_escapes(terminal: &impl IsTerminal) -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|set| !set.is_empty());
    let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    terminal.is_terminal() && !is_set("NO_COLOR") && !is_dumb
}

/// The text in a colour, or another form, where it can be.
pub fn paint(code: &str, text: &str) -> String {
    if takes_escapes(&io::stdout()) {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_string()
    }
}
