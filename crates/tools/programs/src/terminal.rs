//! Who reads what this process itself writes.

use std::env;
use std::io::{self, ErrorKind, IsTerminal, Write};

use crate::live;

/// Whether what is written there may have escape sequences in it: colours, or
/// a line that is written again. Only on a terminal; not where `NO_COLOR` is
/// set (<https://no-color.org>), nor on one that knows none (`TERM=dumb`).
pub fn takes_escapes(output: &impl IsTerminal) -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|set| !set.is_empty());
    let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    output.is_terminal() && !is_set("NO_COLOR") && !is_dumb
}

/// Writes to stdout, at once.
///
/// Who reads it may have seen enough (`| head -1`), or the disk is full, which
/// the system then says on stderr: there is nothing left to do, and every
/// program ends, and then this process, with status 1.
pub fn say(text: &str) {
    let mut stdout = io::stdout();
    let said = stdout.write_all(text.as_bytes());
    if let Err(error) = said.and_then(|()| stdout.flush()) {
        if error.kind() != ErrorKind::BrokenPipe {
            let _ = writeln!(io::stderr(), "stdout: {error}");
        }
        live::end_all_and_exit(1);
    }
}
