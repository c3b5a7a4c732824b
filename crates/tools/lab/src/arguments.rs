//! What the user asks for, out of the words of the command.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::str::FromStr;
use std::thread;

use lexopt::{Arg, Error, Parser};

use crate::check::Lab;
use crate::labs::ALL;
use crate::program::{ADDRESS, Launch};
use crate::random::fresh_seed;
use crate::run::Until;
use crate::starter::{self, Language};

pub const USAGE: &str = "\
Verifica os exercícios, em qualquer linguagem, e diz o que está mal.

  cargo run -p lab -- list                    os exercícios que há
  cargo run -p lab -- start LAB --language python
                                              escreve um ponto de partida, aqui;
                                              há em python, node e rust
  cargo run -p lab -- check LAB               verifica crates/labs/LAB
  cargo run -p lab -- check LAB -- python3 servidor.py {addr}
                                              verifica outro programa qualquer;
                                              {addr} é o endereço onde escuta
  cargo run -p lab -- watch LAB …             o mesmo, sempre que algo muda
  cargo run -p lab -- hint LAB                uma pista; de cada vez, mais uma
  cargo run -p lab -- hint LAB 2              outra vez a segunda
  cargo run -p lab -- reset LAB               volta ao princípio, e guarda o que
                                              lá estava
  cargo run -p lab -- progress                o que já passa, e o que falta
  cargo run -p lab -- doctor                  o que esta máquina consegue correr
  cargo run -p lab -- grade LAB PASTA         verifica as entregas de uma pasta

LAB é o nome do exercício (lab_sensor_tcp ou sensor_tcp) ou o seu número.

Com check e watch:
  --only N      só a verificação N (o número ou o nome)
  --first       para na primeira que falha; é assim num terminal
  --all         vai até ao fim, mesmo que a primeira verificação falhe
  --seed N      repete uma verificação, com os mesmos nomes e valores
  --json        escreve JSON
  --solution    verifica a solução que acompanha o exercício
O programa pode receber mais palavras depois do endereço: o enunciado diz quais.

Com grade, cada entrega é uma subpasta com um ficheiro run, que recebe o
endereço, ou um projeto Cargo:
  --output PASTA  para os resultados (senão, notas)
  --jobs N        quantas de cada vez
  --points FICH   quantos pontos vale cada verificação (senão, 1)
  --only-failed   outra vez as que não passaram
  --seed N        os mesmos nomes e valores de outra vez
  --isolate       cada entrega numa sandbox (em Linux, com o bubblewrap)
Outra vez o mesmo comando só verifica o que falta ou o que mudou.
Sem --isolate não há nenhuma sandbox.

Termina com 0 se tudo passou, 1 se algo falhou, 2 se o comando está errado.
";

