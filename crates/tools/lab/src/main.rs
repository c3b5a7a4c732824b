//! The labs' checker: `cargo run -p lab`.
//!
//! A student's program, in any language, is a black box that gets its address
//! as an argument. [`labs`] says what each lab asks of it, one module a lab;
//! [`run`] runs those checks, each in a [`trial`] with a program of its own,
//! and the [`brokers`] that it needs; [`report`] tells what came of them.

mod brokers;
mod bytes;
mod doctor;
mod grade;
mod http;
mod labs;
mod mqtt;
mod notebook;
mod processes;
mod program;
mod random;
mod report;
mod run;
mod starter;
mod tcp;
mod trial;
mod udp;
mod watch;
mod workspace;
mod ws;
mod zmq;

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use labs::{ALL, Lab};
use program::Launch;
use report::{Progress, Style, say};

const USAGE: &str = "\
Verifica os exercícios, em qualquer linguagem, e diz o que está mal.

  cargo run -p lab -- list                    os exercícios que há
  cargo run -p lab -- check LAB               verifica crates/labs/LAB
  cargo run -p lab -- check LAB -- python3 servidor.py {addr}
                                              verifica outro programa qualquer;
                                              {addr} é o endereço onde escuta
  cargo run -p lab -- watch LAB …             o mesmo, sempre que algo muda
  cargo run -p lab -- hint LAB                uma pista; de cada vez, mais uma
  cargo run -p lab -- reset LAB               volta ao princípio, e guarda o que
                                              lá estava
  cargo run -p lab -- progress                o que já passa, e o que falta
  cargo run -p lab -- doctor                  o que esta máquina consegue correr
  cargo run -p lab -- grade LAB PASTA         verifica as entregas de uma pasta

Com check: --seed N repete uma verificação; --json escreve JSON; --solution
verifica a solução que acompanha o exercício. O programa pode receber mais
palavras depois do endereço: o enunciado diz quais.
Com grade: cada entrega é uma subpasta com um ficheiro run, que recebe o
endereço, ou um projeto Cargo; --output PASTA para os resultados (senão,
notas), --jobs N para quantas de cada vez, --seed N. Não há nenhuma sandbox.
Termina com 0 se tudo passou, 1 se algo falhou, 2 se o comando está errado.
";

/// Why the checker ends otherwise than with a result.
enum Trouble {
    /// The command is wrong; and how.
    Usage(String),
    /// Something failed that is not a check.
    Failed(String),
}

fn main() -> ExitCode {
    // Ctrl-C, and what else asks a program to end (SIGTERM, a closed window).
    let _ = ctrlc::set_handler(|| {
        processes::end_every_run();
        std::process::exit(130);
    });
    processes::raise_descriptor_limit();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = dispatch(&arguments);
    processes::end_every_run(); // a broker that served more than one check
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(Trouble::Failed(what)) => {
            eprintln!("{what}");
            ExitCode::FAILURE
        }
        Err(Trouble::Usage(what)) => {
            eprintln!("{what}\nOs comandos: cargo run -p lab -- help");
            ExitCode::from(2)
        }
    }
}

/// Whether all is well.
fn dispatch(arguments: &[String]) -> Result<bool, Trouble> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [] | ["help" | "--help" | "-h"] => {
            say(USAGE);
            Ok(true)
        }
        ["list"] => {
            for lab in ALL {
                say(&format!("{:26} {}\n", lab.name, lab.title));
            }
            Ok(true)
        }
        ["check", ref rest @ ..] => check(&Options::parse(rest)?),
        ["watch", ref rest @ ..] => watch(&Options::parse(rest)?),
        ["grade", ref rest @ ..] => grade(rest),
        ["hint", name] => hint(find(name)?),
        ["reset", name] => reset(find(name)?),
        ["doctor"] => Ok(doctor::examine()),
        ["progress"] => {
            progress();
            Ok(true)
        }
        [command @ ("hint" | "reset"), ..] => Err(Trouble::Usage(format!(
            "Falta o nome do exercício: cargo run -p lab -- {command} LAB"
        ))),
        [other, ..] => {
            Err(Trouble::Usage(format!("«{other}» não é um comando.")))
        }
    }
}

/// What follows `check`.
struct Options {
    lab: &'static Lab,
    seed: u64,
    json: bool,
    solution: bool,
    command: Option<Launch>,
}

impl Options {
    fn parse(words: &[&str]) -> Result<Options, Trouble> {
        let mut words = words.iter();
        let (mut lab, mut command) = (None, None);
        let (mut json, mut solution) = (false, false);
        let mut seed = random::fresh_seed();
        while let Some(word) = words.next() {
            match *word {
                "--json" => json = true,
                "--solution" => solution = true,
                "--seed" => seed = number("--seed", words.next())?,
                "--" => {
                    let words: Vec<&str> = words.by_ref().copied().collect();
                    command = Some(launch(&words)?);
                }
                name if lab.is_none() => lab = Some(find(name)?),
                other => {
                    return Err(Trouble::Usage(format!(
                        "«{other}» está a mais."
                    )));
                }
            }
        }
        let lab =
            lab.ok_or(Trouble::Usage("Falta o nome do exercício.".into()))?;
        Ok(Options {
            lab,
            seed,
            json,
            solution,
            command,
        })
    }
}

fn number<T: std::str::FromStr>(
    option: &str,
    word: Option<&&str>,
) -> Result<T, Trouble> {
    word.and_then(|word| word.parse().ok()).ok_or_else(|| {
        Trouble::Usage(format!("Depois de {option} vem um número."))
    })
}

fn find(name: &str) -> Result<&'static Lab, Trouble> {
    labs::find(name).ok_or_else(|| {
        let names: Vec<&str> = ALL.iter().map(|lab| lab.name).collect();
        Trouble::Usage(format!(
            "Não há nenhum exercício «{name}». Há estes: {}.",
            names.join(", ")
        ))
    })
}

