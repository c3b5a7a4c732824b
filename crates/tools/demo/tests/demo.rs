//! The demo as a lecturer runs it.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use programs::Setup;
use testkit::{DEADLINE, Program, lesson};

fn demo(words: &[&str]) -> Command {
    let mut command = lesson("demo");
    command.args(words);
    command
}

#[test]
fn shows_server_and_client_together() {
    let finished = Program::start(&mut demo(&["tcp_echo_server"])).finish();
    assert!(finished.status.success(), "{finished:?}");
    let mut lines: Vec<&str> = finished.stdout.lines().collect();
    lines.sort_unstable(); // who speaks first varies
    assert_eq!(lines.len(), 4, "{finished:?}");
    assert_eq!(lines[0], "tcp_echo_client │ Eco recebido: Ola, mundo");
    assert!(lines[1].starts_with("tcp_echo_server │ Ligado por 127.0.0.1:"));
    assert_eq!(lines[2], "tcp_echo_server │ Recebido: Ola, mundo");
    let address = "Servidor TCP a escutar em 127.0.0.1:65432";
    assert_eq!(lines[3], format!("tcp_echo_server │ {address}"));
}

#[test]
fn a_wrong_command_is_told() {
    for (words, says) in [
        (&["banana"][..], "Que lição?"),
        (&[], "Que lição?"),
        (&["../tools"], "Que lição?"),
        (&["demo", "banana"], "«banana» está a mais."),
        (&["--banana"], "Essa opção não existe."),
    ] {
        let finished = Program::start(&mut demo(words)).finish();
        assert_eq!(finished.status.code(), Some(2), "{finished:?}");
        assert!(finished.stderr.contains(says), "{finished:?}");
        assert!(!finished.stderr.contains("panicked"), "{finished:?}");
    }
}

/// A lesson whose broker is no lesson: the demo starts one.
#[test]
fn brings_the_broker() {
    let finished = Program::start(&mut demo(&["rabbitmq_producer"]))
        .finish_within(DEADLINE * 6);
    assert!(finished.status.success(), "{finished:?}");
    let said = "rabbitmq_producer │ Enviada: regar a horta\n";
    assert!(finished.stdout.contains(said), "{finished:?}");
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let mut command = demo(&["tcp_echo_server"]);
    command.env("CARGO_TARGET_DIR", file!()); // a folder inside a file
    let finished = Program::start(&mut command).finish();
    assert_eq!(finished.status.code(), Some(1), "{finished:?}");
    let says = "Não se pode escrever em";
    assert!(finished.stderr.contains(says), "{finished:?}");
    assert!(!finished.stderr.contains("panicked"), "{finished:?}");
}

