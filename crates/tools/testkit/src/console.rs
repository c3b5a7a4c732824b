//! Executes the `console` blocks of a lesson's header, and compares.

use std::env;

use snapbox::IntoData;
use transcript::{Performance, Ports, Terminal, Transcript, play};

use crate::{DEADLINE, lesson, workspace};

/// Executes every `console` block in the header of the lesson under test, and
/// compares.
///
/// # Panics
/// Where there is none, or what is printed differs.
pub fn run_console_blocks() {
    run_console_blocks_beside(&[]);
}

/// The same beside servers that already run: each pair is the port that the
/// lesson documents and the port where the server listens.
///
/// # Panics
/// Where there is no block, or what is printed differs.
pub fn run_console_blocks_beside(ports: &[(u16, u16)]) {
    // Cargo runs a crate's tests in the crate's folder.
    let folder = env::current_dir().expect("the lesson's folder");
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let transcripts = Transcript::all_of(&workspace(), &name)
        .unwrap_or_else(|error| panic!("the header of {name}: {error}"));
    assert!(!transcripts.is_empty(), "no console block in the header");
    for transcript in transcripts {
        let ports = Ports::new(ports.iter().copied());
        let all = play(&transcript, ports, DEADLINE, lesson, |_, _| {})
            .unwrap_or_else(|failure| panic!("{failure}"));
        for (terminal, performance) in transcript.terminals.iter().zip(all) {
            compare(terminal, &performance);
        }
    }
}

fn compare(terminal: &Terminal, performance: &Performance) {
    assert!(
        performance.ended_well(),
        "{} ended with {}:\n{}",
        terminal.name(),
        performance.status,
        performance.output
    );
    let expected = terminal.output();
    snapbox::assert_data_eq!(performance.output.as_str(), expected.into_data());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(block: &str) {
        let transcript = Transcript::parse(block.lines()).expect("a block");
        let ports = Ports::default();
        let all = play(&transcript, ports, DEADLINE, lesson, |_, _| {});
        for (terminal, performance) in
            transcript.terminals.iter().zip(all.expect("an end"))
        {
            compare(terminal, &performance);
        }
    }

    #[test]
    fn what_is_as_documented() {
        run("$ printf 'a 1\\nb\\n'\na [..]\nb");
        for text in ["a\\n", "a\\nb\\nc\\n"] {
            run(&format!("$ printf '{text}'\na\n..."));
        }
    }

    #[test]
    #[should_panic(expected = "ended with")]
    fn a_program_that_fails() {
        run("$ sh -c 'echo a; exit 3'\na");
    }

    #[test]
    #[should_panic(expected = "mais")]
    fn a_line_too_many() {
        run("$ printf 'a\\nmais\\n'\na");
    }

    #[test]
    #[should_panic(expected = "outra")]
    fn another_line() {
        run("$ echo outra\numa");
    }
}
