//! Lines on the terminal.

use std::io::{self, Write};

/// Prints a line about something that is wrong. Where nobody reads it, there
/// is nobody to tell.
pub fn warn(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