/// `just demo tcp_echo_server | head -0`
#[test]
fn ends_quietly_when_nobody_reads() {
    let (reader, output) = std::io::pipe().expect("make a pipe");
    // At once: after its first line, it might have written all the others.
    drop(reader);
    let mut command = demo(&["tcp_echo_server"]);
    let running = Setup::new(&mut command).writing_to(output).start();
    let running = running.expect("start the demo");
    let status = running.wait(DEADLINE).expect("its end");
    assert_eq!(status.code(), Some(1));
    assert!(running.left_behind(DEADLINE).is_empty());
    assert!(running.stderr().wait_for_end(DEADLINE));
    let errors = running.stderr().text();
    assert!(!errors.contains("panicked"), "{errors}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told() {
    let full = fs::File::create("/dev/full").expect("a full disk");
    let mut command = demo(&["--help"]);
    let running = Setup::new(&mut command).writing_to(full).start();
    let running = running.expect("start the demo");
    let status = running.wait(DEADLINE).expect("its end");
    assert_eq!(status.code(), Some(1));
    assert!(running.stderr().wait_for_end(DEADLINE));
    let errors = running.stderr().text();
    assert!(errors.starts_with("stdout: "), "{errors}");
}

/// On a terminal, which `script` makes.
#[test]
#[cfg(target_os = "linux")]
fn colours_only_for_who_wants_them() {
    let shown = |variable: &str, value: &str| {
        let path = lesson("demo").get_program().to_os_string();
        let demo = format!("{} tcp_echo_server", path.display());
        let mut command = Command::new("script");
        command.args(["-qec", &demo, "/dev/null"]);
        // Where `CI` is set, cargo has colours on any terminal.
        command
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            .env_remove("CI");
        command.env(variable, value);
        let finished = Program::start(&mut command).finish();
        assert!(finished.status.success(), "{finished:?}");
        assert!(finished.stdout.contains("Eco recebido"), "{finished:?}");
        finished.stdout.contains('\x1b')
    };
    assert!(shown("TERM", "xterm"));
    assert!(!shown("NO_COLOR", "1"));
    assert!(!shown("TERM", "dumb"));
}

/// What Wireshark is asked of each packet. The last ones tell of all messages
/// in it, where its `Info` may tell of one.
const FIELDS: [&str; 10] = [
    "_ws.col.Protocol",
    "_ws.col.Info",
    "_ws.expert",
    "tcp.stream",
    "udp.stream",
    "http.request.uri",
    "http.response.code",
    "websocket.opcode",
    "mqtt.msgtype",
    "amqp.method.method",
];

/// What Wireshark makes of a capture: one packet a line, its fields separated by
/// tabs. Every checksum must be right.
fn wireshark(file: &Path) -> String {
    let mut tshark = Command::new("tshark");
    for checked in ["ip", "tcp", "udp"] {
        tshark.args(["-o", &format!("{checked}.check_checksum:TRUE")]);
    }
    tshark.arg("-r").arg(file).args(["-T", "fields"]);
    for field in FIELDS {
        tshark.args(["-e", field]);
    }
    let output = tshark
        .output()
        .expect("tshark is missing: apt-get install tshark");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn keeps_what_passes_for_wireshark() {
    for (lesson, wanted) in [
        ("tcp_echo_server", &[("tcp.stream", "0")][..]),
        ("udp_echo_server", &[("udp.stream", "0")]),
        (
            "items_api",
            &[
                ("http.request.uri", "/items/1"),
                ("http.response.code", "404"),
            ],
        ),
        (
            "ws_chat_server",
            &[("http.response.code", "101"), ("websocket.opcode", "1")],
        ),
        (
            "mqtt_publisher",
            &[("mqtt.msgtype", "1"), ("mqtt.msgtype", "3")],
        ),
        // Connection.Start, and Basic.Publish.
        (
            "rabbitmq_producer",
            &[("amqp.method.method", "10"), ("amqp.method.method", "40")],
        ),
    ] {
        let name = format!("demo-{}-{lesson}.pcapng", std::process::id());
        let file = env::temp_dir().join(name);
        let mut command = demo(&[lesson, "--capture"]);
        command.arg(&file);
        let finished = Program::start(&mut command).finish_within(DEADLINE * 6);
        assert!(finished.status.success(), "{finished:?}");
        assert!(finished.stderr.contains("wireshark"), "{finished:?}");
        let seen = wireshark(&file);
        fs::remove_file(&file).expect("remove the capture");
        for (field, value) in wanted {
            let place = FIELDS.iter().position(|asked| asked == field);
            let place = place.expect("one that is asked for");
            let mut values = seen
                .lines()
                .filter_map(|line| line.split('\t').nth(place))
                .flat_map(|values| values.split(','));
            let is_there = values.any(|found| found == *value);
            assert!(is_there, "{lesson} without {field} {value}:\n{seen}");
        }
        for wrong in ["Malformed", "(Error", "checksum"] {
            assert!(!seen.contains(wrong), "{lesson}, {wrong}:\n{seen}");
        }
        // RabbitMQ itself resets a client that leaves without a word.
        let resets = lesson == "rabbitmq_producer" || !seen.contains("[RST");
        assert!(resets, "{lesson}:\n{seen}");
    }
}

#[test]
fn a_capture_that_cannot_be_written_is_told_before_anything_runs() {
    let words = ["tcp_echo_server", "--capture", "/dev/null/eco.pcapng"];
    let finished = Program::start(&mut demo(&words)).finish();
    assert_eq!(finished.status.code(), Some(1), "{finished:?}");
    let says = "Não foi possível escrever em /dev/null/eco.pcapng";
    assert!(finished.stderr.contains(says), "{finished:?}");
    assert_eq!(finished.stdout, "");
    let finished = Program::start(&mut demo(&words[..2])).finish();
    assert_eq!(finished.status.code(), Some(2), "{finished:?}");
    assert!(
        finished.stderr.contains("A --capture falta"),
        "{finished:?}"
    );
}
