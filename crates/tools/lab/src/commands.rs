//! What each command does.

use std::io;
use std::path::{Path, PathBuf};

use programs::say;

use crate::arguments::{Checking, Command, USAGE};
use crate::check::Lab;
use crate::grade::Refusal;
use crate::labs::ALL;
use crate::program::Launch;
use crate::run::{self, Until, Which};
use crate::terminal::{Progress, Style, typed};
use crate::watch::Watched;
use crate::{doctor, grade, notebook, report, starter, workspace};

/// Why a command ends otherwise than with a result.
pub enum Trouble {
    /// It cannot be done as it was said.
    Usage(String),
    /// Something failed that is not a check.
    Failed(String),
}

impl From<String> for Trouble {
    fn from(what: String) -> Trouble {
        Trouble::Failed(what)
    }
}

/// Does it; whether all is well.
///
/// # Errors
/// Where it was not done.
pub fn done(command: Command) -> Result<bool, Trouble> {
    match command {
        Command::Help => say(&Style::of_stdout().fitted(USAGE, 2)),
        Command::List => list(),
        Command::Check(options) => return Ok(check(&options)?),
        Command::Watch(options) => watch(&options)?,
        Command::Hint(lab, number) => hint(lab, number),
        Command::Reset(lab) => reset(lab)?,
        Command::Start(lab, language, file) => {
            let said = starter::start(lab, language, file)?;
            say(&Style::of_stdout().fitted(&said, 0));
        }
        Command::Progress => progress(),
        Command::Doctor => return Ok(doctor::examine()),
        Command::Grade(options) => {
            return grade::grade(&options).map_err(|refusal| match refusal {
                Refusal::Usage(what) => Trouble::Usage(what),
                Refusal::Failed(what) => Trouble::Failed(what),
            });
        }
    }
    Ok(true)
}

fn list() {
    let style = Style::of_stdout();
    for (index, lab) in ALL.iter().enumerate() {
        let line = format!("{} {:24} {}\n", index + 1, lab.name, lab.title);
        say(&style.fitted(&line, 6));
    }
}

/// Checks once, and tells.
fn check(options: &Checking) -> Result<bool, String> {
    let (lab, seed) = (options.lab, options.seed);
    let launch = match &options.launch {
        Some(launch) => launch.clone(),
        None => Launch::of_program(workspace::build(lab, options.solution)?),
    };
    let style = Style::of_stdout();
    let progress = Progress::new(style, lab.checks.len());
    let which = Which {
        only: options.only,
        until: options.until.unwrap_or(if style.is_terminal() {
            Until::Failure
        } else {
            Until::FirstFails
        }),
    };
    let all = if options.json {
        run::run(lab, &launch, seed, which, |_, _| {}, |_| {})
    } else {
        say(&style.fitted(&report::heading(lab, seed, style), 2));
        say("\n");
        run::run(
            lab,
            &launch,
            seed,
            which,
            |index, check| progress.show(index, check.about),
            |checked| {
                progress.clear();
                say(&style.fitted(&report::line(checked, style), 4));
            },
        )
    };
    if options.json {
        say(&format!("{:#}\n", report::json(lab, seed, which, &all)));
    } else {
        say(&style.fitted(&report::failures(&all, style), 2));
        let rest = rest(options);
        let summary = report::summary(lab, which, &all, style, &rest);
        say(&style.fitted(&summary, 2));
    }
    // The solution passes for nobody.
    if !options.solution
        && let Err(error) = notebook::record(lab, &all)
    {
        eprintln!("O resultado não ficou guardado para progress: {error}");
    }
    Ok(all.iter().all(run::Checked::passed))
}

/// What says, at the end of the command, which program is checked.
fn rest(options: &Checking) -> String {
    let Some(launch) = &options.launch else {
        let solution = if options.solution { " --solution" } else { "" };
        return solution.to_string();
    };
    let mut rest = " --".to_string();
    for word in [&launch.program].into_iter().chain(&launch.arguments) {
        rest.push_str(&format!(" {}", typed(&word.to_string_lossy())));
    }
    rest
}

/// Checks, and again whenever something changes, until Ctrl-C.
fn watch(options: &Checking) -> Result<(), String> {
    let sources = sources(options)
        .map_err(|error| format!("Não há o que vigiar: {error}"))?;
    let mut watched = Watched::new(sources);
    loop {
        if Style::of_stdout().has_escapes() {
            say("\x1b[2J\x1b[H"); // an empty screen, from its top
        }
        if let Err(what) = check(options) {
            eprintln!("{what}");
        }
        say("\nÀ espera de uma alteração (Ctrl-C termina).\n");
        watched.waits_for_change();
    }
}

/// What makes a program: the lab's crate, or the folders of the files that a
/// command names.
fn sources(options: &Checking) -> io::Result<Vec<PathBuf>> {
    let Some(launch) = &options.launch else {
        return Ok(vec![workspace::folder(options.lab)?]);
    };
    let words = [&launch.program].into_iter().chain(&launch.arguments);
    let mut folders: Vec<PathBuf> = words
        .filter_map(|word| Path::new(word).canonicalize().ok())
        .filter(|path| path.is_file())
        .filter_map(|file| Some(file.parent()?.to_path_buf()))
        .collect();
    folders.sort();
    folders.dedup();
    if folders.is_empty() {
        folders.push(PathBuf::from("."));
    }
    Ok(folders)
}

fn hint(lab: &Lab, number: Option<usize>) {
    let (number, goes_on) = match number {
        Some(number) => (number, false),
        None => {
            let (number, noted) = notebook::next_hint(lab);
            // The checkout may be read-only.
            (number, noted.is_ok())
        }
    };
    let total = lab.hints.len();
    say(&format!("Pista {number} de {total}:\n"));
    for paragraph in lab.hints[number - 1].lines() {
        for line in Style::of_stdout().wrapped(paragraph, 2) {
            say(&format!("  {line}\n"));
        }
    }
    if number < total {
        let next = match goes_on {
            true => "hint LAB".to_string(),
            false => format!("hint LAB {}", number + 1),
        };
        say(&format!(
            "A seguinte: cargo run -p lab -- {}\n",
            next.replace("LAB", lab.name)
        ));
    }
}

fn reset(lab: &Lab) -> Result<(), String> {
    let kept = starter::reset(lab)
        .map_err(|error| format!("{} fica como está: {error}", lab.name))?;
    say(&match kept {
        Some(copy) => format!(
            "{} voltou ao princípio. O que lá estava: {}\n",
            lab.name,
            copy.display()
        ),
        None => format!("{} já está no princípio.\n", lab.name),
    });
    Ok(())
}

fn progress() {
    let style = Style::of_stdout();
    let mut done = 0;
    for lab in ALL {
        let total = lab.checks.len();
        let name = format!("{:26}", lab.name);
        say(&match notebook::passed(lab) {
            None => format!("  {name} {}\n", style.faint("por começar")),
            Some(passed) if passed == total => {
                done += 1;
                format!("{} {name} {passed} de {total}\n", style.good("✓"))
            }
            Some(passed) => format!("  {name} {passed} de {total}\n"),
        });
    }
    say(&format!("\n{done} de {} exercícios.\n", ALL.len()));
}
