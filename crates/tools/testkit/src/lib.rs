//! The test kit: starts a lesson's program as a student would, reads what it
//! prints, talks to it over real sockets, and leaves no process behind.
//!
//! - [`Program`] is a running program; [`lesson`] and [`peer`] say which.
//! - [`run_console_blocks`] executes the transcript in a lesson's header.
//! - [`Browser`] is a page in a real browser.
//! - [`mqtt`] starts brokers on ports of their own and talks to them.
//! - [`tcp_echo`] and [`udp_echo`] are the checks that every echo server
//!   passes, each over a real socket; [`http`] has those of an HTTP server.
//! - [`endpoints`] are free ZeroMQ endpoints, and the checks on bad ones.
//! - [`RabbitMq`] is a broker of the test's own, on private ports.
//!
//! Every wait ends at [`DEADLINE`]: a test that would hang fails instead.

mod browser;
mod command;
mod console;
pub mod endpoints;
pub mod http;
pub mod mqtt;
mod net;
mod program;
mod rabbitmq;
pub mod tcp_echo;
pub mod udp_echo;

use std::time::Duration;

pub use browser::Browser;
pub use command::{lesson, peer, python, workspace};
pub use console::{run_console_blocks, run_console_blocks_beside};
pub use net::{
    PATIENCE, connect, ends_when_cut_short, ends_when_it_cannot_print,
    free_ports, refuses_addresses, reset, unused_address,
};
pub use program::{Finished, Program};
pub use programs::raise_descriptor_limit;
pub use rabbitmq::RabbitMq;

/// The longest that anything is waited for. A healthy program takes
/// milliseconds; the rest is room for a machine that is busy.
pub const DEADLINE: Duration = Duration::from_secs(30);
