//! The workspace: where things are, and how the programs of it are built.

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use programs::{Build, BuildError, Target, workspace};

use crate::check::Lab;
use crate::terminal::note;

/// A lab's crate.
///
/// # Errors
/// Where this runs outside the workspace.
pub fn folder(lab: &Lab) -> io::Result<PathBuf> {
    let root = workspace().map_err(|error| {
        let why = "não estamos na pasta deste projeto, nem numa de dentro dela";
        io::Error::new(error.kind(), why)
    })?;
    Ok(root.join("crates/labs").join(lab.name))
}

/// Where a lab's solution is, from which its starter comes.
///
/// # Errors
/// Where this runs outside the workspace.
pub fn solution(lab: &Lab) -> io::Result<PathBuf> {
    let name = format!("{}_solution.rs", lab.name);
    Ok(folder(lab)?.join("examples").join(name))
}

/// Builds a lab's crate or, beside it, its solution, with the compiler's words
/// for the student, and gives the program.
///
/// # Errors
/// Where there is none: why, and what to do.
pub fn build(lab: &Lab, solution: bool) -> Result<PathBuf, String> {
    let example = format!("{}_solution", lab.name);
    let target = if solution {
        Target::Example {
            package: lab.name,
            name: &example,
        }
    } else {
        Target::Bin(lab.name)
    };
    match Build::new([target]).run() {
        Ok(built) => built.into_values().next().ok_or("não há programa".into()),
        Err(error) => Err(why(&error, lab.name)),
    }
}

/// Builds a lesson that a check needs, and gives its program. The first time
/// may take a minute: then it says so.
///
/// # Errors
/// Where there is none: why.
pub fn build_quietly(lesson: &str, what: &str) -> Result<PathBuf, String> {
    let (done, waiting) = channel::<()>();
    let what = what.to_string();
    thread::spawn(move || {
        let limit = Duration::from_secs(2);
        if waiting.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            note(&format!("A compilar {what}: só demora da primeira vez."));
        }
    });
    let built = Build::new([Target::Bin(lesson)]).quietly().run();
    drop(done);
    let built = built.map_err(|error| why(&error, lesson))?;
    built.into_values().next().ok_or("não há programa".into())
}

/// Why there is no program, and what to do.
pub fn why(error: &BuildError, name: &str) -> String {
    match error {
        BuildError::NoWorkspace => "Não estamos na pasta deste projeto, nem \
                                    numa de dentro dela."
            .to_string(),
        BuildError::NoCargo(error) => {
            format!("Não foi possível correr o cargo: {error}")
        }
        BuildError::ReadOnly(folder) => format!(
            "Não se pode compilar: não é permitido escrever em {}. Copie a \
             pasta do projeto para outro sítio, ou diga ao cargo onde pode \
             escrever: CARGO_TARGET_DIR=PASTA",
            folder.display()
        ),
        BuildError::DoesNotCompile(_) => format!(
            "{name} não compila: corrija primeiro o que o compilador diz."
        ),
        BuildError::Failed(words) => {
            let words = words.trim();
            let colon = if words.is_empty() { "." } else { ":\n" };
            format!("O cargo não conseguiu compilar {name}{colon}{words}")
        }
    }
}
