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

use crate::check::{Check, Lab};

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
        trial.interrupts(|| client.goes_along())
    },
};
