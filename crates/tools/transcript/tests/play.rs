//! What a play does, and how it fails. Each program is a shell's.
#![cfg(unix)]

use std::io::Write;
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use transcript::{Event, Failure, Performance, Ports, Transcript, Why, play};

const DEADLINE: Duration = Duration::from_secs(30);

fn transcript(block: &str) -> Transcript {
    Transcript::parse(block.lines()).expect("a block")
}

/// Lessons of which each is a script for Python.
fn python(lesson: &str) -> Command {
    const SERVER: &str = "
import socket, sys
host, port = sys.argv[1].rsplit(':', 1)
listener = socket.create_server((host, int(port)))
print('um dois', 'tcp://%s:%d' % listener.getsockname(), flush=True)
while True:
    stream, peer = listener.accept()
    print('de 127.0.0.1:%d' % peer[1], flush=True)
    stream.sendall(b'eco\\n' + stream.recv(100))
";
    const CLIENT: &str = "
import socket, sys
host, port = sys.argv[1].rsplit(':', 1)
stream = socket.create_connection((host, int(port)))
stream.sendall(sys.stdin.readline().encode())
for line in stream.makefile():
    print(line, end='', flush=True)
    break
print('de 127.0.0.1:%s' % port)
";
    let mut command = Command::new("python3");
    command.args(["-uc", if lesson == "client" { CLIENT } else { SERVER }]);
    command
}

fn perform(block: &str) -> Result<Vec<Performance>, Failure> {
    let ports = Ports::default();
    play(&transcript(block), ports, DEADLINE, python, |_, _| {})
}

#[test]
fn server_and_client_play_on_another_port() {
    let block = "\
$ cargo run -p server -- 127.0.0.1:1
um dois tcp://127.0.0.1:1
de 127.0.0.1:[..]
^C
$ cargo run -p client -- 127.0.0.1:1
> olá
eco
de 127.0.0.1:1";
    let told = Mutex::new(Vec::new());
    let all = play(
        &transcript(block),
        Ports::default(),
        DEADLINE,
        python,
        |place, event| {
            let mut told = told.lock().expect("nobody panics");
            told.push((place, format!("{event:?}")));
        },
    );
    let all = all.expect("it comes to its end");
    assert_eq!(all.len(), 2);
    assert!(
        all[0]
            .output
            .starts_with("um dois tcp://127.0.0.1:1\nde 127")
    );
    // Python shows its own end by Ctrl-C, and a status of its own.
    assert!(all[0].interrupted && !all[1].interrupted);
    assert_eq!(all[1].output, "eco\nde 127.0.0.1:1\n");
    assert!(all[1].ended_well());

    let told = told.into_inner().expect("nobody panics");
    let of = |place: usize| -> Vec<String> {
        let told = told.iter().filter(|(other, _)| *other == place);
        told.map(|(_, event)| event.clone()).collect()
    };
    let typed = format!("{:?}", Event::Types("olá"));
    let last = format!("{:?}", Event::Prints("de 127.0.0.1:1"));
    assert_eq!(of(1), [typed, "Prints(\"eco\")".to_string(), last]);
    let first = format!("{:?}", Event::Prints("um dois tcp://127.0.0.1:1"));
    assert_eq!(of(0)[0], first);
    assert!(of(0).contains(&"Interrupts".to_string()));
}

/// The student's own server on the documented port is not taken for it.
#[test]
fn nobody_plays_with_what_listens_there_already() {
    let failure = |block: &str| match perform(block) {
        Err(Failure {
            name,
            why: Why::NobodyListens(port),
            ..
        }) => (name, port),
        other => panic!("{other:?}"),
    };
    // A client's port, which is not the server's.
    let other = "\
$ cargo run -p server -- 127.0.0.1:1
um dois tcp://127.0.0.1:1
^C
$ cargo run -p client -- 127.0.0.1:2
eco";
    assert_eq!(failure(other), ("client".to_string(), 2));
    // A port that the program was not told.
    let silent = "$ cargo run -p server\nA escutar em 127.0.0.1:65432\n^C";
    assert_eq!(failure(silent), ("server".to_string(), 65432));
    let curl = "$ curl http://127.0.0.1:8000/";
    assert_eq!(failure(curl), ("curl".to_string(), 8000));
}

