//! Finds, builds, starts, hears and ends programs: those of the workspace and
//! any other, with all that they start.
//!
//! - [`workspace`] is the folder that a tool works on, found when it runs.
//! - [`Build`] has cargo build programs of the workspace.
//! - [`Setup`] and [`Program`] start a program, and hear and end it.
//! - [`Port`] is a port that nobody else gets, and [`Folder`] a folder.
//! - [`say`] writes what this process itself has to say.
//!
//! What was started is ended, with all that it started: when its [`Program`]
//! is dropped, also by a panic; with [`end_on_signals`], on Ctrl-C, SIGTERM and
//! SIGHUP; and when this process is gone, in whatever way.
//!
//! - **Unix**: each program leads a process group. What leaves the group is
//!   found by its ancestors and, on Linux, by a mark in its environment, or
//!   because orphans become children of this process. When this process is
//!   gone, a shell that waited for that ends the rest. Only what had both left
//!   the tree and emptied its environment then stays, after SIGKILL alone.
//! - **Windows**: job objects, which the system ends.
//!
//! Nothing here has words for a person: errors are [`std::io::Error`] or
//! [`BuildError`], and the tools find the words.

mod build;
mod folder;
mod live;
mod output;
mod port;
mod program;
#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;
#[cfg(unix)]
mod table;
mod terminal;
mod usage;
mod workspace;

pub use build::{Build, BuildError, Target, cargo};
pub use folder::Folder;
pub use live::{
    end_all, end_all_and_exit, end_on_signals, on_signals, stop_if_ending,
};
pub use output::{Lines, Output};
pub use port::Port;
pub use program::{Program, Setup, Stream, was_interrupted};
pub use terminal::{say, takes_escapes};
pub use usage::{Usage, raise_descriptor_limit};
pub use workspace::workspace;
