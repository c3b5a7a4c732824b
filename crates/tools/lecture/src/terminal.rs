//! Lines on the terminal.

use std::io::{self, Write};

/// Prints a line.
///
/// # Errors
/// Where nobody reads what the program prints any more: it is time to end.
pub fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}

/// Prints a line about something that is wrong. Where nobody reads it, there
/// is nobody to tell.
pub fn warn(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
