//! What each level costs and promises, with both brokers.

use testkit::mqtt::{Broker, Kind};
use testkit::{Program, lesson, unused_address};

testkit::mqtt_broker_tests!(
    level_0
    level_1
    level_2
    all_levels_one_after_another
    many_at_once
);

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

fn output(broker: &Broker, arguments: &[&str]) -> String {
    let mut command = lesson("mqtt_qos");
    let finished =
        Program::start(command.arg(broker.url()).args(arguments)).finish();
    assert!(finished.status.success(), "{finished:?}");
    assert_eq!(finished.stderr, "");
    finished.stdout
}

/// PUBLISH at QoS 0: 2 bytes of header, 2 + 10 of topic, 6 of payload; the
/// other levels add 2 for the packet's number, and so do their answers.
const LEVEL_0: &str = "\
QoS 0
  -> PUBLISH 2 + 18 bytes
  Cópias recebidas: 1
QoS 0, com corte no PUBLISH
  -> PUBLISH 2 + 18 bytes (cortado)
  Cópias recebidas: 0
";

const LEVEL_1: &str = "\
QoS 1
  -> PUBLISH 2 + 20 bytes
  <- PUBACK  2 + 2 bytes
  Cópias recebidas: 1
QoS 1, com corte no PUBLISH
  -> PUBLISH 2 + 20 bytes (cortado)
  -> PUBLISH 2 + 20 bytes (repetido)
  <- PUBACK  2 + 2 bytes
  Cópias recebidas: 1
QoS 1, com corte no PUBACK
  -> PUBLISH 2 + 20 bytes
  <- PUBACK  2 + 2 bytes (cortado)
  -> PUBLISH 2 + 20 bytes (repetido)
  <- PUBACK  2 + 2 bytes
  Cópias recebidas: 2
";

/// Without its last two lines.
const LEVEL_2: &str = "\
QoS 2
  -> PUBLISH 2 + 20 bytes
  <- PUBREC  2 + 2 bytes
  -> PUBREL  2 + 2 bytes
  <- PUBCOMP 2 + 2 bytes
  Cópias recebidas: 1
QoS 2, com corte no PUBLISH
  -> PUBLISH 2 + 20 bytes (cortado)
  -> PUBLISH 2 + 20 bytes (repetido)
  <- PUBREC  2 + 2 bytes
  -> PUBREL  2 + 2 bytes
  <- PUBCOMP 2 + 2 bytes
  Cópias recebidas: 1
QoS 2, com corte no PUBREC
  -> PUBLISH 2 + 20 bytes
  <- PUBREC  2 + 2 bytes (cortado)
  -> PUBLISH 2 + 20 bytes (repetido)
  <- PUBREC  2 + 2 bytes
  -> PUBREL  2 + 2 bytes
  <- PUBCOMP 2 + 2 bytes
  Cópias recebidas: 1
QoS 2, com corte no PUBREL
  -> PUBLISH 2 + 20 bytes
  <- PUBREC  2 + 2 bytes
  -> PUBREL  2 + 2 bytes (cortado)
  -> PUBREL  2 + 2 bytes
  <- PUBCOMP 2 + 2 bytes
  Cópias recebidas: 1
QoS 2, com corte no PUBCOMP
  -> PUBLISH 2 + 20 bytes
  <- PUBREC  2 + 2 bytes
  -> PUBREL  2 + 2 bytes
  <- PUBCOMP 2 + 2 bytes (cortado)
  -> PUBREL  2 + 2 bytes
";

fn level_0(broker: Broker) {
    assert_eq!(output(&broker, &["0"]), LEVEL_0);
}

fn level_1(broker: Broker) {
    assert_eq!(output(&broker, &["1"]), LEVEL_1);
}

fn level_2(broker: Broker) {
    assert_eq!(output(&broker, &["2"]), expected_level_2(&broker));
}

fn expected_level_2(broker: &Broker) -> String {
    // To a PUBREL whose number it knows no more, mqtt5 answers as MQTT 5 does,
    // with a reason, in a connection of 3.1.1; the lesson shows it.
    let size = match broker.kind() {
        Kind::Lesson => 4,
        Kind::Mosquitto => 2,
    };
    format!("{LEVEL_2}  <- PUBCOMP 2 + {size} bytes\n  Cópias recebidas: 1\n")
}

fn all_levels_one_after_another(broker: Broker) {
    let expected =
        [LEVEL_0, LEVEL_1, expected_level_2(&broker).as_str()].concat();
    assert_eq!(output(&broker, &[]), expected);
}

/// A class with one broker: nobody counts another's messages.
fn many_at_once(broker: Broker) {
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| assert_eq!(output(&broker, &["1"]), LEVEL_1));
        }
    });
}

#[test]
fn level_that_is_none() {
    for wrong in ["3", "-1", "banana", ""] {
        Program::start(lesson("mqtt_qos").arg(wrong))
            .finish()
            .assert_fails_with(&format!(
                "«{wrong}» não é um nível de QoS: há o 0, o 1 e o 2. Um \
                 exemplo: cargo run -p mqtt_qos -- 1"
            ));
    }
}

#[test]
fn nobody_listens() {
    let (address, _streams) = unused_address();
    let url = format!("mqtt://{address}");
    Program::start(lesson("mqtt_qos").args([&url, "0"]))
        .finish()
        .assert_fails_with(&format!(
            "Não foi possível ligar a {url} ([..]). Inicie primeiro o broker, \
             noutro terminal: cargo run -p mqtt_broker"
        ));
}