#[test]
fn ends_of_every_kind() {
    let kind = |block: &str| {
        let all = perform(block).expect("it comes to its end");
        (all[0].ended_well(), all[0].status.to_string())
    };
    assert!(kind("$ true").0);
    assert!(!kind("$ false").0);
    let interrupted = "$ sh -c 'echo a; exec sleep 1000'\na\n^C";
    let (well, status) = kind(interrupted);
    assert!(well && status.contains("SIGINT"), "{status}");
    // Not pressed, it is no end like any other.
    assert!(!kind("$ sh -c 'kill -INT $$'").0);
    let handled = "$ sh -c 'trap \"exit 3\" INT; echo a; while :; do \
                   sleep 0.01; done'\na\n^C";
    assert!(!kind(handled).0);
}

/// Nobody waits for more lines, and they may come.
#[test]
fn more_lines() {
    for printed in ["a\\n", "a\\nb\\nc\\n"] {
        let all = perform(&format!("$ printf '{printed}'\na\n..."));
        let output = printed.replace("\\n", "\n");
        assert_eq!(all.expect("it comes to its end")[0].output, output);
    }
}

/// The first one is interrupted only when the other one has ended, which takes
/// a moment after its own Ctrl-C: a client that is still there would see its
/// server go.
#[test]
fn who_is_interrupted_last() {
    let block = "\
$ sh -c 'trap \"exit 0\" INT; echo a; while :; do sleep 0.01; done'
a

^C
$ sh -c 'trap \"sleep 0.3; echo c; exit 0\" INT; echo b; while :; do sleep 0.01; done'
b
^C
c";
    let told = Mutex::new(Vec::new());
    let ports = Ports::default();
    let played = play(
        &transcript(block),
        ports,
        DEADLINE,
        python,
        |place, event| {
            let mut told = told.lock().expect("nobody panics");
            told.push((place, format!("{event:?}")));
        },
    );
    assert!(played.expect("an end").iter().all(Performance::ended_well));
    let told = told.into_inner().expect("nobody panics");
    let at = |place: usize, what: &str| {
        let found =
            |event: &(usize, String)| event.0 == place && event.1 == what;
        told.iter().position(found).expect("it happened")
    };
    assert!(at(1, "Prints(\"c\")") < at(0, "Interrupts"), "{told:?}");
}

#[test]
fn a_line_that_never_comes() {
    match perform("$ echo a\na\nb") {
        Err(Failure {
            name,
            why: Why::Missing(line),
            output,
        }) => {
            assert_eq!((name.as_str(), line.as_str()), ("echo", "b"));
            assert_eq!(output, "a\n");
        }
        other => panic!("{other:?}"),
    }
}

/// Nor does it keep the others until their own time is over.
#[test]
fn who_does_not_end_is_ended() {
    let block = transcript("$ sh -c 'echo a; exec sleep 1000'\na\n$ sleep 999");
    let limit = Duration::from_millis(300);
    let ports = Ports::default();
    let failure = play(&block, ports, limit, python, |_, _| {});
    let failure = failure.expect_err("it does not end");
    assert!(matches!(failure.why, Why::DoesNotEnd), "{failure}");
}

#[test]
fn what_does_not_exist() {
    let failure = perform("$ /no/such/program").expect_err("there is none");
    assert!(matches!(failure.why, Why::DoesNotStart(_)), "{failure}");
}

/// A lesson's own addresses stand where its command leaves them out.
#[test]
fn a_lessons_own_addresses() {
    let folder = programs::Folder::new("transcript").expect("a folder");
    let lesson = folder.path().join("crates/1_part/server/src");
    std::fs::create_dir_all(&lesson).expect("a folder");
    let source = "\
//! ```console
//! $ cargo run -p server
//! um dois tcp://127.0.0.1:9000
//! ^C
//! ```
const ADDRESS: &str =
    \"127.0.0.1:9000\";
";
    let mut main = std::fs::File::create(lesson.join("main.rs")).expect("file");
    main.write_all(source.as_bytes()).expect("write");
    let all = Transcript::all_of(folder.path(), "server").expect("a lesson");
    assert_eq!(all.len(), 1);
    let terminal = &all[0].terminals[0];
    assert_eq!(terminal.arguments(), ["127.0.0.1:9000"]);
    assert_eq!(terminal.listens(), [9000]);
    let ports = Ports::default();
    let all = play(&all[0], ports, DEADLINE, python, |_, _| {});
    let output = &all.expect("it comes to its end")[0].output;
    assert!(
        output.starts_with("um dois tcp://127.0.0.1:9000\n"),
        "{output}"
    );

    for other in ["client", "", "..", "1_part/server"] {
        let none = Transcript::all_of(folder.path(), other);
        assert!(none.expect("no error").is_empty(), "{other}");
    }
}