/// The command, understood.
pub enum Command {
    Help,
    List,
    Check(Checking),
    Watch(Checking),
    /// A lab's next hint, or the one with this number.
    Hint(&'static Lab, Option<usize>),
    Reset(&'static Lab),
    /// A lab's starter in a language, in this file where that was said.
    Start(&'static Lab, Language, Option<PathBuf>),
    Progress,
    Doctor,
    Grade(Grading),
}

/// What follows `check` and `watch`.
pub struct Checking {
    pub lab: &'static Lab,
    pub seed: u64,
    pub json: bool,
    pub solution: bool,
    /// The number of the check that is wanted alone.
    pub only: Option<usize>,
    /// When to stop, where that was said.
    pub until: Option<Until>,
    pub launch: Option<Launch>,
}

/// What follows `grade`.
pub struct Grading {
    pub lab: &'static Lab,
    pub folder: PathBuf,
    pub output: PathBuf,
    /// What each check is worth, where a file says so.
    pub points: Option<PathBuf>,
    /// Where it is not that of the results that are there.
    pub seed: Option<u64>,
    /// Whether those that did not pass are graded again, too.
    pub only_failed: bool,
    /// How many at a time; at least one.
    pub jobs: usize,
    /// Whether each runs in a sandbox.
    pub isolate: bool,
}

const COMMANDS: [&str; 10] = [
    "list", "start", "check", "watch", "hint", "reset", "progress", "doctor",
    "grade", "help",
];

/// What the arguments say.
///
/// # Errors
/// Where they say nothing that can be done: what is wrong with them.
pub fn understood(arguments: Vec<OsString>) -> Result<Command, String> {
    // `lab check --help`, and `lab --help check`.
    let own = arguments.iter().take_while(|word| *word != "--");
    let asks = |word: &OsString| *word == "--help" || *word == "-h";
    if arguments.is_empty() || own.into_iter().any(asks) {
        return Ok(Command::Help);
    }
    let mut parser = Parser::from_args(arguments);
    let command = match parser.next().map_err(sentence)? {
        Some(Arg::Value(word)) => text(word)?,
        Some(other) => return Err(sentence(other.unexpected())),
        None => return Ok(Command::Help),
    };
    match command.as_str() {
        "help" => Ok(Command::Help),
        "list" => nothing_more(parser, Command::List),
        "progress" => nothing_more(parser, Command::Progress),
        "doctor" => nothing_more(parser, Command::Doctor),
        "check" => checking(parser, "check").map(Command::Check),
        "watch" => checking(parser, "watch").map(Command::Watch),
        "grade" => grading(parser).map(Command::Grade),
        "start" => starting(parser),
        "hint" => hint(parser),
        "reset" => {
            let lab = lab_alone(&mut parser, "reset")?;
            nothing_more(parser, Command::Reset(lab))
        }
        other => Err(format!(
            "«{other}» não é um comando.{}",
            meant(other, &COMMANDS)
        )),
    }
}

fn nothing_more(
    mut parser: Parser,
    command: Command,
) -> Result<Command, String> {
    match parser.next().map_err(sentence)? {
        None => Ok(command),
        Some(more) => Err(sentence(more.unexpected())),
    }
}

/// The lab that has to follow a command.
fn lab_alone(
    parser: &mut Parser,
    command: &str,
) -> Result<&'static Lab, String> {
    match parser.next().map_err(sentence)? {
        Some(Arg::Value(name)) => find(&text(name)?),
        Some(other) => Err(sentence(other.unexpected())),
        None => Err(no_lab(command)),
    }
}

fn no_lab(command: &str) -> String {
    format!(
        "Falta o nome do exercício: cargo run -p lab -- {command} LAB\n{}",
        names()
    )
}

fn names() -> String {
    let names: Vec<&str> = ALL.iter().map(|lab| lab.name).collect();
    format!("Há estes: {}.", names.join(", "))
}

fn hint(mut parser: Parser) -> Result<Command, String> {
    let lab = lab_alone(&mut parser, "hint")?;
    let number = match parser.next().map_err(sentence)? {
        None => None,
        Some(Arg::Value(word)) => {
            let word = text(word)?;
            let number = word.parse().ok();
            let number = number.filter(|n| (1..=lab.hints.len()).contains(n));
            Some(number.ok_or_else(|| {
                let last = lab.hints.len();
                format!("As pistas vão de 1 a {last}, e não há a «{word}».")
            })?)
        }
        Some(other) => return Err(sentence(other.unexpected())),
    };
    nothing_more(parser, Command::Hint(lab, number))
}

fn starting(mut parser: Parser) -> Result<Command, String> {
    let (mut lab, mut language, mut file) = (None, None, None);
    while let Some(argument) = parser.next().map_err(sentence)? {
        match argument {
            Arg::Long("language") => {
                let word = text(parser.value().map_err(sentence)?)?;
                language = Some(Language::named(&word).ok_or_else(|| {
                    format!(
                        "Não há pontos de partida em «{word}», só em \
                         {}. Em qualquer outra linguagem faz-se o \
                         programa onde se quiser: cargo run -p lab -- check \
                         LAB -- COMANDO {}",
                        starter::LANGUAGES,
                        starter::address()
                    )
                })?);
            }
            Arg::Value(word) if lab.is_none() => {
                lab = Some(find(&text(word)?)?);
            }
            Arg::Value(path) if file.is_none() => {
                file = Some(PathBuf::from(path));
            }
            Arg::Long(other) => return Err(no_option(other, &["language"])),
            other => return Err(sentence(other.unexpected())),
        }
    }
    let lab = lab.ok_or_else(|| no_lab("start"))?;
    let language = language.ok_or_else(|| {
        format!(
            "Falta a linguagem, {}: cargo run -p lab -- start {} --language \
             python",
            starter::LANGUAGES,
            lab.name
        )
    })?;
    if language == Language::Rust && file.is_some() {
        return Err(
            "O ponto de partida em Rust tem o seu lugar: sem ficheiro."
                .to_string(),
        );
    }
    Ok(Command::Start(lab, language, file))
}

fn checking(mut parser: Parser, command: &str) -> Result<Checking, String> {
    const OPTIONS: [&str; 6] =
        ["only", "first", "all", "seed", "json", "solution"];
    let (mut lab, mut only, mut launch) = (None, None, None);
    let (mut json, mut solution) = (false, false);
    let mut until = None;
    let mut seed = fresh_seed();
    loop {
        // What follows `--` is the command of a program.
        if let Some(mut words) = parser.try_raw_args()
            && words.next_if(|word| word == "--").is_some()
        {
            let words: Vec<OsString> = words.collect();
            launch = Some(launch_of(&words)?);
            break;
        }
        match parser.next().map_err(sentence)? {
            None => break,
            Some(Arg::Long("json")) => json = true,
            Some(Arg::Long("solution")) => solution = true,
            Some(Arg::Long("first")) => until = Some(Until::Failure),
            Some(Arg::Long("all")) => until = Some(Until::End),
            Some(Arg::Long("seed")) => seed = number(&mut parser, "--seed")?,
            Some(Arg::Long("only")) => {
                let word = parser.value().map_err(sentence)?;
                only = Some(text(word)?);
            }
            Some(Arg::Value(word)) => match lab {
                None => lab = Some(find(&text(word)?)?),
                Some(lab) => {
                    return Err(surplus(command, lab, word, parser));
                }
            },
            Some(Arg::Long(other)) => return Err(no_option(other, &OPTIONS)),
            Some(other) => return Err(sentence(other.unexpected())),
        }
    }
    let lab = lab.ok_or_else(|| no_lab(command))?;
    if solution && launch.is_some() {
        return Err("Ou --solution, ou um comando depois de «--»: os dois ao \
                    mesmo tempo, não."
            .to_string());
    }
    let only = only.map(|name| check_of(lab, &name)).transpose()?;
    Ok(Checking {
        lab,
        seed,
        json,
        solution,
        only,
        until,
        launch,
    })
}

/// A word that nobody asked for. Most often, `--` is missing before it.
fn surplus(
    command: &str,
    lab: &Lab,
    word: OsString,
    mut parser: Parser,
) -> String {
    let word = word.to_string_lossy().into_owned();
    let rest = parser.try_raw_args().into_iter().flatten();
    let rest = rest.map(|word| word.to_string_lossy().into_owned());
    let words: Vec<String> = [word].into_iter().chain(rest).collect();
    let words = words.join(" ");
    format!(
        "«{words}» está a mais. Se é o comando do seu programa, falta «--» \
         antes dele:\ncargo run -p lab -- {command} {} -- {words}",
        lab.name
    )
}

/// The number of a check of which this is the number or the name.
fn check_of(lab: &Lab, word: &str) -> Result<usize, String> {
    let names: Vec<&str> = lab.checks.iter().map(|check| check.name).collect();
    lab.number_of(word).ok_or_else(|| {
        format!(
            "{} não tem a verificação «{word}».{} Tem estas, de 1 a {}: {}.",
            lab.name,
            meant(word, &names),
            names.len(),
            names.join(", ")
        )
    })
}

/// The command of a program in any language.
fn launch_of(words: &[OsString]) -> Result<Launch, String> {
    let Some((program, arguments)) = words.split_first() else {
        return Err("Falta o comando depois de «--».".to_string());
    };
    let has_address =
        |word: &OsString| word.to_string_lossy().contains(ADDRESS);
    if !arguments.iter().any(has_address) {
        let words: Vec<_> =
            words.iter().map(|word| word.to_string_lossy()).collect();
        // What PowerShell makes of it, where it is not quoted.
        let bare = words.iter().position(|word| word == "addr");
        let words = match bare {
            Some(place) => &words[..place],
            None => &words[..],
        };
        return Err(format!(
            "Falta {ADDRESS} no comando, onde fica o endereço: {} {}{}",
            words.join(" "),
            starter::address(),
            if bare.is_some() {
                "\nEm PowerShell, entre plicas: '{addr}'"
            } else {
                ""
            }
        ));
    }
    Ok(Launch {
        program: program.clone(),
        arguments: arguments.to_vec(),
        folder: None,
    })
}

fn grading(mut parser: Parser) -> Result<Grading, String> {
    const OPTIONS: [&str; 6] =
        ["output", "jobs", "seed", "points", "only-failed", "isolate"];
    let (mut lab, mut folder) = (None, None);
    let mut isolate = false;
    let mut output = PathBuf::from("notas");
    let (mut points, mut seed, mut only_failed) = (None, None, false);
    let mut jobs = thread::available_parallelism().map_or(1, usize::from);
    while let Some(argument) = parser.next().map_err(sentence)? {
        match argument {
            Arg::Long("seed") => seed = Some(number(&mut parser, "--seed")?),
            Arg::Long("only-failed") => only_failed = true,
            Arg::Long("isolate") => isolate = true,
            Arg::Long("points") => {
                points = Some(parser.value().map_err(sentence)?.into());
            }
            Arg::Long("jobs") => jobs = number(&mut parser, "--jobs")?,
            Arg::Long("output") => {
                output = parser.value().map_err(sentence)?.into();
            }
            Arg::Value(word) if lab.is_none() => {
                lab = Some(find(&text(word)?)?);
            }
            Arg::Value(path) if folder.is_none() => {
                folder = Some(PathBuf::from(path));
            }
            Arg::Long(other) => return Err(no_option(other, &OPTIONS)),
            other => return Err(sentence(other.unexpected())),
        }
    }
    let lab = lab.ok_or_else(|| no_lab("grade"))?;
    let folder = folder.ok_or_else(|| {
        format!(
            "Falta a pasta das entregas: cargo run -p lab -- grade {} PASTA",
            lab.name
        )
    })?;
    Ok(Grading {
        lab,
        folder,
        output,
        points,
        seed,
        only_failed,
        jobs: jobs.max(1),
        isolate,
    })
}

/// The lab of this name, with or without its beginning, or of this number.
fn find(name: &str) -> Result<&'static Lab, String> {
    let is_it = |(index, lab): &(usize, &&'static Lab)| {
        let number: Result<usize, _> = name.parse();
        lab.name == name
            || lab.name.strip_prefix("lab_") == Some(name)
            || number == Ok(index + 1)
    };
    match ALL.iter().enumerate().find(is_it) {
        Some((_, lab)) => Ok(lab),
        None => {
            let names: Vec<&str> = ALL.iter().map(|lab| lab.name).collect();
            Err(format!(
                "Não há nenhum exercício «{name}».{}\n{}",
                meant(name, &names),
                self::names()
            ))
        }
    }
}

fn number<T: FromStr>(parser: &mut Parser, option: &str) -> Result<T, String> {
    let word = parser.value().map_err(sentence)?;
    let shown = word.to_string_lossy().into_owned();
    let number = word.to_str().and_then(|word| word.parse().ok());
    number.ok_or_else(|| {
        format!("Depois de {option} vem um número, e não «{shown}».")
    })
}

fn text(word: OsString) -> Result<String, String> {
    word.into_string()
        .map_err(|word| sentence(Error::NonUnicodeValue(word)))
}

fn no_option(name: &str, known: &[&str]) -> String {
    let known: Vec<String> =
        known.iter().map(|name| format!("--{name}")).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let name = format!("--{name}");
    format!("Não há nenhuma opção «{name}».{}", meant(&name, &known))
}

/// What was probably meant by a word that is none of these; empty where none is
/// near.
fn meant(word: &str, known: &[&str]) -> String {
    let distance = |known: &str| {
        let own = known.strip_prefix("lab_").unwrap_or(known);
        strsim::damerau_levenshtein(word, known)
            .min(strsim::damerau_levenshtein(word, own))
    };
    let nearest = known.iter().min_by_key(|known| distance(known));
    match nearest {
        Some(known) if distance(known) <= 1 + word.chars().count() / 4 => {
            format!(" Queria dizer «{known}»?")
        }
        _ => String::new(),
    }
}

/// What is wrong, as `lexopt` found it.
fn sentence(error: Error) -> String {
    let shown = |word: &OsStr| word.to_string_lossy().into_owned();
    match error {
        Error::MissingValue { option } => {
            format!("Depois de {} falta um valor.", option.unwrap_or_default())
        }
        Error::UnexpectedOption(option) => {
            format!("Não há nenhuma opção «{option}».")
        }
        Error::UnexpectedArgument(word) => {
            format!("«{}» está a mais.", shown(&word))
        }
        Error::UnexpectedValue { option, value } => {
            format!(
                "{option} não leva nenhum valor, e tem «{}».",
                shown(&value)
            )
        }
        Error::NonUnicodeValue(word) => format!(
            "«{}» não é texto em UTF-8, e aqui tem de o ser.",
            shown(&word)
        ),
        other => other.to_string(),
    }
}
