//! Filters as a student types them, against both brokers.

use testkit::mqtt::{Broker, Client, Kind};
use testkit::{Program, lesson, unused_address};

testkit::mqtt_broker_tests!(
    shows_the_filters_of_each_message
    the_slides_filters_by_default
    everything_is_not_the_brokers_own
    messages_of_others
    comes_back_after_the_broker
    ends_beside_its_broker
);

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

fn start(broker: &Broker, filters: &[&str]) -> Program {
    let mut command = lesson("mqtt_wildcards");
    Program::start(command.arg(broker.url()).args(filters))
}

/// The lines in `expected`, each as often as this broker sends a message that
/// passes so many filters.
fn with_copies(broker: &Broker, expected: &[&str]) -> Vec<String> {
    let mut lines = Vec::new();
    for line in expected {
        let (_, filters) = line.split_once(" <- ").expect("an arrow");
        let copies = match broker.kind() {
            Kind::Lesson => filters.split(' ').count(),
            Kind::Mosquitto => 1,
        };
        lines.extend(vec![line.to_string(); copies]);
    }
    lines
}

fn shows_the_filters_of_each_message(broker: Broker) {
    let filters = ["building/floor1", "+/floor1/#", "building/+/+/light"];
    let program = start(&broker, &filters);
    let expected = with_copies(
        &broker,
        &[
            "building/floor1 <- building/floor1 +/floor1/#",
            "building/floor1/room102/light <- +/floor1/# building/+/+/light",
            "building/floor1/room103/light <- +/floor1/# building/+/+/light",
            "building/floor2/room102/light <- building/+/+/light",
            "building/floor2/room103/light <- building/+/+/light",
        ],
    );
    let lines = program.wait_for_lines(3 + expected.len());
    for (line, filter) in lines.iter().zip(filters) {
        assert_eq!(*line, format!("Subscrito a '{filter}'"));
    }
    assert_eq!(lines[3..], expected);
}

#[cfg(unix)]
fn the_slides_filters_by_default(broker: Broker) {
    let mut program = start(&broker, &[]);
    program.wait_for("building/floor2/room102/light <- ");
    program.interrupt();
    let finished = program.finish();
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
    assert_eq!(finished.stderr, "");
    let start = "Subscrito a 'building/+/room102/light'\n\
                 Subscrito a 'building/floor1/#'\n";
    assert!(finished.stdout.starts_with(start), "{finished:?}");
    assert!(!finished.stdout.contains("floor2/room103"), "{finished:?}");
}

/// `#` gets what applications publish and nothing of `$SYS`, which comes to
/// who asks for it.
fn everything_is_not_the_brokers_own(broker: Broker) {
    let program = start(&broker, &["#", "+/+/version"]);
    program.wait_for("building/floor2/room103/light <- #\n");
    // By now the broker's own would have come: they are retained.
    assert!(!program.output().contains("$SYS"), "{}", program.output());

    let program = start(&broker, &["#", "$SYS/#"]);
    program.wait_for("$SYS/broker/version <- $SYS/#\n");
    program.wait_for("building/floor2/room103/light <- #\n");
}

fn messages_of_others(broker: Broker) {
    let program = start(&broker, &["myhome/+/temperature"]);
    broker.wait_for_subscriptions(1);
    let mut other = Client::new(broker.address());
    other.publish("myhome/livingroom/humidity", "60", 0);
    other.publish("myhome/livingroom/temperature", "21", 0);
    let lines = program.wait_for_lines(2);
    assert_eq!(
        lines[1..],
        ["myhome/livingroom/temperature <- myhome/+/temperature"]
    );
}

fn comes_back_after_the_broker(mut broker: Broker) {
    let program = start(&broker, &["casa/#", "jardim/+"]);
    program.wait_for_lines(2);
    broker.kill();
    program.wait_for_error("Ligação perdida.\n");
    broker.restart();
    program.wait_for_lines(4);
    broker.wait_for_subscriptions(2);
    Client::new(broker.address()).publish("jardim/rega", "ligada", 0);
    program.wait_for("jardim/rega <- jardim/+\n");
}

/// It is told before anything is asked of a broker.
#[test]
fn invalid_filters() {
    for filter in ["a/#/b", "#/", "a#", "a/+b/c", "##", ""] {
        Program::start(lesson("mqtt_wildcards").args(["a/b", filter]))
            .finish()
            .assert_fails_with(&format!(
                "«{filter}»: «+» e «#» são um nível inteiro, «#» o último."
            ));
    }
}

fn ends_beside_its_broker(broker: Broker) {
    testkit::mqtt::ends_beside_its_broker(broker, |url| {
        let mut command = lesson("mqtt_wildcards");
        let program = Program::start(command.args([url, "#"]));
        program.wait_for(" <- #");
        program
    });
}

#[test]
fn broker_that_hangs_up() {
    testkit::mqtt::knocks_about_once_a_second(|url| {
        Program::start(lesson("mqtt_wildcards").args([url, "casa/#"]))
    });
}

#[cfg(unix)]
#[test]
fn second_ctrl_c_ends_it_at_once() {
    let start = |url: &str| {
        Program::start(lesson("mqtt_wildcards").args([url, "casa/#"]))
    };
    testkit::mqtt::ends_at_a_second_ctrl_c(start, "Subscrito");
}

#[test]
fn closed_output() {
    let broker = Broker::start(Kind::Lesson);
    let mut command = lesson("mqtt_wildcards");
    let command = command.args([&broker.url(), "casa/#"]);
    testkit::ends_when_cut_short(command, |_| {
        broker.wait_for_subscriptions(1);
        Client::new(broker.address()).publish("casa/luz", "ligada", 0);
    });
}

#[test]
fn nobody_listens() {
    let (address, _streams) = unused_address();
    let url = format!("mqtt://{address}");
    Program::start(lesson("mqtt_wildcards").args([&url, "casa/#"]))
        .finish()
        .assert_fails_with(&format!(
            "Não foi possível ligar a {url} ([..]). Inicie primeiro o broker, \
             noutro terminal: cargo run -p mqtt_broker"
        ));
}
