//! The labs: one module each, and a line for it in [`ALL`].

mod dashboard_ws;
mod gateway;
mod hub_async;
mod items_crud;
mod pipeline_zmq;
mod sensor_tcp;
mod telemetry_udp;
mod thermostat_mqtt;
mod work_queue_rabbitmq;

use std::time::Duration;

use crate::trial::{Outcome, Trial};

/// A lab as the checker knows it. Its sheet is `docs/labs/NAME.md`, its crate
/// `crates/labs/NAME`.
pub struct Lab {
    /// The crate's name.
    pub name: &'static str,
    /// What it is about, in a few words.
    pub title: &'static str,
    /// In the order in which a student gets there.
    pub checks: &'static [Check],
    /// Each says a little more than the one before.
    pub hints: &'static [&'static str],
}

/// One thing that a program must do.
pub struct Check {
    /// For CSV, JUnit and JSON: short, and never changed.
    pub name: &'static str,
    /// What it is about, in one line.
    pub about: &'static str,
    /// The likely cause of a failure, where nothing better is known.
    pub cause: &'static str,
    /// The slide's title, as the lecture has it.
    pub slide: &'static str,
    /// The crate that shows how, as `cargo run -p` takes it.
    pub read: &'static str,
    pub run: fn(&mut Trial) -> Outcome,
}

/// In the order of the lecture.
pub const ALL: &[&Lab] = &[
    &sensor_tcp::LAB,
    &telemetry_udp::LAB,
    &hub_async::LAB,
    &items_crud::LAB,
    &dashboard_ws::LAB,
    &thermostat_mqtt::LAB,
    &work_queue_rabbitmq::LAB,
    &pipeline_zmq::LAB,
    &gateway::LAB,
];

pub fn find(name: &str) -> Option<&'static Lab> {
    ALL.iter().find(|lab| lab.name == name).copied()
}

/// The last check of each server, where the system knows Ctrl-C: it ends, and
/// so does what it started.
#[cfg(unix)]
const CTRL_C: Check = Check {
    name: "ctrl_c",
    about: "Ctrl-C termina o programa, e com ele tudo o que ele iniciou",
    cause: "O programa apanha o Ctrl-C e não termina, ou espera por clientes \
            que não têm pressa.",
    slide: "Servidor TCP `asyncio` Python",
    read: "async_tcp_echo_server",
    run: |trial| {
        let mut client = trial.connect()?;
        client.writes(b"")?;
        trial.interrupts(Duration::from_secs(2))
    },
};
