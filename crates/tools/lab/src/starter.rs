//! A lab's starter, out of its solution: one source for both.
//!
//! In the solution, a line that begins with `//~ ` is the starter's, and what
//! stands between a line `//{` and a line `//}` is the solution's alone; in
//! Python with `#` in the place of `//`. Only in Node, where a protocol takes a
//! library, there is no solution, and the starter is a file of its own.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::check::Lab;
use crate::labs::ALL;
use crate::notebook;
use crate::program::ADDRESS;
use crate::terminal::{Style, typed};
use crate::workspace;

/// A language in which there are starters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Language {
    Rust,
    Python,
    Node,
}

/// The languages' names, as a student reads them.
pub const LANGUAGES: &str = "python, node ou rust";

impl Language {
    /// The one of this name, as `--language` takes it.
    pub fn named(word: &str) -> Option<Language> {
        match word.to_lowercase().as_str() {
            "rust" | "rs" => Some(Language::Rust),
            "python" | "python3" | "py" => Some(Language::Python),
            "node" | "nodejs" | "javascript" | "js" => Some(Language::Node),
            _ => None,
        }
    }
}

/// What stands for the address, as the shell of this system has to be given
/// it.
pub fn address() -> String {
    if cfg!(windows) {
        format!("'{ADDRESS}'")
    } else {
        ADDRESS.to_string()
    }
}

/// The libraries that a lab's protocol takes, as `pip` or `npm` calls them;
/// none where the language has it built in.
fn libraries(lab: &Lab, language: Language) -> &'static str {
    match (lab.name, language) {
        (_, Language::Rust) => "",
        ("lab_dashboard_ws", Language::Python) => "websockets",
        ("lab_dashboard_ws", Language::Node) => "ws",
        ("lab_thermostat_mqtt", Language::Python) => "paho-mqtt",
        ("lab_thermostat_mqtt", Language::Node) => "mqtt",
        ("lab_work_queue_rabbitmq", Language::Python) => "pika",
        ("lab_work_queue_rabbitmq", Language::Node) => "amqplib",
        ("lab_pipeline_zmq", Language::Python) => "pyzmq",
        ("lab_pipeline_zmq", Language::Node) => "zeromq",
        ("lab_gateway", Language::Python) => "websockets paho-mqtt",
        ("lab_gateway", Language::Node) => "ws mqtt",
        _ => "",
    }
}

/// Writes a lab's starter in a language, into this file or one of the lab's
/// name in the current folder, and gives what to do next. In Rust it is there
/// already.
///
/// # Errors
/// Where there is such a file, or it cannot be written: nothing is.
pub fn start(
    lab: &Lab,
    language: Language,
    file: Option<PathBuf>,
) -> Result<String, String> {
    let name = lab.name;
    let check = format!("cargo run -p lab -- check {name}");
    let needed = libraries(lab, language);
    let (source, mark, kind, run, install) = match language {
        Language::Rust => {
            return Ok(format!(
                "O ponto de partida já está em crates/labs/{name}/src/main.rs\n\
                 A seguir: {check}\n"
            ));
        }
        Language::Python => {
            let run = if cfg!(windows) { "python" } else { "python3" };
            let install = format!("{run} -m pip install {needed}");
            ("corpus/solution.py", "#", "py", run, install)
        }
        Language::Node => {
            let source = match needed {
                "" => "corpus/right/node.mjs",
                // That one has to do without a library.
                _ => "starters/node.mjs",
            };
            let install = format!("npm install {needed}");
            (source, "//", "mjs", "node", install)
        }
    };
    let solution = workspace::folder(lab)
        .and_then(|folder| fs::read_to_string(folder.join(source)))
        .map_err(|error| format!("Não há ponto de partida: {error}"))?;
    let needs = (!needed.is_empty()).then_some(&*install);
    let starter = header(lab, needs, language) + &of_solution(&solution, mark);

    let path = file.unwrap_or_else(|| format!("{name}.{kind}").into());
    let shown = path.display().to_string();
    write_new(&path, &starter).map_err(|why| {
        let language = if kind == "py" { "python" } else { "node" };
        format!(
            "«{shown}» {why}. Para começar noutro ficheiro: cargo run -p lab \
             -- start {name} --language {language} outro.{kind}"
        )
    })?;
    let first = needs.map(|install| format!("Primeiro: {install}\n"));
    Ok(format!(
        "O ponto de partida está em {shown}; o enunciado, em \
         docs/labs/{name}.md\n{}A seguir: {check} -- {run} {} {}\n",
        first.unwrap_or_default(),
        typed(&shown),
        address()
    ))
}

/// Writes a file where there is none.
///
/// # Errors
/// Where that is not so, or not possible: why, and nothing has changed.
fn write_new(path: &Path, text: &str) -> Result<(), String> {
    let written = File::create_new(path).and_then(|mut file| {
        file.write_all(text.as_bytes())
            .inspect_err(|_| drop(fs::remove_file(path)))
    });
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            "já existe, e fica como está".to_string()
        }
        _ => format!("não se pode escrever: {error}"),
    })
}

