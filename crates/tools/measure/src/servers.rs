//! The programs under measurement.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use programs::{Program, Setup, Usage};

use crate::fallible::Fallible;

/// How long a program may take to say that it is ready.
const TO_START: Duration = Duration::from_secs(60);

/// How long a program that ends by itself may take.
const TO_END: Duration = Duration::from_secs(60);

/// A running server. It ends when this value is dropped.
pub struct Server {
    program: Program,
    /// What was looked for in its output.
    announced: String,
}

impl Server {
    /// Starts a server that was told to choose its port, and waits until it
    /// says which one, at the end of a line.
    ///
    /// # Errors
    /// Where it does not start, or does not say so in time.
    pub fn start(name: &str, command: Command) -> Fallible<Server> {
        Server::start_when(name, command, |line| {
            let word = line.rsplit([' ', '/']).next()?;
            let word = word.replace("localhost", "127.0.0.1");
            word.parse::<SocketAddr>().ok().map(|_| word)
        })
    }

    /// Starts a program, and waits for the line in which `find` finds what is
    /// wanted.
    ///
    /// # Errors
    /// Where it does not start, or no such line comes in time.
    pub fn start_when(
        name: &str,
        mut command: Command,
        find: fn(&str) -> Option<String>,
    ) -> Fallible<Server> {
        let program = Setup::new(&mut command)
            .without_input()
            .keeping(64 * 1024)
            .start()
            .map_err(|error| format!("{name} não arranca: {error}"))?;
        let start = Instant::now();
        let mut lines = program.stdout().lines();
        loop {
            let left = TO_START.saturating_sub(start.elapsed());
            let Ok(Some(line)) = lines.next(left) else {
                program.stderr().wait_for_end(Duration::from_millis(100));
                let errors = program.stderr().text();
                let errors = errors.trim();
                return Err(
                    format!("{name} não chegou a escutar: {errors}").into()
                );
            };
            if let Some(announced) = find(&line) {
                program.discard_output();
                return Ok(Server { program, announced });
            }
        }
    }

    /// Where the server listens.
    ///
    /// # Panics
    /// Where it was started by [`Server::start_when`] and found no address.
    pub fn address(&self) -> SocketAddr {
        self.announced.parse().expect("the address that was found")
    }

    /// What the process has used; `None` where the system does not tell.
    pub fn usage(&self) -> Option<Usage> {
        self.program.usage()
    }
}

/// Runs a program to its end, and gives what it printed.
///
/// # Errors
/// Where it does not start, fails, or does not end in time: its last words.
pub fn output_of(name: &str, mut command: Command) -> Fallible<String> {
    let program = Setup::new(&mut command).without_input().start()?;
    let Ok(status) = program.wait(TO_END) else {
        let seconds = TO_END.as_secs();
        return Err(format!("{name} não terminou em {seconds} s").into());
    };
    program.stdout().wait_for_end(Duration::from_secs(5));
    program.stderr().wait_for_end(Duration::from_secs(5));
    if !status.success() {
        let errors = program.stderr().text();
        let last = errors.trim().lines().next_back().unwrap_or_default();
        return Err(format!("{name}: {last}").into());
    }
    Ok(program.stdout().text())
}
