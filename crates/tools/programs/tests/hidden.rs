//! What empties its environment and leaves its session is found as well: as
//! an orphan it comes to who started the program. (In a process of its own:
//! programs of other tests could be taken for its parents.)
#![cfg(target_os = "linux")]

mod offspring;

use std::thread;
use std::time::Duration;

use programs::Program;

use offspring::{DEADLINE, assert_gone, numbers, runs, shell};

const HIDDEN: &str = r#"
    setsid env -i /bin/sh -c 'echo $$; exec /bin/sleep 1000' &
    /bin/sh -c 'setsid env -i /bin/sh -c "echo \$\$; exec /bin/sleep 1000" &'
"#;

#[test]
fn empty_environments_hide_nothing() {
    let starts = |then: &str| {
        let script = format!("{HIDDEN}{then}");
        Program::start(&mut shell(&script)).expect("start sh")
    };
    let program = starts("wait; exec sleep 1000");
    let hidden = numbers(&mut program.stdout().lines(), 2);
    drop(program);
    assert_gone(&hidden);

    // Where the program itself has ended, and a younger one runs.
    let program = starts("exit 0");
    let hidden = numbers(&mut program.stdout().lines(), 2);
    program.wait(DEADLINE).expect("its end");
    // The system tells a process's start to 10 ms.
    thread::sleep(Duration::from_millis(20));
    let younger = starts("wait; exec sleep 1000");
    let stay = numbers(&mut younger.stdout().lines(), 2);
    let left = program.left_behind(Duration::ZERO);
    assert_eq!(left.len(), 2, "{left:?} of {hidden:?}");
    drop(program);
    assert_gone(&hidden);

    // Older ones can be their parents: then these stay as long as those.
    let other = starts("exit 0");
    let hidden = numbers(&mut other.stdout().lines(), 2);
    other.wait(DEADLINE).expect("its end");
    drop(other);
    assert!(hidden.iter().all(|id| runs(*id)));
    assert!(stay.iter().all(|id| runs(*id)));
    drop(younger);
    assert_gone(&hidden);
    assert_gone(&stay);
}