/// What stands over a starter that is no Rust.
fn header(lab: &Lab, needs: Option<&str>, language: Language) -> String {
    let number = ALL.iter().take_while(|one| one.name != lab.name).count() + 1;
    let mut texts = vec![
        format!("Exercício {number}: {}.", lab.title),
        format!(
            "O enunciado está em docs/labs/{}.md. O que falta fazer está \
             marcado com TODO, pela ordem em que convém fazê-lo.",
            lab.name
        ),
    ];
    texts.extend(needs.map(|install| format!("Precisa disto: {install}")));
    let texts: Vec<String> = texts
        .iter()
        .map(|text| Style::PLAIN.wrapped(text, 3).join("\n"))
        .collect();
    let text = texts.join("\n\n");
    if language == Language::Python {
        return format!("\"\"\"{text}\n\"\"\"\n");
    }
    let lines = text.lines().map(|line| format!("// {line}"));
    lines
        .map(|line| line.trim_end().to_string() + "\n")
        .collect()
}

/// Puts a lab's starter back, and gives where what was there before is kept;
/// `None` where nothing had changed.
///
/// # Errors
/// Where something cannot be read or written: then nothing is lost.
pub fn reset(lab: &Lab) -> io::Result<Option<PathBuf>> {
    put_back(
        &workspace::folder(lab)?.join("src/main.rs"),
        &workspace::solution(lab)?,
        &notebook::folder()?,
        lab.name,
    )
}

fn put_back(
    main: &Path,
    solution: &Path,
    folder: &Path,
    name: &str,
) -> io::Result<Option<PathBuf>> {
    let starter = of_solution(&fs::read_to_string(solution)?, "//");
    let kept = match fs::read(main) {
        Ok(work) if work == starter.as_bytes() => return Ok(None),
        Ok(work) => Some(keep(&work, folder, name)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    fs::write(main, starter)?;
    Ok(kept)
}

/// Puts a copy where there is none yet.
fn keep(work: &[u8], folder: &Path, name: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let second = now.map_or(0, |since| since.as_secs());
    for number in second.. {
        let copy = folder.join(format!("{name}-{number}.rs"));
        match File::create_new(&copy) {
            Ok(mut file) => {
                file.write_all(work)?;
                file.sync_all()?;
                return Ok(copy);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// The starter that is in a solution, in a language whose comments begin with
/// this.
pub fn of_solution(solution: &str, mark: &str) -> String {
    let [own_mark, open, close] =
        ["~", "{", "}"].map(|end| format!("{mark}{end}"));
    let mut starter = String::new();
    let mut hidden = false;
    for line in solution.lines() {
        let text = line.trim_start();
        let indent = &line[..line.len() - text.len()];
        if text == open || text == close {
            hidden = text == open;
        } else if let Some(own) = text.strip_prefix(&own_mark) {
            let own = own.strip_prefix(' ').unwrap_or(own);
            starter.push_str(format!("{indent}{own}").trim_end());
            starter.push('\n');
        } else if !hidden {
            starter.push_str(line);
            starter.push('\n');
        }
    }
    starter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_what_the_student_writes() {
        let solution = "\
fn main() {
    //~ // TODO: diga olá
    //~
    //~ let _ = 1;
    //{
    println!(\"olá\");
    //}
}
";
        let starter = "\
fn main() {
    // TODO: diga olá

    let _ = 1;
}
";
        assert_eq!(of_solution(solution, "//"), starter);
        let in_python = solution.replace("//", "#");
        let starter = starter.replace("//", "#");
        assert_eq!(of_solution(&in_python, "#"), starter);
    }

    /// The student's work is never lost, whatever its bytes are, however often
    /// it is put back.
    #[test]
    fn reset_keeps_what_was_there() {
        let folder = std::env::temp_dir()
            .join(format!("lab-reset-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let [main, solution, kept] =
            ["main.rs", "solution.rs", "kept"].map(|f| folder.join(f));
        fs::write(&solution, "//~ todo\n//{\ndone\n//}\n").expect("write");
        let put_back = || put_back(&main, &solution, &kept, "lab");

        let mut copies = Vec::new();
        for work in [&b"// Solu\xe7\xe3o\n"[..], b"my work\r\n", b""] {
            fs::write(&main, work).expect("write");
            let copy = put_back().expect("reset").expect("a copy");
            assert_eq!(fs::read(&main).expect("read"), b"todo\n");
            assert_eq!(fs::read(&copy).expect("read"), work);
            copies.push(copy);
            assert_eq!(put_back().expect("reset"), None);
        }
        copies.dedup();
        assert_eq!(copies.len(), 3);
        // What is no file is not overwritten.
        fs::remove_file(&main).expect("remove");
        fs::create_dir(&main).expect("a folder");
        assert!(put_back().is_err());
        fs::remove_dir_all(folder).expect("clean up");
    }

    /// What is in the workspace is what `reset` would write.
    #[test]
    fn every_starter_comes_of_its_solution() {
        for lab in crate::labs::ALL {
            let solution = workspace::solution(lab).expect("the workspace");
            let solution = fs::read_to_string(solution).expect(lab.name);
            let folder = workspace::folder(lab).expect("the workspace");
            let starter = fs::read_to_string(folder.join("src/main.rs"));
            let starter = starter.expect(lab.name);
            assert!(
                starter == of_solution(&solution, "//"),
                "{0}: cargo run -p lab -- reset {0}",
                lab.name
            );
        }
    }
}
