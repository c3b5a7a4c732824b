//! Nothing that was started is left, however it and who started it end.
#![cfg(unix)]

mod example;
mod offspring;

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use example::example;
use programs::{Program, was_interrupted};
use rustix::process::{Pid, Signal, kill_process};

use offspring::{DEADLINE, assert_gone, numbers, runs, shell};

/// A child in the group, one with a session of its own, and one whose parent
/// is gone as well. Each says its number.
const OFFSPRING: &str = r#"
    sleep 1000 & echo $!
    setsid sh -c 'echo $$; exec sleep 1000' &
    sh -c 'setsid sh -c "echo \$\$; exec sleep 1000" &'
    wait
    exec sleep 1000
"#;

fn start(script: &str) -> Program {
    Program::start(&mut shell(&here(script))).expect("start sh")
}

/// Only Linux has the program that leaves a session.
fn here(script: &str) -> String {
    match cfg!(target_os = "linux") {
        true => script.to_string(),
        false => script.replace("setsid ", ""),
    }
}

#[test]
fn what_a_program_started_ends_with_it() {
    let program = start(OFFSPRING);
    let children = numbers(&mut program.stdout().lines(), 3);
    drop(program);
    assert_gone(&children);
}

#[test]
fn also_where_a_test_fails() {
    let program = start(OFFSPRING);
    let children = numbers(&mut program.stdout().lines(), 3);
    let failed = panic::catch_unwind(AssertUnwindSafe(move || {
        assert!(program.memory().is_none(), "this test's own program");
    }));
    assert!(failed.is_err());
    assert_gone(&children);
}

#[test]
fn also_where_the_program_itself_has_ended() {
    let script = OFFSPRING.replace("wait\n", "exit 3\n");
    let program = start(&script);
    let children = numbers(&mut program.stdout().lines(), 3);
    let status = program.wait(DEADLINE).expect("its end");
    assert_eq!(status.code(), Some(3));
    let left = program.left_behind(Duration::ZERO);
    assert_eq!(BTreeSet::from_iter(left), children);
    drop(program);
    assert_gone(&children);
}

#[test]
fn who_leaves_nothing_behind() {
    let program = start("sleep 0.1 & exit 0");
    program.wait(DEADLINE).expect("its end");
    assert!(program.left_behind(DEADLINE).is_empty());
}

#[test]
fn one_program_ends_without_the_other() {
    let (one, other) = (start(OFFSPRING), start(OFFSPRING));
    let ended = numbers(&mut one.stdout().lines(), 3);
    let stay = numbers(&mut other.stdout().lines(), 3);
    one.kill().expect("its end");
    assert_gone(&ended);
    assert!(stay.iter().all(|id| runs(*id)));
    assert_eq!(other.ended().expect("its state"), None);
}

#[test]
fn ctrl_c_reaches_the_whole_group() {
    let program = start(
        "trap 'echo parent; exit 7' INT; \
         sh -c \"trap 'echo child; exit' INT; echo ready; \
         while :; do sleep 0.01; done\"",
    );
    let mut lines = program.stdout().lines();
    let mut next = || lines.next(DEADLINE).expect("in time");
    assert_eq!(next().as_deref(), Some("ready"));
    program.interrupt();
    assert_eq!(next().as_deref(), Some("child"));
    assert_eq!(next().as_deref(), Some("parent"));
    let status = program.wait(DEADLINE).expect("its end");
    assert_eq!(status.code(), Some(7));
    assert!(!was_interrupted(status));
}

#[test]
fn how_it_ended() {
    let waits = "echo ready; exec sleep 1000";
    let ready = |program: &Program| {
        let line = program.stdout().lines().next(DEADLINE);
        assert_eq!(line.expect("in time").as_deref(), Some("ready"));
    };
    let program = start(waits);
    ready(&program);
    program.interrupt();
    assert!(was_interrupted(program.wait(DEADLINE).expect("its end")));

    let program = start(waits);
    ready(&program);
    program.terminate();
    let status = program.wait(DEADLINE).expect("its end");
    assert_eq!(status.signal(), Some(15));
    assert!(!was_interrupted(status));

    let program = start(waits);
    assert_eq!(program.kill().expect("its end").signal(), Some(9));
    // Ended is ended, as often as it is asked.
    assert_eq!(program.kill().expect("its end").signal(), Some(9));
}

/// What the example `starts` says: the folder that it made, and then what its
/// program says.
fn tool(words: &[&str], script: &str) -> Program {
    let mut command = Command::new(example("starts"));
    command.args(words).args(["sh", "-c", &here(script)]);
    Program::start(&mut command).expect("start the example")
}

fn assert_cleans_up(tool: &Program, end: impl FnOnce(Pid)) {
    let mut lines = tool.stdout().lines();
    let folder = lines.next(DEADLINE).expect("in time").expect("a line");
    assert!(Path::new(&folder).is_dir());
    let children = numbers(&mut lines, 3);
    end(Pid::from_raw(tool.id().cast_signed()).expect("its number"));
    tool.wait(DEADLINE).expect("its end");
    assert_gone(&children);
    assert!(
        tool.left_behind(DEADLINE).is_empty(),
        "the shell that waited"
    );
    assert!(!PathBuf::from(folder).exists());
}

#[test]
fn a_tool_that_is_killed_leaves_nothing() {
    let tool = tool(&[], OFFSPRING);
    assert_cleans_up(&tool, |id| {
        kill_process(id, Signal::KILL).expect("kill it");
    });
}

#[test]
fn a_tool_without_a_handler_leaves_nothing_after_ctrl_c() {
    let tool = tool(&[], OFFSPRING);
    assert_cleans_up(&tool, |id| {
        kill_process(id, Signal::INT).expect("interrupt it");
    });
}

#[test]
fn a_tool_with_a_handler_leaves_nothing_either() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let tool = tool(&["--handles"], OFFSPRING);
        assert_cleans_up(&tool, |id| {
            kill_process(id, signal).expect("send the signal");
        });
        let status = tool.wait(DEADLINE).expect("its end");
        assert_eq!(status.code(), Some(130));
    }
}
