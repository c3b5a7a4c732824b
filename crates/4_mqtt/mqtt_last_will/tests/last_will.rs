//! The device ends in every way there is, with both brokers.

use testkit::mqtt::{Broker, Client};
use testkit::{Program, lesson, unused_address};

testkit::mqtt_broker_tests!(
    polite_end
    killed
    status_for_who_comes_late
    comes_back_after_the_broker
    device_ends_beside_its_broker
    watcher_ends_beside_its_broker
);

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

fn start(broker: &Broker, role: &str) -> Program {
    Program::start(lesson("mqtt_last_will").args([&broker.url(), role]))
}

/// The watcher, and the device, which the watcher has seen come.
fn watched(broker: &Broker, role: &str) -> (Program, Program) {
    let watcher = start(broker, "vigia");
    watcher.wait_for("À espera do estado dos dispositivos\n");
    let device = start(broker, role);
    watcher.wait_for("device/123/status: online\n");
    (watcher, device)
}

/// What a subscriber that comes now gets.
fn kept(broker: &Broker) -> String {
    let mut late = Client::new(broker.address());
    late.subscribe("device/123/status", 1);
    let message = late.receive();
    assert!(message.retained, "{message:?}");
    message.payload
}

#[cfg(unix)]
fn polite_end(broker: Broker) {
    let (watcher, mut device) = watched(&broker, "dispositivo");
    device.interrupt();
    let finished = device.finish();
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
    assert_eq!(finished.stdout, "device/123/status: online\n");
    assert_eq!(finished.stderr, "");
    let lines = watcher.wait_for_lines(3);
    assert_eq!(lines[2], "device/123/status: offline (despediu-se)");

    // And no will after it.
    let mut ears = Client::new(broker.address());
    ears.subscribe("device/+/status", 1);
    assert_eq!(ears.receive().payload, "offline (despediu-se)");
    assert!(ears.is_silent());
    assert_eq!(watcher.output().lines().count(), 3);
}

fn killed(broker: Broker) {
    let (watcher, mut device) = watched(&broker, "dispositivo");
    device.kill();
    let lines = watcher.wait_for_lines(3);
    assert_eq!(lines[2], "device/123/status: offline");
    assert_eq!(kept(&broker), "offline");
}

#[cfg(unix)]
fn status_for_who_comes_late(broker: Broker) {
    let (_watcher, mut device) = watched(&broker, "dispositivo");
    assert_eq!(kept(&broker), "online");
    device.interrupt();
    device.finish();
    assert_eq!(kept(&broker), "offline (despediu-se)");

    let mut late = start(&broker, "vigia");
    let lines = late.wait_for_lines(2);
    assert_eq!(lines[1], "device/123/status: offline (despediu-se)");
    late.interrupt();
    let finished = late.finish();
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
    assert_eq!(kept(&broker), "offline (despediu-se)");
}

/// Both say it, both come back, and the device says again that it is online.
fn comes_back_after_the_broker(mut broker: Broker) {
    let (watcher, device) = watched(&broker, "dispositivo");
    broker.kill();
    for program in [&watcher, &device] {
        program.wait_for_error("Ligação perdida.\n");
    }
    broker.restart();
    device.wait_for_lines(2);
    assert_eq!(kept(&broker), "online");
    let lines = watcher.wait_for_lines(4);
    assert_eq!(lines[2], "À espera do estado dos dispositivos");
    assert_eq!(lines[3], "device/123/status: online");
}

#[test]
fn no_such_role() {
    for arguments in [&[][..], &["banana"][..]] {
        Program::start(lesson("mqtt_last_will").args(arguments))
            .finish()
            .assert_fails_with("Que papel? Escolha um: vigia ou dispositivo.");
    }
}

fn device_ends_beside_its_broker(broker: Broker) {
    testkit::mqtt::ends_beside_its_broker(broker, |url| {
        let mut command = lesson("mqtt_last_will");
        let device = Program::start(command.args([url, "dispositivo"]));
        device.wait_for("online\n");
        device
    });
}

fn watcher_ends_beside_its_broker(broker: Broker) {
    testkit::mqtt::ends_beside_its_broker(broker, |url| {
        let mut command = lesson("mqtt_last_will");
        let watcher = Program::start(command.args([url, "vigia"]));
        watcher.wait_for("À espera");
        watcher
    });
}

#[test]
fn broker_that_hangs_up() {
    for role in ["vigia", "dispositivo"] {
        testkit::mqtt::knocks_about_once_a_second(|url| {
            Program::start(lesson("mqtt_last_will").args([url, role]))
        });
    }
}

#[cfg(unix)]
#[test]
fn second_ctrl_c_ends_it_at_once() {
    let roles = [("vigia", "À espera"), ("dispositivo", "online")];
    for (role, connected) in roles {
        let start = |url: &str| {
            Program::start(lesson("mqtt_last_will").args([url, role]))
        };
        testkit::mqtt::ends_at_a_second_ctrl_c(start, connected);
    }
}

#[test]
fn nobody_listens() {
    let (address, _streams) = unused_address();
    let url = format!("mqtt://{address}");
    for role in ["vigia", "dispositivo"] {
        Program::start(lesson("mqtt_last_will").args([url.as_str(), role]))
            .finish()
            .assert_fails_with(&format!(
                "Não foi possível ligar a {url} ([..]). Inicie primeiro o \
                 broker, noutro terminal: cargo run -p mqtt_broker"
            ));
    }
}
