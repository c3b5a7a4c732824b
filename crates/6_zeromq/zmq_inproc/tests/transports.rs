//! The three transports, measured.

use testkit::endpoints::{FREE_PORT, Ipc, refused};
use testkit::{Program, lesson};

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

/// Only the transports that were asked for, each with a plausible figure.
#[test]
fn endpoints_as_arguments() {
    let ipc = Ipc::new();
    let finished = Program::start(lesson("zmq_inproc").args([
        FREE_PORT,
        "inproc://x",
        &ipc.endpoint(),
    ]))
    .finish();
    assert!(finished.status.success(), "{finished:?}");
    let lines: Vec<&str> = finished.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{finished:?}");
    assert!(lines[0].starts_with("tcp://127.0.0.1:"));
    assert!(lines[1].starts_with("inproc://x: "));
    assert!(lines[2].starts_with(&ipc.endpoint()));
    for line in lines {
        let figure = line.strip_suffix(" idas e voltas por segundo");
        let figure = figure.and_then(|line| line.rsplit(' ').next());
        let figure: u32 = figure.expect("a figure").parse().expect("a number");
        assert!((10..10_000_000).contains(&figure), "{line}");
    }
}

#[test]
fn endpoint_refused() {
    refused(
        "zmq_inproc",
        true,
        "«ENDPOINT» não serve ([..]). Tente tcp://127.0.0.1:*",
    );
}

/// While it measures each of the transports.
#[cfg(unix)]
#[test]
fn ctrl_c() {
    let ipc = Ipc::new();
    for endpoint in ["inproc://x", &ipc.endpoint(), FREE_PORT] {
        let arguments = ["inproc://first", endpoint];
        let program = Program::start(lesson("zmq_inproc").args(arguments));
        program.wait_for_lines(1);
        let output = testkit::endpoints::ends_with_ctrl_c(program);
        assert_eq!(output.lines().count(), 1, "{output}");
    }
}
