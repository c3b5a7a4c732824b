//! Measures what the lecture claims: `cargo run --release -p measure`.
//!
//! [`claims`] has a module for each claim, which measures it with a
//! [`bench::Bench`]: it starts the lessons' programs ([`servers`]), sends them
//! a load ([`load`]) in several interleaved rounds, and gives charts of
//! [`statistics`]; by these alone, it judges the claim. [`report`] is what all
//! came to, which [`text`], [`page`] and [`book`] show.

mod baseline;
mod bench;
mod book;
mod claim;
mod claims;
mod fallible;
mod finding;
mod lessons;
mod load;
mod machine;
mod page;
mod plot;
mod progress;
mod python;
mod relay;
mod report;
mod servers;
mod statistics;
mod text;

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use lexopt::prelude::*;
use programs::say;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use bench::Bench;
use claim::Claim;
use fallible::Fallible;
use machine::Machine;
use progress::Progress;
use python::Python;
use report::{ClaimReport, Report};

const USAGE: &str = "\
Mede nesta máquina o que a aula afirma, com os programas das lições.

  cargo run --release -p measure              mede tudo
  cargo run --release -p measure -- 4 8       só estas afirmações
  cargo run --release -p measure -- list      as afirmações que há
  cargo run --release -p measure -- book FICHEIRO
                                              refaz a página do livro com um
                                              report.json guardado

Ao medir: --report PASTA escreve uma página com gráficos, e os números em JSON;
--python mede também os mesmos programas em Python; --seed N repete o que é
tirado à sorte; --quick só mostra que tudo funciona, em poucos segundos.
";

/// Why the tool ends otherwise than with a result.
enum Trouble {
    /// The command is wrong; and how.
    Usage(String),
    /// Something failed.
    Failed(String),
}

impl<E: ToString> From<E> for Trouble {
    fn from(error: E) -> Trouble {
        Trouble::Failed(error.to_string())
    }
}

fn main() -> ExitCode {
    if let Err(error) = programs::end_on_signals(|| ()) {
        eprintln!("O Ctrl-C não se pode ouvir: {error}");
    }
    match dispatch(env::args_os().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Trouble::Failed(what)) => {
            eprintln!("{what}");
            ExitCode::FAILURE
        }
        Err(Trouble::Usage(what)) => {
            eprintln!(
                "{what} Os comandos: cargo run --release -p measure -- help"
            );
            ExitCode::from(2)
        }
    }
}

fn dispatch(arguments: Vec<OsString>) -> Result<(), Trouble> {
    match parse(arguments)? {
        Command::Help => say(USAGE),
        Command::List => {
            for claim in claims::ALL {
                say(&format!("{}. {}\n", claim.number, claim.slide));
                say(&text::wrapped(claim.statement, "   "));
            }
        }
        Command::Book(file) => book::write(&file)?,
        Command::Measure(options) => {
            if let Some(folder) = &options.report {
                page::make(folder)?;
            }
            let report = measure(&options)?;
            say(&text::summary(&report));
            if let Some(folder) = &options.report {
                page::write(&report, folder)?;
                let page = folder.join("index.html");
                say(&format!("A página: {}\n", page.display()));
            }
            if report.claims.iter().any(ClaimReport::is_unmeasured) {
                let what = "Nem tudo se pôde medir: a razão está acima.";
                return Err(Trouble::Failed(what.into()));
            }
        }
    }
    Ok(())
}

/// What the tool is asked to do.
enum Command {
    Help,
    List,
    /// Makes the book's page of this report.
    Book(PathBuf),
    Measure(Options),
}

struct Options {
    claims: Vec<&'static Claim>,
    report: Option<PathBuf>,
    python: bool,
    quick: bool,
    seed: u64,
}

