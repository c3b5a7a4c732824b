//! The `console` blocks of a lesson's header, as plays.
//!
//! A block is one play on one or more terminals:
//!
//! ```text
//! $ cargo run -p tcp_echo_server          a terminal, and what runs in it
//! Ligado por 127.0.0.1:[..]               a line that it prints; [..] varies
//! ...                                     last lines, as many as there are
//! > olá                                   a line that the student types
//! ^D  or  ^C                              a key that the student presses
//!                                         a blank line: see below
//! # noutro terminal                       a remark, not executed
//! ```
//!
//! The terminals start in their order, each when the one before it has printed
//! its first line; or, where a blank line stands within its output, the lines
//! before that. After that each goes its own way: it types and presses keys
//! when all lines above have appeared.
//!
//! Who ends by itself comes before who is interrupted, so that no Ctrl-C cuts
//! off an answer that is on its way. Where a blank line stands before `^C`, it
//! is pressed when all the others have ended, those that are interrupted, too.
//!
//! [`Transcript`] is what the block says; [`play`] does it, on ports of its
//! own, and tells what came. Whether that is what should have come is for who
//! asks to say.

mod address;
mod parse;
mod play;
mod ports;

pub use parse::{Malformed, Step, Terminal, Transcript};
pub use play::{Event, Failure, Performance, Why, play, play_through};
pub use ports::Ports;
