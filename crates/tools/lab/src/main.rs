//! The labs' checker: `cargo run -p lab`.
//!
//! A student's program, in any language, is a black box that gets its address
//! as an argument. [`labs`] says what each lab asks of it, one module a lab;
//! [`run`] runs those checks, each in a [`trial`] with a program of its own,
//! the [`peers`] that talk to it and the [`brokers`] that it needs; [`report`]
//! tells what came of them.

// Where there is no Ctrl-C for one program alone, its checks are left out, and
// nobody needs what only they use.
#![cfg_attr(not(unix), allow(dead_code, unused_imports))]

mod arguments;
mod brokers;
mod bytes;
mod check;
mod commands;
mod doctor;
mod grade;
mod labs;
mod limits;
mod machine;
mod memory;
mod notebook;
mod outcome;
mod peers;
mod program;
mod random;
mod report;
mod run;
mod starter;
mod terminal;
mod trial;
mod watch;
mod workspace;

use std::env;
use std::process::ExitCode;

use commands::Trouble;
use terminal::note;

fn main() -> ExitCode {
    // Ctrl-C, and what else asks a program to end (SIGTERM, a closed window).
    let _ = programs::end_on_signals(grade::say_what_stays);
    // For a thousand clients: half of each connection is here, and the other
    // in the program, which inherits the limit.
    programs::raise_descriptor_limit();
    let command = match arguments::understood(env::args_os().skip(1).collect())
    {
        Ok(command) => command,
        Err(what) => {
            note(&format!("{what}\nOs comandos: cargo run -p lab -- help"));
            return ExitCode::from(2);
        }
    };
    let done = commands::done(command);
    // A broker that serves more than one check.
    programs::end_all();
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(Trouble::Failed(what)) => {
            note(&what);
            ExitCode::FAILURE
        }
        Err(Trouble::Usage(what)) => {
            note(&what);
            ExitCode::from(2)
        }
    }
}
