//! Measures what the lecture claims: `cargo run --release -p measure`.
//!
//! [`claims`] has a module for each claim, which measures it with a
//! [`bench::Bench`]: it starts the lessons' programs ([`servers`]), sends them
//! a load ([`load`]) in several interleaved rounds, and gives charts of
//! [`statistics`] with a verdict. [`report`] shows them.

mod baseline;
mod bench;
mod book;
mod claim;
mod claims;
mod lessons;
mod load;
mod machine;
mod plot;
mod progress;
mod python;
mod rabbitmq;
mod relay;
mod report;
mod servers;
mod statistics;

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use bench::Bench;
use claim::{Claim, Fallible};
use machine::Machine;
use progress::Progress;
use python::Python;
use report::{Measured, Report, say};

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
    /// Something failed that is not a claim.
    Failed(String),
}

impl<E: ToString> From<E> for Trouble {
    fn from(error: E) -> Trouble {
        Trouble::Failed(error.to_string())
    }
}

fn main() -> ExitCode {
    let _ = ctrlc::set_handler(|| {
        servers::end_all();
        rabbitmq::remove_folder();
        std::process::exit(130);
    });
    let arguments: Vec<String> = env::args().skip(1).collect();
    match dispatch(&arguments) {
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

fn dispatch(arguments: &[String]) -> Result<(), Trouble> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["help" | "--help" | "-h"] => say(USAGE),
        ["list"] => {
            for claim in claims::ALL {
                say(&format!("{}. {}\n", claim.number, claim.slide));
                say(&report::wrapped(claim.statement, "   "));
            }
        }
        ["book", file] => book::write(Path::new(file))?,
        ["book", ..] => {
            return Err(Trouble::Usage(
                "Depois de book vem um report.json.".into(),
            ));
        }
        _ => measure(&Options::parse(&words)?)?,
    }
    Ok(())
}

struct Options {
    claims: Vec<&'static Claim>,
    report: Option<PathBuf>,
    python: bool,
    quick: bool,
    seed: u64,
}

impl Options {
    fn parse(words: &[&str]) -> Result<Options, Trouble> {
        let mut options = Options {
            claims: Vec::new(),
            report: None,
            python: false,
            quick: false,
            // Short, to be typed again.
            seed: rand::rng().random_range(0..1_000_000),
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--python" => options.python = true,
                "--quick" => options.quick = true,
                "--report" => {
                    let folder = words.next().ok_or(Trouble::Usage(
                        "Depois de --report vem uma pasta.".into(),
                    ))?;
                    options.report = Some(folder.into());
                }
                "--seed" => {
                    let seed = words.next().and_then(|word| word.parse().ok());
                    options.seed = seed.ok_or(Trouble::Usage(
                        "Depois de --seed vem um número.".into(),
                    ))?;
                }
                number => options.claims.push(find(number)?),
            }
        }
        if options.claims.is_empty() {
            options.claims = claims::ALL.iter().collect();
        }
        Ok(options)
    }
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

fn measure(options: &Options) -> Fallible<()> {
    let python = options.python.then(Python::prepare).transpose()?;
    let names: BTreeSet<&str> = options
        .claims
        .iter()
        .flat_map(|claim| claim.crates)
        .copied()
        .collect();
    eprintln!("A compilar o que se vai medir.");
    let programs = lessons::build(&names)?;
    servers::raise_descriptor_limit();

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
        let found = (claim.run)(&mut bench);
        bench.progress.clear();
        let measured = Measured::new(claim, found);
        say(&report::claim(&measured));
        report.claims.push(measured);
    }
    say(&report::summary(&report));
    if let Some(folder) = &options.report {
        report::write(&report, folder)?;
        let page = folder.join("index.html");
        say(&format!("A página: {}\n", page.display()));
    }
    Ok(())
}
