//! Starts a program, tells its number, and waits for its end: a tool for this
//! crate's tests to interrupt and to kill.
//!
//! With `--handles` as its first argument it ends on signals as tools do.

use std::env;
use std::io;
use std::process::Command;
use std::time::Duration;

use programs::{Folder, Setup};

fn main() -> io::Result<()> {
    let mut words: Vec<_> = env::args_os().skip(1).collect();
    if words[0] == "--handles" {
        words.remove(0);
        programs::end_on_signals(|| {})?;
    }
    let folder = Folder::new("starts")?;
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    let program = Setup::new(&mut command).inheriting_stderr().start()?;
    println!("{}", folder.path().display());
    let mut lines = program.stdout().lines();
    while let Some(line) = lines.next(Duration::MAX)? {
        println!("{line}");
    }
    program.wait(Duration::MAX)?;
    Ok(())
}
