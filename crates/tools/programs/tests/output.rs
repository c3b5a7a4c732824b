//! What a program writes arrives whole, in order and in bounded memory.
#![cfg(unix)]

use std::io::ErrorKind;
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use programs::{Program, Setup, Stream};

const DEADLINE: Duration = Duration::from_secs(30);

/// A shell that does this.
fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

#[test]
fn lines_come_one_after_the_other() {
    let program = Program::start(&mut shell(
        "printf 'a\\r\\nb\\377\\n\\n'; read line; printf \"$line\\nend\"",
    ))
    .expect("start sh");
    let mut lines = program.stdout().lines();
    let mut next = || lines.next(DEADLINE).expect("in time");
    assert_eq!(next().as_deref(), Some("a"));
    assert_eq!(next().as_deref(), Some("b\u{fffd}"));
    assert_eq!(next().as_deref(), Some(""));
    let late = program.stdout().lines().next(Duration::ZERO);
    assert!(late.is_ok(), "the first one is still there");
    program.write(b"typed\n").expect("it reads");
    assert_eq!(next().as_deref(), Some("typed"));
    assert_eq!(next().as_deref(), Some("end"));
    assert_eq!(next(), None);
    assert!(program.wait(DEADLINE).expect("its end").success());
    assert_eq!(program.stdout().written(), 16);
}

#[test]
fn waits_end() {
    let program = Program::start(&mut shell("echo a; read line"));
    let program = program.expect("start sh");
    let limit = Duration::from_millis(20);
    let mut lines = program.stdout().lines();
    assert!(lines.next(DEADLINE).expect("in time").is_some());
    let error = lines.next(limit).expect_err("nothing comes");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    let error = program.wait(limit).expect_err("it waits");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    let find = |bytes: &[u8]| (bytes == b"b\n").then_some(());
    let error = program.stdout().wait_until(limit, find);
    assert_eq!(error.expect_err("not there").kind(), ErrorKind::TimedOut);
    program.end_input();
    let error = program.stdout().wait_until(DEADLINE, find);
    let error = error.expect_err("not there");
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert!(program.write(b"x").is_err());
}

#[test]
fn the_last_of_a_flood_is_kept() {
    let mut command = shell("seq 1 200000; echo >&2 error");
    let program = Setup::new(&mut command).keeping(1000).start();
    let program = program.expect("start sh");
    assert!(program.stdout().wait_for_end(DEADLINE));
    assert_eq!(program.stdout().bytes().len(), 1000);
    assert_eq!(program.stdout().written(), 1_288_895);
    assert!(program.stderr().wait_for_end(DEADLINE));
    assert_eq!(program.stderr().text(), "error\n");
    let mut lines = program.stdout().lines();
    let first = lines.next(DEADLINE).expect("in time").expect("a line");
    let first: u32 = first.parse().expect("a whole number");
    assert!((199_800..200_000).contains(&first), "{first}");
    for number in first + 1..=200_000 {
        let line = lines.next(DEADLINE).expect("in time");
        assert_eq!(line, Some(number.to_string()));
    }
    assert_eq!(lines.next(DEADLINE).expect("in time"), None);
}

#[test]
fn a_sink_hears_all() {
    let (heard, hearing) = mpsc::channel();
    let mut command = shell("seq 1 20000; echo >&2 error");
    let program = Setup::new(&mut command)
        .keeping(10)
        .hearing(move |stream, bytes| {
            let _ = heard.send((stream, bytes.to_vec()));
        })
        .start()
        .expect("start sh");
    assert!(program.wait(DEADLINE).expect("its end").success());
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    // Until both threads have heard the end.
    while let Ok((stream, bytes)) = hearing.recv_timeout(DEADLINE) {
        match stream {
            Stream::Stdout => stdout.extend(bytes),
            Stream::Stderr => stderr.extend(bytes),
        }
    }
    let expected: String =
        (1..=20000).map(|number| format!("{number}\n")).collect();
    assert!(stdout == expected.as_bytes());
    assert_eq!(stderr, b"error\n");
}

#[test]
fn as_seen_keeps_the_order() {
    let mut command = shell("for i in 1 2 3; do echo o$i; echo e$i >&2; done");
    let program = Setup::new(&mut command).as_seen().without_input().start();
    let program = program.expect("start sh");
    assert!(program.stdout().wait_for_end(DEADLINE));
    assert_eq!(program.stdout().text(), "o1\ne1\no2\ne2\no3\ne3\n");
    assert!(program.stderr().has_ended());
}

/// A program that would stop if nobody read what it writes.
#[test]
fn discarded_output_holds_nothing_up() {
    let mut command = shell("echo ready; read line; seq 1 200000");
    let program = Setup::new(&mut command).start().expect("start sh");
    let mut lines = program.stdout().lines();
    assert!(lines.next(DEADLINE).expect("in time").is_some());
    program.discard_output();
    program.write(b"\n").expect("it reads");
    assert!(program.wait(DEADLINE).expect("its end").success());
    assert!(program.stdout().wait_for_end(DEADLINE));
    assert_eq!(program.stdout().written(), 6 + 1_288_895);
    assert_eq!(program.stdout().bytes(), b"");
}

#[test]
fn what_does_not_exist_does_not_start() {
    let mut command = Command::new("/no/such/program");
    let error = Program::start(&mut command).err().expect("an error");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
#[cfg(target_os = "linux")]
fn what_it_uses_includes_its_children() {
    let program = Program::start(&mut shell(
        "sleep 1000 & sleep 1000 & echo ready; wait",
    ))
    .expect("start sh");
    assert!(program.stdout().lines().next(DEADLINE).is_ok());
    let usage = program.usage().expect("it runs");
    assert_eq!(usage.threads, 3);
    assert!(usage.memory > 3 * 64 * 1024, "{usage:?}");
    assert!(
        program
            .memory()
            .is_some_and(|memory| memory > 3 * 64 * 1024)
    );
    program.kill().expect("its end");
    assert!(program.usage().is_none());
    assert!(program.memory().is_none());
}