/// The command of a program in any language.
fn launch(words: &[&str]) -> Result<Launch, Trouble> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Trouble::Usage("Falta o comando depois de «--».".into()));
    };
    if !arguments.iter().any(|word| word.contains("{addr}")) {
        return Err(Trouble::Usage(format!(
            "Falta {{addr}} no comando, onde fica o endereço: {} {{addr}}",
            words.join(" ")
        )));
    }
    Ok(Launch {
        program: program.into(),
        arguments: arguments.iter().map(ToString::to_string).collect(),
        folder: None,
    })
}

/// Checks once, and tells.
fn check(options: &Options) -> Result<bool, Trouble> {
    let (lab, seed) = (options.lab, options.seed);
    let launch = match &options.command {
        Some(launch) => launch.clone(),
        None => match workspace::build(lab, options.solution) {
            Ok(Some(program)) => Launch::of_program(program),
            Ok(None) => {
                return Err(Trouble::Failed(format!(
                    "{} não compila: corrija primeiro o que o compilador diz.",
                    lab.name
                )));
            }
            Err(error) => {
                return Err(Trouble::Failed(format!(
                    "Não foi possível correr o cargo: {error}"
                )));
            }
        },
    };
    let style = Style::of_stdout();
    let progress = Progress::new(lab.checks.len());
    let all = if options.json {
        run::run(lab, &launch, seed, |_, _| {}, |_, _| {})
    } else {
        say(&(report::heading(lab, seed, style) + "\n"));
        run::run(
            lab,
            &launch,
            seed,
            |index, check| progress.show(index, check.about),
            |index, checked| {
                progress.clear();
                say(&report::checked(index, checked, style));
            },
        )
    };
    say(&if options.json {
        format!("{:#}\n", report::json(lab, seed, &all))
    } else {
        report::summary(lab, &all, style)
    });
    // The solution passes for nobody.
    if !options.solution
        && let Err(error) = notebook::record(lab, &all)
    {
        eprintln!("O resultado não ficou guardado para progress: {error}");
    }
    Ok(all.iter().all(run::Checked::passed))
}

/// Checks, and again whenever something changes, until Ctrl-C.
fn watch(options: &Options) -> Result<bool, Trouble> {
    let folders = watch::sources(options.lab, options.command.as_ref());
    loop {
        if Style::of_stdout().is_coloured() {
            say("\x1b[2J\x1b[H"); // an empty screen, from its top
        }
        // What changes during the check counts too.
        let before = watch::state(&folders);
        if let Err(trouble) = check(options) {
            match trouble {
                Trouble::Failed(what) => eprintln!("{what}"),
                usage @ Trouble::Usage(_) => return Err(usage),
            }
        }
        say("\nÀ espera de uma alteração (Ctrl-C termina).\n");
        watch::wait_for_change(&folders, &before);
    }
}

fn hint(lab: &Lab) -> Result<bool, Trouble> {
    let (number, hint) = notebook::next_hint(lab).map_err(|error| {
        Trouble::Failed(format!("A pista não ficou registada: {error}"))
    })?;
    let total = lab.hints.len();
    say(&format!("Pista {number} de {total}:\n"));
    for line in report::wrapped(hint) {
        say(&format!("  {line}\n"));
    }
    if number < total {
        say("Para a seguinte, o mesmo comando.\n");
    }
    Ok(true)
}

fn reset(lab: &Lab) -> Result<bool, Trouble> {
    let kept = starter::reset(lab).map_err(|error| {
        Trouble::Failed(format!("{} fica como está: {error}", lab.name))
    })?;
    say(&match kept {
        Some(copy) => format!(
            "{} voltou ao princípio. O que lá estava: {}\n",
            lab.name,
            copy.display()
        ),
        None => format!("{} já está no princípio.\n", lab.name),
    });
    Ok(true)
}

fn progress() {
    let style = Style::of_stdout();
    let mut done = 0;
    for lab in ALL {
        let total = lab.checks.len();
        let passed = notebook::passed(lab);
        let name = format!("{:26}", lab.name);
        say(&match passed {
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

fn grade(words: &[&str]) -> Result<bool, Trouble> {
    let mut words = words.iter();
    let (mut lab, mut folder) = (None, None);
    let mut output = PathBuf::from("notas");
    let mut seed = random::fresh_seed();
    let mut jobs = thread::available_parallelism().map_or(1, usize::from);
    while let Some(word) = words.next() {
        match *word {
            "--seed" => seed = number("--seed", words.next())?,
            "--jobs" => jobs = number("--jobs", words.next())?,
            "--output" => {
                let folder = words.next().ok_or(Trouble::Usage(
                    "Depois de --output vem uma pasta.".into(),
                ))?;
                output = PathBuf::from(folder);
            }
            name if lab.is_none() => lab = Some(find(name)?),
            path if folder.is_none() => folder = Some(PathBuf::from(path)),
            other => {
                return Err(Trouble::Usage(format!("«{other}» está a mais.")));
            }
        }
    }
    let (Some(lab), Some(folder)) = (lab, folder) else {
        return Err(Trouble::Usage(
            "Faltam o exercício e a pasta das entregas.".into(),
        ));
    };
    if !folder.is_dir() {
        let folder = folder.display();
        return Err(Trouble::Usage(format!(
            "Não há nenhuma pasta «{folder}»."
        )));
    }
    let options = grade::Options {
        lab,
        folder,
        output,
        seed,
        jobs: jobs.max(1),
    };
    grade::grade(&options).map_err(|error| {
        Trouble::Failed(format!("Os resultados não ficaram escritos: {error}"))
    })
}