fn parse(arguments: Vec<OsString>) -> Result<Command, Trouble> {
    let mut options = Options {
        claims: Vec::new(),
        report: None,
        python: false,
        quick: false,
        // Short, to be typed again.
        seed: rand::rng().random_range(0..1_000_000),
    };
    let usage = |what: &str| Trouble::Usage(what.into());
    let mut is_first = true;
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next().map_err(explain)? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Value(word) if is_first && word == "help" => {
                return Ok(Command::Help);
            }
            Value(word) if is_first && word == "list" => {
                return match parser.next().map_err(explain)? {
                    None => Ok(Command::List),
                    Some(_) => Err(usage("Depois de list não vem nada.")),
                };
            }
            Value(word) if is_first && word == "book" => {
                let file = parser.value();
                let more = parser.next().map_err(explain)?.is_some();
                return match file {
                    Ok(file) if !more => Ok(Command::Book(file.into())),
                    _ => Err(usage("Depois de book vem um report.json.")),
                };
            }
            Long("python") => options.python = true,
            Long("quick") => options.quick = true,
            Long("report") => {
                let folder = parser.value();
                let folder = folder
                    .map_err(|_| usage("Depois de --report vem uma pasta."))?;
                options.report = Some(folder.into());
            }
            Long("seed") => {
                let seed = parser.value().ok();
                let seed = seed.and_then(|seed| seed.parse().ok());
                options.seed =
                    seed.ok_or(usage("Depois de --seed vem um número."))?;
            }
            Value(word) => {
                let claim = find(&word.to_string_lossy())?;
                // Twice the same is once.
                let numbers = options.claims.iter().map(|claim| claim.number);
                if !numbers.into_iter().any(|number| number == claim.number) {
                    options.claims.push(claim);
                }
            }
            other => return Err(explain(other.unexpected())),
        }
        is_first = false;
    }
    if options.claims.is_empty() {
        options.claims = claims::ALL.iter().collect();
    }
    Ok(Command::Measure(options))
}

/// What is wrong with the arguments, in Portuguese.
fn explain(error: lexopt::Error) -> Trouble {
    Trouble::Usage(match error {
        lexopt::Error::UnexpectedOption(option) => {
            format!("A opção «{option}» não existe.")
        }
        lexopt::Error::UnexpectedValue { option, .. } => {
            format!("A opção «{option}» não leva nada com ela.")
        }
        error => format!("Os argumentos não se percebem: {error}."),
    })
}

fn find(word: &str) -> Result<&'static Claim, Trouble> {
    let claim = word.parse().ok().and_then(claims::find);
    claim.ok_or_else(|| {
        let numbers = claims::ALL.iter().map(|claim| claim.number.to_string());
        let numbers: Vec<String> = numbers.collect();
        Trouble::Usage(format!(
            "«{word}» não é uma afirmação nem uma opção. Há estas afirmações: \
             {}.",
            numbers.join(", ")
        ))
    })
}

fn measure(options: &Options) -> Fallible<Report> {
    let python = options.python.then(Python::prepare).transpose()?;
    let names: BTreeSet<&str> = options
        .claims
        .iter()
        .flat_map(|claim| claim.crates)
        .copied()
        .collect();
    eprintln!("A compilar o que se vai medir.");
    let programs = lessons::build(&names)?;
    programs::raise_descriptor_limit();

    let planned = |claim: &Claim| {
        let python = if options.python { 3 } else { 2 };
        let quick = if options.quick { 6 } else { 1 };
        Duration::from_millis(claim.seconds * 500 * python / quick)
    };
    let whole = options.claims.iter().map(|claim| planned(claim)).sum();
    let mut bench = Bench {
        programs,
        python,
        quick: options.quick,
        random: StdRng::seed_from_u64(options.seed),
        progress: Progress::new(whole),
        runtime: tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?,
        rabbitmq: None,
    };
    let mut report = Report {
        date: machine::today(),
        machine: Machine::this(),
        versions: machine::versions(),
        python: bench
            .python
            .as_ref()
            .map(Python::versions)
            .unwrap_or_default(),
        seed: options.seed,
        quick: options.quick,
        claims: Vec::new(),
    };
    if cfg!(debug_assertions) {
        eprintln!("Sem --release, os programas são outros, e mais lentos.");
    }
    say(&format!(
        "{}\n{}. Semente {}.\n",
        report.date,
        report.machine.text(),
        options.seed
    ));
    for claim in &options.claims {
        let title = format!("{}. {}", claim.number, claim.slide);
        bench.progress.begin(title, planned(claim));
        // Each claim alone is the same as among the others.
        bench.random =
            StdRng::seed_from_u64(options.seed ^ u64::from(claim.number) << 32);
        let found = claim.examine(&mut bench);
        programs::stop_if_ending();
        bench.progress.clear();
        let claim = ClaimReport::new(claim, found);
        say(&text::claim(&claim));
        report.claims.push(claim);
    }
    Ok(report)
}
